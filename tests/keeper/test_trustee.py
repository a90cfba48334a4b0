"""An outside trustee seconds a practice of one: named slowly, signing each word, opening nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.keeper import wire
from serment.keeper.passkeys import acts, asks, deciding, rows
from serment.keeper.policy import granting, trustee
from serment.keeper.policy.asks import DigestAsk, GrantAsk, GrantList, GrantRow, ProposeAsk
from serment.keeper.policy.grants import SOLO_DELAY_US
from tests.keeper.authenticator import Authenticator
from tests.keeper.enrolled import (
    A_DAY_US,
    Colleague,
    again,
    asserted,
    enrol,
    opened,
    registered,
    settled,
    signed_in,
)
from tests.keeper.inside import HERE, Inside, Person, Refused
from tests.keeper.test_officers_roles import give, proposed


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    made = opened(Inside(tmp_path / "keeper"))
    made.house.standing.set_solo(HERE)
    yield made
    made.crash()


def fresh(inside: Inside, *people: Colleague) -> None:
    for one in people:
        again(inside, one)


def named(inside: Inside, doctor: Colleague) -> Colleague:
    """A trustee whose passkey counts, as a practice of one gets one."""
    one = Colleague(registered(inside, "trustee"), Authenticator())
    wanted = proposed(inside, doctor.who, one.who, "trustee")
    asserted(inside, doctor, "grant_approve", wanted, GrantRow)
    inside.later(SOLO_DELAY_US)
    fresh(inside, doctor, one)
    give(inside, doctor.who, one.who, "trustee")
    enrol(inside, again(inside, one).who, one.passkey)
    inside.later(A_DAY_US + 1)
    fresh(inside, doctor, one)
    return one


def raised(inside: Inside, by: Person, whose: Person) -> DigestAsk:
    """A closed grant: somebody may open three times more."""
    end = inside.house.now() + 20 * A_DAY_US
    wanted = ProposeAsk("budget", not_after=end, target=whose.actor.id, factor=3)
    token = inside.ask(by, "grant_propose", wanted, wire.Token32).token
    return DigestAsk(inside.ask(by, "grant_close", GrantAsk(token), wire.Token32).token)


def state(inside: Inside, by: Person, wanted: DigestAsk) -> GrantRow:
    rows = inside.ask(by, "grants", wire.Nothing(), GrantList).rows
    return next(row for row in rows if row.digest == wanted.digest)


@pytest.mark.parametrize("guarded", [True, False])
def test_naming_one_waits_72_hours_and_turns_nobody_of_the_house(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: unguarded, whoever holds the manager's session names one this minute."""
    if not guarded:
        monkeypatch.setattr(trustee, "DECIDING", trustee.OFFICERS)
        monkeypatch.setattr(trustee, "fits", lambda *_: True)
    doctor, clerk = inside.staff("manager"), settled(inside)
    doctor.capability = inside.ask(doctor, "open_session", wire.OpenSession(12), wire.Token32).token
    stranger = registered(inside, "trustee")
    if not guarded:
        give(inside, doctor, stranger, "trustee")
        return
    with pytest.raises(Refused, match="grant"):
        give(inside, doctor, stranger, "trustee")
    with pytest.raises(Refused, match="grant"):  # nor by the pages' word and a key
        enrol(inside, stranger, Authenticator())
    wanted = proposed(inside, doctor, clerk.who, "trustee")
    inside.ask(doctor, "grant_approve", wanted, GrantRow)
    inside.later(SOLO_DELAY_US)
    doctor.capability = inside.ask(doctor, "open_session", wire.OpenSession(12), wire.Token32).token
    with pytest.raises(Refused, match="refused"):
        give(inside, doctor, clerk.who, "trustee")
    inside.house.standing.set_solo(HERE, solo=False)
    with pytest.raises(Refused, match="refused"):
        proposed(inside, doctor, stranger, "trustee")


@pytest.mark.parametrize("guarded", [True, False])
def test_a_trustee_approves_second_and_with_a_signature_alone(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: unguarded, the pages' word for the trustee takes the place of 72 hours."""
    doctor = settled(inside, "manager")
    second = named(inside, doctor)
    clerk = registered(inside)
    wanted = raised(inside, doctor.who, clerk)
    if not guarded:
        monkeypatch.setattr(granting, "may_approve", lambda *_: True)
        monkeypatch.setitem(deciding.ACTS, "grant_approve", granting.approve)
        monkeypatch.setitem(_server_acts(), "grant_approve", granting.approve)
        inside.ask(second.who, "grant_approve", wanted, GrantRow)
        assert inside.ask(doctor.who, "grant_approve", wanted, GrantRow).good
        return
    with pytest.raises(Refused, match="refused"):  # never first
        asserted(inside, second, "grant_approve", wanted, GrantRow)
    first = asserted(inside, doctor, "grant_approve", wanted, GrantRow)
    assert (first.good, first.good_from, first.solo) == (False, 0, False)
    inside.later(SOLO_DELAY_US + 1)  # where one seconds it, time does not
    fresh(inside, doctor, second)
    assert not state(inside, doctor.who, wanted).good
    with pytest.raises(Refused):
        inside.ask(second.who, "grant_approve", wanted, GrantRow)
    assert asserted(inside, second, "grant_approve", wanted, GrantRow).good


def _server_acts() -> dict[str, object]:
    from serment.keeper import server

    return server.ACTS  # type: ignore[return-value]


def test_a_refusal_is_signed_as_well_and_ends_it(inside: Inside) -> None:
    doctor = settled(inside, "manager")
    second = named(inside, doctor)
    wanted = raised(inside, doctor.who, registered(inside))
    asserted(inside, doctor, "grant_approve", wanted, GrantRow)
    with pytest.raises(Refused, match="refused"):
        inside.ask(second.who, "grant_revoke", wanted, wire.Nothing)
    asserted(inside, second, "grant_revoke", wanted, wire.Nothing)
    assert state(inside, second.who, wanted).revoked
    with pytest.raises(Refused, match="refused"):
        asserted(inside, second, "grant_approve", wanted, GrantRow)


def test_a_trustee_opens_nobody_and_asks_nothing_else(inside: Inside) -> None:
    second = named(inside, settled(inside, "manager"))
    file = inside.patient()
    with pytest.raises(Refused):
        inside.reveal(second.who, file)
    for op, body in (
        ("find", wire.FindAsk("patient", "quatrevaux")),
        ("grant_subjects", DigestAsk(b"d" * 32)),
        ("grant_propose", ProposeAsk("erase", not_after=1)),
        ("end_staff", asks.StaffAsk(second.who.actor.id)),
    ):
        with pytest.raises(Refused, match="refused"):
            inside.ask(second.who, op, body, wire.Nothing, purpose="search", tenant=HERE)


@pytest.mark.parametrize("guarded", [True, False])
def test_ending_it_hastens_nothing_that_waits(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: unguarded, who ends it finds the 72 hours gone by already."""
    if not guarded:
        monkeypatch.setattr(granting, "alone_since", lambda *_: 0)
    doctor = settled(inside, "manager")
    second = named(inside, doctor)
    wanted = raised(inside, doctor.who, registered(inside))
    asserted(inside, doctor, "grant_approve", wanted, GrantRow)
    inside.later(SOLO_DELAY_US + 1)
    fresh(inside, doctor)
    inside.ask(doctor.who, "end_staff", asks.StaffAsk(second.who.actor.id), wire.Nothing)
    now = state(inside, doctor.who, wanted)
    assert (now.good, now.solo) == (not guarded, True)
    if guarded:
        assert 0 <= inside.house.now() + SOLO_DELAY_US - now.good_from < 60_000_000
        with pytest.raises(Refused):
            asserted(inside, second, "grant_approve", wanted, GrantRow)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_trustees_key_put_in_the_place_of_theirs_hastens_nothing(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: who has the officer's key and the pages stops the trustee's in their name,
    makes another, vouches for it and has both signatures within the minute."""
    if not guarded:
        for module in (acts, deciding):
            monkeypatch.setattr(module, "decided", lambda *_: False)
    doctor = settled(inside, "manager")
    second = named(inside, doctor)
    wanted = raised(inside, doctor.who, registered(inside))
    asserted(inside, doctor, "grant_approve", wanted, GrantRow)
    [theirs] = rows.passkeys_of(inside.house.store, second.who.actor.id)
    inside.ask(second.who, "revoke", asks.PasskeyAsk(theirs.name), asks.PasskeyRow)
    second.passkey = Authenticator()
    made = enrol(inside, again(inside, second).who, second.passkey)
    vouch = asks.PasskeyAsk(made.passkey)
    if not guarded:
        asserted(inside, doctor, "vouch", vouch, asks.PasskeyRow)
        assert asserted(inside, second, "grant_approve", wanted, GrantRow).good
        return
    with pytest.raises(Refused, match="refused"):
        asserted(inside, doctor, "vouch", vouch, asks.PasskeyRow)
    with pytest.raises(Refused, match="refused"):
        asserted(inside, second, "grant_approve", wanted, GrantRow)
    inside.later(SOLO_DELAY_US - A_DAY_US)
    fresh(inside, doctor, second)
    assert not state(inside, doctor.who, wanted).good
    inside.later(A_DAY_US + 1)
    assert signed_in(inside, second.passkey).evidence == "verified"

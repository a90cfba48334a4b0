"""Officers' roles are given and taken on what two approved: whoever has one approves for all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.keeper import wire
from serment.keeper.passkeys import acts, asks, deciding, rows
from serment.keeper.passkeys.acts import UNTIL_SECOND_US
from serment.keeper.policy.asks import DigestAsk, GrantAsk, GrantRow, ProposeAsk
from serment.keeper.policy.grants import SOLO_DELAY_US
from tests.keeper.authenticator import Authenticator
from tests.keeper.enrolled import (
    A_DAY_US,
    Colleague,
    again,
    asserted,
    enrol,
    enrolled,
    opened,
    registered,
    settled,
    signed_in,
)
from tests.keeper.inside import HERE, OPERATOR, THERE, Inside, Person, Refused
from tests.keeper.test_policy import alarms

A_WEEK_US = 7 * 24 * 3_600_000_000


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    made = opened(Inside(tmp_path / "keeper"))
    yield made
    made.crash()


def proposed(inside: Inside, by: Person, whose: Person, role: str) -> DigestAsk:
    """A closed grant of a role."""
    end = inside.house.now() + A_WEEK_US
    wanted = ProposeAsk("role", not_after=end, target=whose.actor.id, role=role)
    token = inside.ask(by, "grant_propose", wanted, wire.Token32).token
    return DigestAsk(inside.ask(by, "grant_close", GrantAsk(token), wire.Token32).token)


def give(inside: Inside, by: Person, whose: Person, role: str) -> None:
    wanted = asks.StaffAsk(whose.actor.id, role)
    inside.ask(by, "staff_role", wanted, wire.Nothing)


def approve(inside: Inside, by: Person, wanted: DigestAsk) -> bool:
    return inside.ask(by, "grant_approve", wanted, GrantRow).good


@pytest.mark.parametrize("guarded", [True, False])
def test_a_second_officer_by_the_pages_word_begins_after_three_days(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: by the word of pages that lie a manager is two on the same day."""
    if not guarded:
        monkeypatch.setattr(rows, "has_other_officer", lambda *_: False)
    manager = settled(inside, "manager")
    invented = Colleague(registered(inside, "privacy_officer"), Authenticator())
    invented.name = enrol(inside, invented.who, invented.passkey).passkey
    assert ("officer_by_word" in alarms(inside)) is guarded
    vouch = asks.PasskeyAsk(invented.name)
    if not guarded:
        asserted(inside, manager, "vouch", vouch, asks.PasskeyRow)
        assert signed_in(inside, invented.passkey).evidence == "verified"
        return
    with pytest.raises(Refused, match="refused"):
        asserted(inside, manager, "vouch", vouch, asks.PasskeyRow)
    inside.ask(invented.who, "revoke", vouch, asks.PasskeyRow)  # a new key begins no sooner
    invented.passkey = Authenticator()
    enrol(inside, invented.who, invented.passkey)
    inside.later(2 * A_DAY_US)
    assert signed_in(inside, invented.passkey).evidence == "claimed"
    inside.later(A_DAY_US)
    assert signed_in(inside, invented.passkey).evidence == "verified"


@pytest.mark.parametrize("guarded", [True, False])
def test_one_manager_makes_nobody_an_officer_and_takes_no_officers_role(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: unguarded, one person makes the second one that four eyes ask for."""
    if not guarded:
        monkeypatch.setattr(deciding, "_concerns_officers", lambda *_: False)
    manager, clerk, officer = inside.staff("manager"), registered(inside), registered(inside)
    give(inside, OPERATOR, officer, "privacy_officer")
    if not guarded:
        give(inside, manager, clerk, "security_officer")
        give(inside, manager, officer, "secretary")
        return
    for role in ("manager", "privacy_officer", "security_officer"):
        with pytest.raises(Refused, match="grant"):
            give(inside, manager, clerk, role)
    with pytest.raises(Refused, match="grant"):
        give(inside, manager, officer, "secretary")
    give(inside, manager, clerk, "practitioner")


def test_two_others_approve_it_and_it_is_given_once(inside: Inside) -> None:
    manager, officer = inside.staff("manager"), inside.staff("privacy_officer")
    clerk = registered(inside)
    wanted = proposed(inside, manager, clerk, "security_officer")
    assert not approve(inside, manager, wanted)
    with pytest.raises(Refused, match="grant"):
        give(inside, manager, clerk, "security_officer")
    assert approve(inside, officer, wanted)
    with pytest.raises(Refused, match="grant"):
        give(inside, manager, clerk, "manager")  # another role than was approved
    give(inside, manager, clerk, "security_officer")
    inside.ask(manager, "end_staff", asks.StaffAsk(clerk.actor.id), wire.Nothing)
    with pytest.raises(Refused, match="grant"):
        give(inside, manager, clerk, "security_officer")  # used up


def test_nobody_approves_their_own_role_and_no_clerk_proposes_one(inside: Inside) -> None:
    manager, officer = inside.staff("manager"), inside.staff("privacy_officer")
    clerk = registered(inside, "security_officer")
    wanted = proposed(inside, manager, clerk, "privacy_officer")
    with pytest.raises(Refused, match="refused"):
        approve(inside, clerk, wanted)
    assert not approve(inside, officer, wanted)
    assert approve(inside, manager, wanted)
    with pytest.raises(Refused, match="refused"):
        proposed(inside, inside.staff(), clerk, "manager")
    with pytest.raises(Refused, match="refused"):
        proposed(inside, manager, registered(inside, at=THERE), "manager")


def test_in_a_solo_practice_it_waits_72_hours(inside: Inside) -> None:
    doctor, helper = inside.staff("manager"), registered(inside)
    inside.house.standing.set_solo(HERE)
    wanted = proposed(inside, doctor, helper, "manager")
    assert not approve(inside, doctor, wanted)
    with pytest.raises(Refused, match="grant"):
        give(inside, doctor, helper, "manager")
    inside.later(SOLO_DELAY_US)
    doctor.capability = inside.ask(doctor, "open_session", wire.OpenSession(12), wire.Token32).token
    give(inside, doctor, helper, "manager")


@pytest.mark.parametrize("guarded", [True, False])
def test_the_pages_word_enrols_no_further_officer_where_two_can_sign(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: unguarded, a key of somebody they invented counts a day later."""
    one, other = settled(inside, "manager"), settled(inside, "privacy_officer")
    one = again(inside, one)
    invented = Colleague(registered(inside, "security_officer"), Authenticator())
    if not guarded:
        monkeypatch.setattr(rows, "can_sign_for_two", lambda *_: False)
        enrol(inside, invented.who, invented.passkey)
        return
    with pytest.raises(Refused, match="grant"):
        enrol(inside, invented.who, invented.passkey)
    wanted = proposed(inside, one.who, invented.who, "security_officer")
    assert not asserted(inside, one, "grant_approve", wanted, GrantRow).good
    assert asserted(inside, other, "grant_approve", wanted, GrantRow).good
    give(inside, one.who, invented.who, "security_officer")  # two signed: no third signature
    enrol(inside, again(inside, invented).who, invented.passkey)


@pytest.mark.parametrize("guarded", [True, False])
def test_to_be_given_the_role_one_has_hastens_nothing(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: given by one manager once more, the role that the pages invented counts at
    once, and the manager vouches for its key."""
    if not guarded:
        monkeypatch.setattr(deciding, "_begins", lambda *_: 0)
    manager = settled(inside, "manager")
    invented = Colleague(registered(inside, "privacy_officer"), Authenticator())
    invented.name = enrol(inside, invented.who, invented.passkey).passkey
    same = asks.StaffAsk(invented.who.actor.id, "privacy_officer")
    asserted(inside, manager, "staff_role", same, wire.Nothing)
    vouch = asks.PasskeyAsk(invented.name)
    if guarded:
        with pytest.raises(Refused, match="refused"):
            asserted(inside, manager, "vouch", vouch, asks.PasskeyRow)
    else:
        asserted(inside, manager, "vouch", vouch, asks.PasskeyRow)
    told = signed_in(inside, invented.passkey).evidence
    assert told == ("claimed" if guarded else "verified")


@pytest.mark.parametrize("guarded", [True, False])
def test_what_two_claimed_before_a_key_counted_makes_nobody_an_officer_at_once_after_it(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: approvals that the pages invented on the first day give a role to somebody
    whose key counts already."""
    if not guarded:
        monkeypatch.setattr(deciding, "_begins", lambda *_: 0)
    manager, clerk = enrolled(inside, "manager"), enrolled(inside)
    wanted = proposed(inside, manager.who, clerk.who, "security_officer")
    assert not approve(inside, manager.who, wanted)
    assert approve(inside, inside.staff("privacy_officer"), wanted)
    inside.later(A_DAY_US + 1)
    assert signed_in(inside, clerk.passkey).evidence == "verified", "the control: as a clerk"
    give(inside, again(inside, manager).who, clerk.who, "security_officer")
    told = signed_in(inside, clerk.passkey).evidence
    assert told == ("claimed" if guarded else "verified")
    inside.later(UNTIL_SECOND_US)
    assert signed_in(inside, clerk.passkey).evidence == "verified"


@pytest.mark.parametrize("guarded", [True, False])
def test_a_key_in_the_place_of_an_officers_counts_after_three_days(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: pages that lie stop an officer's key in their name, which takes no
    signature, make another, and sign as that officer on the next day."""
    if not guarded:
        monkeypatch.setattr(acts, "decided", lambda *_: False)
    officer, thief = settled(inside, "manager"), Authenticator()
    inside.ask(officer.who, "revoke", asks.PasskeyAsk(officer.name), asks.PasskeyRow)
    enrol(inside, again(inside, officer).who, thief)
    inside.later(A_DAY_US + 1)
    assert signed_in(inside, thief).evidence == ("claimed" if guarded else "verified")
    inside.later(UNTIL_SECOND_US - A_DAY_US)
    assert signed_in(inside, thief).evidence == "verified"


@pytest.mark.parametrize("guarded", [True, False])
def test_no_officer_hastens_the_key_in_the_place_of_another_officers(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: one officer's key and pages that lie are two the same day."""
    if not guarded:
        monkeypatch.setattr(deciding, "decided", lambda *_: False)
    one, other, thief = (
        settled(inside, "manager"),
        settled(inside, "privacy_officer"),
        Authenticator(),
    )
    one = again(inside, one)
    inside.ask(other.who, "revoke", asks.PasskeyAsk(other.name), asks.PasskeyRow)
    name = enrol(inside, again(inside, other).who, thief).passkey
    if guarded:
        with pytest.raises(Refused, match="refused"):
            asserted(inside, one, "vouch", asks.PasskeyAsk(name), asks.PasskeyRow)
    else:
        asserted(inside, one, "vouch", asks.PasskeyAsk(name), asks.PasskeyRow)
    assert signed_in(inside, thief).evidence == ("claimed" if guarded else "verified")

"""Sensitive acts are signed for one by one, where anybody of the role ever had a passkey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.keeper import wire
from serment.keeper.passkeys import acts, asks, deciding, rows
from serment.keeper.passkeys.acts import UNTIL_SECOND_US
from serment.keeper.policy.asks import (
    AddAsk,
    DigestAsk,
    FreezeAsk,
    GrantAsk,
    GrantRow,
    ProposeAsk,
    UnfreezeAsk,
)
from serment.keeper.rights import ASKS
from tests.keeper.authenticator import Authenticator
from tests.keeper.enrolled import (
    Colleague,
    again,
    asserted,
    challenge,
    enrol,
    enrolled,
    opened,
    registered,
    settled,
)
from tests.keeper.inside import Inside, Person, Refused, record_of
from tests.keeper.test_passkeys import leaves

HOUR_US = 3_600_000_000


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    made = opened(Inside(tmp_path / "keeper"))
    yield made
    made.crash()


def export_of(inside: Inside, by: Person) -> DigestAsk:
    """A grant over one file, closed: what two have to approve."""
    end = inside.house.now() + 10 * HOUR_US
    wanted = ProposeAsk("bulk", "export", ["patient.family_name"], end)
    token = inside.ask(by, "grant_propose", wanted, wire.Token32).token
    inside.ask(by, "grant_add", AddAsk(token, [record_of(inside.patient())]), wire.Nothing)
    return DigestAsk(inside.ask(by, "grant_close", GrantAsk(token), wire.Token32).token)


def frozen(inside: Inside, by: Person, session: str) -> UnfreezeAsk:
    inside.ask(by, "freeze", FreezeAsk("session", session, "doubt"), wire.Nothing)
    return UnfreezeAsk("session", session, "sorted out")


def test_an_export_takes_two_different_persons_who_signed_for_it(inside: Inside) -> None:
    one, other = settled(inside, "manager"), settled(inside, "privacy_officer")
    one = again(inside, one)
    wanted = export_of(inside, inside.staff())
    with pytest.raises(Refused, match="assertion"):
        inside.ask(one.who, "grant_approve", wanted, GrantRow)
    assert not asserted(inside, one, "grant_approve", wanted, GrantRow).good
    assert not asserted(inside, one, "grant_approve", wanted, GrantRow).good
    assert asserted(inside, other, "grant_approve", wanted, GrantRow).good
    told = leaves(inside, "grant_approved.bulk")
    assert {row.evidence for row in told} == {"verified"}
    assert {row.actor for row in told} == {one.who.actor.id, other.who.actor.id}


def test_a_manager_that_the_pages_invented_approves_and_lifts_nothing(inside: Inside) -> None:
    """Where one officer's passkey counts, no word of the pages does for any officer's role."""
    one = again(inside, settled(inside, "manager"))
    wanted, lift = export_of(inside, inside.staff()), frozen(inside, one.who, "s-doubt")
    for role in ("manager", "privacy_officer", "security_officer"):
        for who in (inside.staff(role), registered(inside, role)):
            with pytest.raises(Refused, match="assertion"):
                inside.ask(who, "grant_approve", wanted, GrantRow)
            with pytest.raises(Refused, match="assertion"):
                inside.ask(who, "unfreeze", lift, wire.Nothing)
    asserted(inside, one, "unfreeze", lift, wire.Nothing)


def test_without_the_guard_the_invented_manager_does(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    settled(inside, "manager")
    monkeypatch.setattr(rows, "must_assert", lambda *_: False)
    wanted = export_of(inside, inside.staff())
    invented = [inside.staff("manager"), inside.staff("privacy_officer")]
    told = [inside.ask(who, "grant_approve", wanted, GrantRow).good for who in invented]
    assert told == [False, True]
    assert {row.evidence for row in leaves(inside, "grant_approved.bulk")} == {"claimed"}


def test_where_nobody_has_a_passkey_things_go_on_as_they_did(inside: Inside) -> None:
    manager, officer = inside.staff("manager"), inside.staff("privacy_officer")
    wanted = export_of(inside, manager)
    inside.ask(manager, "grant_approve", wanted, GrantRow)
    assert inside.ask(officer, "grant_approve", wanted, GrantRow).good
    enrolled(inside, "manager")
    inside.ask(manager, "unfreeze", frozen(inside, officer, "s-1"), wire.Nothing)


def test_taking_the_passkey_away_opens_nothing(inside: Inside) -> None:
    """A thief in the pages revokes it, in the owner's name and on record: the role stays known."""
    one = again(inside, settled(inside, "manager"))
    lift = frozen(inside, one.who, "s-doubt")
    inside.ask(one.who, "revoke", asks.PasskeyAsk(one.name), asks.PasskeyRow)
    with pytest.raises(Refused, match="assertion"):
        inside.ask(one.who, "unfreeze", lift, wire.Nothing)
    thiefs = Colleague(one.who, Authenticator())
    enrol(inside, one.who, thiefs.passkey)
    with pytest.raises(Refused, match="refused"):
        asserted(inside, thiefs, "unfreeze", lift, wire.Nothing)
    inside.later(UNTIL_SECOND_US)
    asserted(inside, again(inside, thiefs), "unfreeze", lift, wire.Nothing)


@pytest.mark.parametrize("bent", ["another act", "another body", "another person", "twice"])
def test_a_signature_is_good_for_what_was_signed_once_by_whose_it_is(
    inside: Inside, bent: str
) -> None:
    one = settled(inside, "manager")
    lift, other = frozen(inside, again(inside, one).who, "s-1"), UnfreezeAsk("session", "s-2", "x")
    part = wire.Part("unfreeze", body=wire.raw(lift))
    asked = challenge(inside, one.who, "act", asks.digest_of(part))
    told, who = one.passkey.sign(asked.challenge), one.who
    if bent == "another act":
        part = wire.Part("freeze", body=part.body)
    elif bent == "another body":
        part = wire.Part("unfreeze", body=wire.raw(other))
    elif bent == "another person":
        who = settled(inside, "security_officer").who
    else:
        wanted = asks.AssertedAsk(part, told)
        inside.ask(who, "asserted", wanted, wire.Nothing, process="web-1")
        frozen(inside, who, "s-1")
    with pytest.raises(Refused, match=r"refused|unusable"):
        inside.ask(who, "asserted", asks.AssertedAsk(part, told), wire.Nothing, process="web-1")


def test_an_assertion_carries_no_act_that_is_not_sensitive(inside: Inside) -> None:
    one, file = settled(inside, "manager"), inside.patient()
    with pytest.raises(Refused, match="unusable"):
        asserted(inside, again(inside, one), "reveal", file, wire.RevealAnswer)
    signed = {*deciding._SENSITIVE, *deciding._SIGNED}
    assert signed < ASKS["staff"]
    assert signed == {
        "grant_approve", "grant_revoke", "unfreeze", "end_staff", "staff_role", "revoke", "vouch",
        "enrol", "glass_review",
    }  # fmt: skip


def test_an_officer_revokes_a_colleagues_passkey_with_a_signature_and_nobody_else_does(
    inside: Inside,
) -> None:
    one, manager, clerk = settled(inside), settled(inside, "manager"), settled(inside)
    wanted = asks.PasskeyAsk(one.name)
    for who in (manager.who, clerk.who, inside.staff("privacy_officer")):
        again(inside, manager)
        again(inside, clerk)
        with pytest.raises(Refused, match="refused"):
            inside.ask(who, "revoke", wanted, asks.PasskeyRow)
    with pytest.raises(Refused, match="refused"):
        asserted(inside, clerk, "revoke", wanted, asks.PasskeyRow)
    assert asserted(inside, manager, "revoke", wanted, asks.PasskeyRow).revoked_at
    assert acts.PASSKEYS_MAX >= 2

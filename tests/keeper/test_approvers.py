"""An approval counts while whoever gave it may still give one: at each use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.keeper import wire
from serment.keeper.passkeys.asks import StaffAsk
from serment.keeper.policy import approvers, asks
from tests.keeper.enrolled import registered
from tests.keeper.inside import OPERATOR, Inside, Person, word
from tests.keeper.test_policy import WORKER, approve, grant


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    keeper = Inside(tmp_path / "keeper")
    yield keeper
    keeper.crash()


def leave(inside: Inside, who: Person) -> None:
    inside.ask(OPERATOR, "end_staff", StaffAsk(who.actor.id), wire.Nothing)


def become(inside: Inside, who: Person, role: str) -> None:
    inside.ask(OPERATOR, "staff_role", StaffAsk(who.actor.id, role), wire.Nothing)


def listed(inside: Inside, who: Person) -> asks.GrantRow:
    [row] = inside.ask(who, "grants", wire.Nothing(), asks.GrantList).rows
    return row


@pytest.mark.parametrize("how", ["left", "secretary"])
@pytest.mark.parametrize("guarded", [True, False])
def test_what_was_ready_waits_again_for_another_officer(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool, how: str
) -> None:
    """Negative control: counted as given, the approval of who is gone opens everything."""
    if not guarded:
        monkeypatch.setattr(approvers, "_may_still", lambda *_: True)
    manager, officer = registered(inside, "manager"), registered(inside, "privacy_officer")
    file = inside.patient()
    token, digest = grant(inside, manager, file)
    assert not approve(inside, manager, digest)
    assert approve(inside, officer, digest)
    used = {"grant": token, "purpose": "export"}
    assert word(inside, WORKER, "reveal", file, **used) == ""
    leave(inside, officer) if how == "left" else become(inside, officer, how)
    assert word(inside, WORKER, "reveal", file, **used) == ("refused" if guarded else "")
    row = listed(inside, manager)
    waits = [manager.actor.id], [officer.actor.id], 0, False
    assert ((row.approved_by, row.lapsed, row.good_from, row.good) == waits) is guarded
    if guarded:
        assert approve(inside, registered(inside, "security_officer"), digest)
        assert word(inside, WORKER, "reveal", file, **used) == ""
        assert listed(inside, manager).lapsed == [officer.actor.id]


@pytest.mark.parametrize("guarded", [True, False])
def test_a_raised_limit_is_lowered_when_its_approver_leaves(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: remembered, the raise outlives who allowed it."""
    clerk = registered(inside)
    manager, officer = registered(inside, "manager"), registered(inside, "privacy_officer")
    files = [inside.patient() for _ in range(7)]
    _token, digest = grant(inside, manager, kind="budget", target=clerk.actor.id, factor=2)
    approve(inside, manager, digest)
    assert approve(inside, officer, digest)
    inside.reveal(clerk, *files[:6])  # one more than the usual five
    if not guarded:
        monkeypatch.setattr(inside.house.standing.budgets.__class__, "lower_all", lambda _: None)
    leave(inside, officer)
    assert word(inside, clerk, "reveal", files[6], purpose="reception") == (
        "budget" if guarded else ""
    )


def test_who_is_back_among_officers_approves_anew(inside: Inside) -> None:
    manager, officer = registered(inside, "manager"), registered(inside, "privacy_officer")
    _token, digest = grant(inside, manager, inside.patient())
    approve(inside, officer, digest)
    leave(inside, officer)
    assert not approve(inside, manager, digest)
    become(inside, officer, "privacy_officer")
    token = inside.ask(officer, "open_session", wire.OpenSession(1), wire.Token32)
    officer.capability = token.token
    assert listed(inside, manager).lapsed == [officer.actor.id]
    assert approve(inside, officer, digest)

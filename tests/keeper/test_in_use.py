"""Which accounts are still used though nobody signs in: told without where, when or by whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.ids import new_id
from serment.keeper import in_use, wire
from serment.keeper.acting import asks
from serment.keeper.tokens import window_fits
from tests.keeper.inside import HERE, SYSTEM, Inside, Person, Refused
from tests.keeper.test_joined import DAY, SECOND, account_of, file, seal

WORKER = Person(wire.ActorWire("worker", (1).to_bytes(16, "big")))


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    """A keeper whose clock the test drives."""
    found = Inside(tmp_path / "keeper")
    found.house.recorder.clock.driven = 1_800_000_000 * SECOND
    yield found
    found.crash()


def used(inside: Inside, *accounts: bytes, who: Person = WORKER) -> set[bytes]:
    asked = in_use.InUseAsk(list(accounts))
    told = inside.ask(who, "in_use", asked, wire.Ids, purpose="administration", client="worker")
    return set(told.ids)


def visit(inside: Inside, of: bytes, days: int) -> None:
    """A visit of this file, cared for so many days."""
    until = inside.house.now() + days * DAY
    item = wire.SealItem(
        new_id().bytes, "appointment", of, [wire.SealValue("details", "identity", "x")], until
    )
    inside.ask(SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE)


def test_a_visit_or_somebody_who_acts_keeps_an_account_in_use_and_each_asking_is_a_leaf(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without the look at who is cared for, one with a visit to come sleeps."""
    filed = file(inside, "Roche", "Béatrice", "1961-03-04")
    cared, idle, helped = account_of(inside, filed), account_of(inside), account_of(inside)
    ids = [one.actor.id for one in (cared, idle, helped)]
    assert used(inside, *ids) == set()
    visit(inside, filed, 60)
    now = inside.house.now()
    offer = asks.ActForAsk(
        ids[2], "helper", ["appointments"], new_id().bytes, now + 40 * DAY, now + DAY
    )
    token = inside.ask(helped, "act_for", offer, wire.Token32, purpose="administration")
    inside.ask(cared, "act_accept", token, asks.ActingRows, purpose="administration")
    before = inside.house.segment.size
    assert used(inside, *ids) == {ids[0], ids[2]}
    assert inside.house.segment.size > before
    with monkeypatch.context() as unguarded:
        unguarded.setattr(in_use, "_is_cared_for", lambda *_: False)
        assert used(inside, *ids) == {ids[2]}
    inside.later(50 * DAY)  # the mandate is over; the visit's person is still cared for
    assert used(inside, *ids) == {ids[0]}
    inside.later(20 * DAY)
    assert used(inside, *ids) == set()


def test_nobody_but_the_worker_asks_and_what_is_no_account_is_not_told_apart(
    inside: Inside,
) -> None:
    filed = file(inside, "Roche", "Béatrice", "1961-03-04")
    visit(inside, filed, 60)
    assert used(inside, filed, new_id().bytes) == set()
    seal(inside, "account", account := new_id().bytes, None, family_name="Roche")
    for who in (inside.staff("manager"), account_of(inside, filed), SYSTEM):
        with pytest.raises(Refused):
            used(inside, account, who=who)


@pytest.mark.parametrize(
    ("since", "until", "fits"),
    [(731, 2_500, True), (731, 730 + 5 * 366 + 2, False), (729, 2_500, False), (0, 7, True)],
)
def test_what_says_that_an_account_closes_is_signed_for_years_from_now_and_no_sooner(
    since: int, until: int, fits: bool
) -> None:
    """The control is a file's: of nobody but an account so far ahead."""
    now = 1_800_000_000 * SECOND
    window = now + since * DAY, now + until * DAY
    assert window_fits(now, "account", "message", *window) is fits
    assert window_fits(now, "patient", "message", *window) is (until < 31)
    assert window_fits(now, "account", "sign_in", *window) is (until < 31)

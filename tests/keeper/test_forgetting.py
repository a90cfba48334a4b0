"""Visits long over: what the keeper lets go, and what a house's night deletes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from serment.directory import tenancy
from serment.disclosure import gate
from serment.ids import new_id
from serment.keeper import forgetting, wire
from serment.keeper.policy import asks
from tests.keeper.inside import HERE, OPERATOR, SYSTEM, THERE, Inside, Refused
from tests.keeper.test_in_use import WORKER
from tests.keeper.test_joined import DAY, SECOND, file
from tests.scheduling.practice import NOW, TUESDAY, Practice, make_practice, paris


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    """A keeper whose clock the test drives."""
    found = Inside(tmp_path / "keeper")
    found.house.recorder.clock.driven = 1_800_000_000 * SECOND
    yield found
    found.crash()


def visit(inside: Inside, of: bytes) -> bytes:
    record = new_id().bytes
    values = [wire.SealValue("details", "administrative", "x")]
    item = wire.SealItem(record, "appointment", of, values)
    inside.ask(SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE)
    return record


def forgotten(inside: Inside, *visits: bytes, at: bytes = HERE) -> set[bytes]:
    told = inside.ask(
        WORKER, "forget_visits", forgetting.ForgetAsk(list(visits)), wire.Ids,
        purpose="administration", client="worker", tenant=at,
    )  # fmt: skip
    return set(told.ids)


def test_only_old_visits_of_this_house_and_of_no_frozen_file_go_each_with_a_leaf(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without the look at when it was written, today's visit goes too."""
    filed = file(inside, "Roche", "Béatrice", "1961-03-04")
    evidence = file(inside, "Vidal", "Paul", "1950-01-02")
    old, held = visit(inside, filed), visit(inside, evidence)
    assert forgotten(inside, old) == set()
    inside.later(301 * DAY)
    new = visit(inside, filed)
    frozen = asks.FreezeAsk("subject", str(UUID(bytes=evidence)), "essai")
    inside.ask(OPERATOR, "freeze", frozen, wire.Nothing)
    assert forgotten(inside, old, at=THERE) == set()
    assert forgotten(inside, filed) == set(), "a file is no visit"
    leaves = inside.house.segment.size
    unknown = new_id().bytes
    assert forgotten(inside, old, new, held, unknown) == {old, unknown}
    assert inside.house.segment.size > leaves
    assert inside.house.store.record(old) is None
    assert inside.house.store.record(new) is not None
    with pytest.raises(Refused):
        inside.ask(
            SYSTEM, "forget_visits", forgetting.ForgetAsk([new]), wire.Ids,
            purpose="administration", tenant=HERE,
        )  # fmt: skip
    with monkeypatch.context() as unguarded:
        unguarded.setattr(forgetting, "STANDS_FOR", -1)
        assert forgotten(inside, new) == {new}


def booked(practice: Practice, at: datetime) -> UUID:
    from serment.scheduling import booking

    actor, filed = practice.patient()
    return UUID(str(booking.book(actor, practice.booking(filed, at), NOW).id))


@pytest.mark.django_db
def test_a_house_deletes_what_it_keeps_no_longer_a_week_after_it_said_so(own_keeper: Any) -> None:
    from serment.scheduling import retention
    from serment.scheduling.models import Appointment, Occupancy, VisitRetention

    own_keeper.stop()
    own_keeper.state, own_keeper.arguments = own_keeper.state / "driven", ("--drill",)
    own_keeper.start()
    practice, other = make_practice(), make_practice()
    visits = [booked(one, paris(TUESDAY, 9)) for one in (practice, other)]

    def left(of: Practice) -> tuple[list[UUID], int]:
        with tenancy.inside(of.establishment):
            taken = Occupancy.objects.filter(kind="appointment").count()
            return list(Appointment.objects.values_list("id", flat=True)), taken

    def decide(years: int | None, now: Any) -> None:
        from serment.disclosure import Actor

        manager = Actor("staff", new_id(), "manager", practice.establishment)
        retention.decide(manager, practice.establishment, years, now)

    later = NOW + timedelta(days=740)
    gate.drive_clock(later)
    assert retention.sweep(later) == 0, "nobody decided: everything stays"
    decide(2, later)
    assert retention.sweep(later + timedelta(days=6)) == 0
    with tenancy.inside(practice.establishment):
        assert retention.of_house(practice.establishment, later).over == 1
        assert retention.of_house(practice.establishment, later, years=3).over == 0
    decide(None, later + timedelta(days=6))
    assert retention.sweep(later + timedelta(days=8)) == 0, "taken back in time"
    decide(2, later)
    decide(3, later)
    assert retention.sweep(later + timedelta(days=8)) == 0, "three years are not over"
    decide(2, later)
    assert retention.sweep(later + timedelta(days=8)) == 1
    assert left(practice) == ([], 0)
    assert left(other) == ([visits[1]], 1), "the neighbour decided nothing"
    with tenancy.inside(practice.establishment):
        assert VisitRetention.objects.get().years == 2


def test_nobody_but_a_manager_decides() -> None:
    from serment.disclosure import Actor
    from serment.identity.rights import NotAllowed
    from serment.scheduling import retention

    for role in ("practitioner", "secretary", "privacy_officer"):
        with pytest.raises(NotAllowed):
            retention.decide(Actor("staff", new_id(), role, new_id()), new_id(), 1, NOW)

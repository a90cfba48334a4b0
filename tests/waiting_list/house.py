"""A practice with a few hours only, all taken, and people who wait for them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from serment.directory import tenancy
from serment.disclosure import Actor
from serment.scheduling import booking, waiting_list
from serment.scheduling.models import SlotOffer, WeeklyOpening
from serment.scheduling.waiting_list import Asked
from tests.scheduling.practice import NOW, TUESDAY, Practice, make_practice, paris

NINE = paris(TUESDAY, 9)
HALF = timedelta(minutes=30)


def full(slots: int = 1) -> tuple[Practice, list[tuple[Actor, UUID]]]:
    """Tuesday from nine, so many half hours, each booked; by whom, and the visit."""
    practice = make_practice(horizon_days=7)
    with tenancy.inside(practice.establishment):
        WeeklyOpening.objects.filter(role_id=practice.role).delete()
        ends = (datetime.combine(TUESDAY, time(9)) + slots * HALF).time()
        WeeklyOpening.objects.create(
            establishment_id=practice.establishment, role_id=practice.role, weekday=1,
            starts=time(9), ends=ends,
        )  # fmt: skip
    booked = []
    for number in range(slots):
        actor, file = practice.patient(email=f"lou{number}@exemple.fr")
        visit = booking.book(actor, practice.booking(file, NINE + number * HALF), NOW)
        booked.append((actor, visit.id))
    return practice, booked


def waits(practice: Practice, **wanted: Any) -> tuple[Actor, UUID]:
    """Somebody new joins; who, and the wish."""
    actor, file = practice.patient(email="attend@exemple.fr")
    return actor, joins(practice, actor, file, **wanted)


def joins(practice: Practice, actor: Actor, file: UUID, **wanted: Any) -> UUID:
    """The wish of somebody known."""
    now = wanted.pop("now", NOW)
    asked = Asked(practice.role, practice.reason, "in_person", file, True, **wanted)
    return waiting_list.join(actor, asked, now).id


def cancels(practice: Practice, visit: UUID, now: datetime = NOW) -> None:
    """The desk cancels: the hour is free."""
    with tenancy.inside(practice.establishment):
        booking.cancel(practice.secretary(), visit, "", now)


def offers(practice: Practice) -> dict[UUID, datetime]:
    """Which hour is kept for which wish."""
    with tenancy.inside(practice.establishment):
        rows = SlotOffer.objects.filter(state="open")
        return {one.wish_id: one.starts_at for one in rows}

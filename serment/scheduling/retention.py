"""Visits that are over do not stay for ever: a house says how many years, a night deletes the rest.

What goes is the visit: its time, its state, why somebody came. The log of who opened what stays,
so that a perimeter over those years is still whole. What is decided begins a week later: deleting
is undone by nobody, a wrong number is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.disclosure import Actor, use
from serment.identity import rights
from serment.scheduling.models import Appointment, Occupancy, VisitRetention

CHOICES: Final = (1, 2, 3, 5, 10, 20)
BEGINS_AFTER: Final = timedelta(days=7)
_AT_ONCE: Final = 200
_A_NIGHT: Final = 20_000
"""Of one house; the rest goes the next night."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a house decided: None where it keeps everything. ``over``: visits that are past it."""

    years: int | None
    begins_on: date | None
    over: int


def of_house(establishment: UUID, now: datetime, years: int | None = None) -> Kept:
    """What holds, or with ``years`` what would; the transaction stands in the house."""
    found = VisitRetention.objects.filter(establishment_id=establishment).first()
    wanted = years or (found.years if found else None)
    over = 0 if wanted is None else _past(now, wanted).count()
    return Kept(found.years if found else None, found.begins_on if found else None, over)


def decide(actor: Actor, establishment: UUID, years: int | None, now: datetime) -> None:
    """Keep visits so many years, or (None) all of them. Less than before begins in a week; more at
    once. Raises ``NotAllowed``; ValueError for a number nobody may choose."""
    rights.require(actor, rights.Act.MANAGE_STAFF)
    if years is not None and years not in CHOICES:
        raise ValueError(years)
    with tenancy.inside(establishment):
        before = VisitRetention.objects.select_for_update().filter(establishment_id=establishment)
        standing = before.first()
        if years is None:
            before.delete()
            return
        if standing is not None and standing.years == years:
            return
        begins = now.date() + BEGINS_AFTER
        if standing is not None and years > standing.years:
            begins = standing.begins_on
        VisitRetention.objects.update_or_create(
            establishment_id=establishment, defaults={"years": years, "begins_on": begins}
        )


def sweep(now: datetime) -> int:
    """Every house, by the worker at night; how many visits went."""
    return sum(sweep_of(house, now) for house in Establishment.objects.values_list("pk", flat=True))


def sweep_of(establishment: UUID, now: datetime) -> int:
    """One house; a transaction for each two hundred. What the keeper holds back stays."""
    with tenancy.inside(establishment):
        held = VisitRetention.objects.filter(
            establishment_id=establishment, begins_on__lte=now.date()
        ).first()
        if held is None:
            return 0
        over = list(_past(now, held.years).order_by("?").values_list("pk", flat=True)[:_A_NIGHT])
    return sum(
        _delete(establishment, over[first : first + _AT_ONCE])
        for first in range(0, len(over), _AT_ONCE)
    )


def _delete(establishment: UUID, visits: list[UUID]) -> int:
    """The record first: a row that outlives a crash is unknown to the keeper, and goes next."""
    may_go = use.forget_visits(establishment, visits)
    with tenancy.inside(establishment), transaction.atomic():
        Occupancy.objects.filter(appointment_id__in=may_go).delete()
        Appointment.objects.filter(pk__in=may_go).delete()
    return len(may_go)


def _past(now: datetime, years: int) -> QuerySet[Appointment]:
    return Appointment.objects.filter(ends_at__lt=now - timedelta(days=years * 365.25))

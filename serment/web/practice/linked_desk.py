"""Steps of one booking at the desk: those that go with the chosen time, each with others.

Where the visit to move is one of them, all are moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from serment import clock
from serment.directory.models import PractitionerRole
from serment.disclosure import Actor, Purpose
from serment.scheduling import (
    courses,
    linked_booking,
    linked_moving,
    refusals,
    sealed_details,
    wall_clock,
)
from serment.scheduling.booking import Booking
from serment.scheduling.linked_booking import Later
from serment.scheduling.linked_times import At, Found
from serment.scheduling.models import Appointment, VisitReason
from serment.web.practice import offered_times, team

if TYPE_CHECKING:
    from serment.web.practice.telephone import Choice


@dataclass(frozen=True, slots=True)
class Shown:
    """One step after the first: its place, what it is, and the ways to choose from."""

    number: int
    what: str
    options: list[tuple[str, str, bool]]


def shown(actor: Actor, choice: Choice) -> dict[str, Any]:
    """The steps, or why they cannot be had from this time."""
    if choice.reason is None or choice.starts_at is None or not choice.reason.steps:
        return {}
    asked = (actor, choice.member.id, choice.reason.id, choice.starts_at, clock.now())
    try:
        found = linked_booking.propose(*asked, choice.steps)
    except refusals.NotOffered as refused:
        return {"no_steps": str(_(refused.sentence))}
    return {"steps": _steps(found)}


def _steps(found: list[Found]) -> list[Shown]:
    ways = [at.way for one in found for at in (one.at, *one.others)]
    rows = PractitionerRole.objects.select_related("practitioner", "site")
    roles = rows.in_bulk({way.role for way in ways})
    reasons = VisitReason.objects.in_bulk({way.reason for way in ways})
    language = get_language() or "fr"
    listed = []
    for number, one in enumerate(found, 2):
        choices = sorted((one.at, *one.others), key=lambda at: at.minute)
        options = [(_value(at), _words(at, roles), at == one.at) for at in choices]
        listed.append(Shown(number, reasons[one.at.way.reason].name(language), options))
    return listed


def _words(at: At, roles: dict[UUID, PractitionerRole]) -> str:
    member = team.Member(roles[at.way.role])
    when = offered_times.when(wall_clock.instant_of(at.minute), member.zone)
    return _("%(when)s, %(who)s") % {"when": when, "who": member.name}


def _value(at: At) -> str:
    return f"{at.way.role} {at.way.reason} {wall_clock.instant_of(at.minute).isoformat()}"


def book(actor: Actor, wanted: Booking, later: list[Later], now: datetime) -> UUID:
    """All of them; the first one's number."""
    return linked_booking.book(actor, wanted, later, now)[0].id


def move(
    actor: Actor, former: Appointment, wanted: Booking, later: list[Later], now: datetime,
    as_seen: datetime | None,
) -> UUID:  # fmt: skip
    """All that were booked with it; the first one's number. Raises ``StepsBroken`` where some do
    not stand any more."""
    visits = courses.others_of(actor, former, now)
    details = sealed_details.reveal(actor, Purpose.BOOKING, visits) if visits else {}
    in_order = sorted(visits, key=lambda one: details[one.id].step)
    places = [details[one.id].step for one in in_order]
    if not places or places != list(range(1, len(places) + 1)):
        raise linked_booking.StepsBroken
    if former.id != in_order[0].id:
        as_seen = None
    ids = [one.id for one in in_order]
    return linked_moving.move(actor, ids, wanted, later, now, as_seen)[0].id

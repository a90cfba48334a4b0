"""Finding another time for many appointments at once, or telling their people that it is over.

Each is moved or cancelled as one by one: the same guards, the same record, the same message. What
cannot be moved stays as it was, and is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from serment.disclosure import Actor, NotYours, Purpose, gate
from serment.errors import Conflict, NotThere, Refused
from serment.scheduling import (
    booking,
    cancelling,
    moving,
    offering,
    refusals,
    rules,
    sealed_details,
    wall_clock,
)
from serment.scheduling.availability import Public
from serment.scheduling.models import Appointment, VisitReason

AT_ONCE_MAX = 60
SOONEST = timedelta(days=2)
"""Nobody learns in the evening that they come tomorrow morning."""
LOOK_DAYS = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one: its new time, or why it stays."""

    id: UUID
    was: datetime
    moved_to: datetime | None = None
    role_id: UUID | None = None
    cancelled: bool = False
    why: str = ""


def move_all(
    actor: Actor, many: Sequence[UUID], now: datetime, *, to: UUID | None = None
) -> list[Outcome]:
    """Move each to the free time nearest to its own, with the same practitioner or with ``to``.

    Staff who may book; the transaction must stand in the establishment. At most ``AT_ONCE_MAX``.
    """
    return [_settled(one, partial(_move, actor, one, now, to)) for one in _standing(many)]


def cancel_all(actor: Actor, many: Sequence[UUID], reason: str, now: datetime) -> list[Outcome]:
    """Cancel each; its person is told as after any cancellation."""
    return [_settled(one, partial(_cancel, actor, one, reason, now)) for one in _standing(many)]


def _standing(many: Sequence[UUID]) -> list[Appointment]:
    rows = Appointment.objects.filter(id__in=many[:AT_ONCE_MAX], status__in=cancelling.STANDING)
    return list(rows.order_by("starts_at", "id"))


def _settled(one: Appointment, act: Callable[[], Outcome]) -> Outcome:
    """Each in a savepoint: one that fails takes nothing from the others."""
    was = one.starts_at
    try:
        with transaction.atomic():
            return act()
    except (Conflict, Refused, NotThere, NotYours) as refused:
        return Outcome(one.id, was, why=str(refused.sentence))


def _cancel(actor: Actor, one: Appointment, reason: str, now: datetime) -> Outcome:
    was = one.starts_at
    cancelling.cancel(actor, one.id, reason, now, was)
    return Outcome(one.id, was, cancelled=True)


def _move(actor: Actor, one: Appointment, now: datetime, to: UUID | None) -> Outcome:
    was, role = one.starts_at, to or one.role_id
    details = sealed_details.reveal(actor, Purpose.BOOKING, [one])[one.id]
    wanted = _same_reason(details.reason, role)
    starts_at = _nearest(role, wanted, was, now)
    form = booking.Booking(
        role_id=role,
        reason_id=wanted,
        starts_at=starts_at,
        mode="video" if details.mode == "video" else "in_person",
        request_key=bytes(one.request_key),
        patient_file=gate.files_behind(actor, Purpose.BOOKING, [one.id])[one.id],
        first_visit=details.first_visit,
        note=details.note,
        kept=details.kept,
    )
    moving.move(actor, one.id, form, now, was)
    return Outcome(one.id, was, moved_to=starts_at, role_id=role)


def _same_reason(reason_id: UUID | None, role: UUID) -> UUID:
    """The reason itself, or a colleague's of the same name."""
    known = VisitReason.objects.filter(id=reason_id).first() if reason_id else None
    if known is None:
        raise refusals.NoSuchReason
    same = VisitReason.objects.filter(role_id=role, active=True, name_fr=known.name_fr)
    found = known if known.role_id == role else same.first()
    if found is None:
        raise refusals.NoSuchReason
    return found.id


def _nearest(role: UUID, reason_id: UUID, was: datetime, now: datetime) -> datetime:
    """The free time nearest to its own, from the day before it on."""
    start = wall_clock.minute_after(now + SOONEST)
    day = wall_clock.minute_of(was) - wall_clock.DAY_MINUTES
    end = max(start, day) + LOOK_DAYS * wall_clock.DAY_MINUTES
    plan = rules.plans([role], (start, end), using=offering.USING).get(role)
    reason = plan.reasons.get(reason_id) if plan else None
    if plan is None or reason is None:
        raise refusals.ReasonClosed
    at_desk = replace(reason, visit=reason.visit.for_desk()).seen_by(Public.INVITED)
    free = offering.free_minutes(plan, at_desk, (start, end), wall_clock.minute_of(now))
    original = wall_clock.minute_of(was)
    if not free:
        raise NoOtherTime
    return wall_clock.instant_of(min(free, key=lambda at: (abs(at - original), at)))


class NoOtherTime(Refused):
    """Aucune heure libre dans les deux mois qui suivent."""

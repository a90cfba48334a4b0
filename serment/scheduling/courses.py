"""Visits that were booked together: which they are, and ending what remains of them.

What binds them stands in their sealed details and nowhere else: it is opened, on record, to find
the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID

from django.db import transaction

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.scheduling import cancelling, sealed_details
from serment.scheduling.models import Appointment


def others_of(actor: Actor, appointment: Appointment, now: datetime) -> list[Appointment]:
    """For the desk: visits to come that were booked with this one, itself among them, in order.

    The transaction must stand in the house. None where it was booked alone.
    """
    own = sealed_details.reveal_openable(actor, Purpose.BOOKING, [appointment])
    course = own[appointment.id].course if appointment.id in own else None
    if course is None:
        return []
    file = gate.files_behind(actor, Purpose.BOOKING, [appointment.id])[appointment.id]
    found = Appointment.objects.filter(
        establishment_id=appointment.establishment_id,
        id__in=gate.records_of(actor, file),
        status__in=cancelling.STANDING,
        starts_at__gt=now,
    )
    rows = list(found.order_by("starts_at"))
    details = sealed_details.reveal_openable(actor, Purpose.BOOKING, rows)
    return [row for row in rows if row.id in details and details[row.id].course == course]


def cancel_all(actor: Actor, visits: Sequence[Appointment], reason: str, now: datetime) -> None:
    """Cancel these together, all or none, told of in one message that says nothing of those kept
    from who acts for the person. Raises what ``cancel`` raises, also where one was moved since it
    was read."""
    these = sorted(visits, key=lambda one: one.starts_at)
    with transaction.atomic(), _standing(actor, [one.id for one in these]):
        details = sealed_details.reveal_openable(actor, Purpose.BOOKING, these)
        told = [one.id for one in these if one.id not in details or not details[one.id].kept]
        for one in these:
            others = told[1:] if told[:1] == [one.id] else None
            cancelling.cancel(actor, one.id, reason, now, one.starts_at, others=others)


def _standing(actor: Actor, ids: Sequence[UUID]) -> AbstractContextManager[None]:
    if actor.kind == "staff":
        return tenancy.inside(actor.establishment)
    return tenancy.inside(records=list(ids))

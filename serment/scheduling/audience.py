"""For whom hours are kept, and which of these people somebody is.

Known is who came before: the keeper tells whose visits are whose, the row that one of them was here
and neither cancelled nor missed. It is asked only where some hours are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from serment.directory import tenancy
from serment.disclosure import Actor, gate
from serment.scheduling.models import Appointment, WeeklyOpening
from serment.scheduling.recurrence import Public
from serment.scheduling.rules import Plan

_CAME = (
    Appointment.Status.BOOKED,
    Appointment.Status.ARRIVED,
    Appointment.Status.IN_ROOM,
    Appointment.Status.FULFILLED,
)


def of_patient(actor: Actor, plan: Plan, now: datetime, persons: Sequence[UUID] = ()) -> Public:
    """Which hours of a plan are this patient's to book. ``persons`` as in ``own_visits``."""
    if not plan.calendar.keeps_hours:
        return Public.EVERYONE
    return _known(actor, plan.establishment_id, now, persons)


def of_reader(actor: Actor, role_id: UUID, establishment: UUID, now: datetime) -> Public:
    """The same for whoever looks at a practitioner's free times."""
    return of_any(actor, [role_id], establishment, now)


def of_any(
    actor: Actor, role_ids: Sequence[UUID], establishment: UUID, now: datetime,
    persons: Sequence[UUID] = (),
) -> Public:  # fmt: skip
    """The same where several of one house are booked together, or nobody knows yet when."""
    kept = WeeklyOpening.objects.filter(role_id__in=role_ids, public__gt=Public.EVERYONE)
    if not kept.exists():
        return Public.EVERYONE
    return _known(actor, establishment, now, persons)


def _known(actor: Actor, establishment: UUID, now: datetime, persons: Sequence[UUID]) -> Public:
    if actor.kind != "patient":
        return Public.EVERYONE
    records = [one for who in persons or (actor.id,) for one in gate.records_of(actor, who)]
    with tenancy.inside(establishment):
        came = Appointment.objects.filter(
            establishment_id=establishment, id__in=records, status__in=_CAME, starts_at__lt=now
        )
        return Public.KNOWN if came.exists() else Public.EVERYONE

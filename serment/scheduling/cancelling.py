"""Ending an appointment.

What a row tells in clear is its FHIR status; who cancelled and why is sealed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure import Actor, NotYours, Purpose, gate
from serment.outbox import post
from serment.scheduling import (
    confirming,
    counting,
    freed,
    occupying,
    refusals,
    sealed_details,
    terms,
)
from serment.scheduling.models import Appointment
from serment.scheduling.sealed_details import Details

Status = Appointment.Status
STANDING = Appointment.STANDING


def cancel(
    actor: Actor, appointment_id: UUID, reason: str, now: datetime, as_seen: datetime | None = None,
    *, others: Sequence[UUID] | None = (),
) -> Appointment:  # fmt: skip
    """Cancel and free the time; durable on commit. ``others``: cancelled with it and told of in its
    message; None where another's message tells of this one.

    The transaction must stand where the appointment is seen: in its establishment for staff, with
    it among ``serment.records`` for a patient. Raises ``NoSuchAppointment``, or ``AlreadyOver``
    when it is cancelled or (for a patient) has begun, ``TooLate`` for a patient after the house's
    deadline, or ``MovedSince`` when it no longer begins ``as_seen``.
    """
    appointment = seen(appointment_id)
    tenant = appointment.establishment_id
    with tenancy.inside(tenant):
        must_begin(appointment, as_seen)
        standing = Appointment.objects.filter(id=appointment_id, status__in=STANDING)
        standing = standing.filter(starts_at=appointment.starts_at)
        if actor.kind != "staff":
            standing = standing.filter(starts_at__gt=now)
            if standing.exists():
                terms.must_cancel_in_time(appointment, now)
        if not standing.update(status=Status.CANCELLED, presence=None):
            raise refusals.AlreadyOver(_("Ce rendez-vous est déjà annulé ou passé."))
        awaited = freed.begin(appointment.role_id)
        occupying.release(tenant, appointment_id)
        _uncount(actor, appointment)
        appointment.status = Status.CANCELLED
        try:
            _seal_why(actor, appointment, reason, now, others)
        except NotYours:
            if not _is_theirs(actor, appointment):
                raise
            # Nothing is written any more for an erased person, nor sent; the time is free.
            post.withdraw(appointment_id, tenant)
        if awaited:
            freed.serve(tenant, appointment.role_id, now)
    return appointment


def _uncount(actor: Actor, appointment: Appointment) -> None:
    """Give its place among the day's back, where its practitioner has a reason with a cap.

    What it came for must be opened to know whose place it was, and that is on record; where it does
    not open any more the place stays taken.
    """
    if not appointment.role.reasons.filter(daily_cap__isnull=False).exists():
        return
    known = sealed_details.reveal_openable(actor, Purpose.BOOKING, [appointment])
    details = known.get(appointment.id)
    if details is not None and details.counted:
        give_place_back(appointment, details)


def give_place_back(appointment: Appointment, details: Details) -> None:
    """One less of its reason, on the day it is on as the row says."""
    if details.reason is None:
        return
    zone = ZoneInfo(appointment.role.site.timezone)
    on = appointment.starts_at.astimezone(zone).date()
    counting.give_back(counting.Day(appointment.role_id, details.reason, on))


def must_begin(appointment: Appointment, as_seen: datetime | None) -> None:
    """Who acts on a visit acts on the one they saw; the row stays theirs till the commit."""
    row = Appointment.objects.select_for_update().filter(id=appointment.id)
    appointment.starts_at = row.values_list("starts_at", flat=True).get()
    if as_seen not in (None, appointment.starts_at):
        raise refusals.MovedSince


def _is_theirs(actor: Actor, appointment: Appointment) -> bool:
    """What the keeper's refusal would tell of an open file: whether it is the actor's to cancel."""
    if actor.kind == "staff":
        return actor.establishment == appointment.establishment_id
    return appointment.id in gate.records_of(actor, actor.id)


def _seal_why(
    actor: Actor, appointment: Appointment, reason: str, now: datetime,
    others: Sequence[UUID] | None,
) -> None:  # fmt: skip
    patient_file = gate.files_behind(actor, Purpose.BOOKING, [appointment.id])[appointment.id]
    why = json.dumps({"by": actor.kind, "reason": reason}, ensure_ascii=False)
    gate.seal(
        actor,
        Purpose.BOOKING,
        appointment,
        {"cancellation": why},
        subject=patient_file,
        tenant=appointment.establishment_id,
    )
    appointment.save(update_fields=["cancellation"])
    if others is None:
        confirming.withdraw_untold(appointment)
    else:
        confirming.withdraw(actor, appointment, now, others)


def seen(appointment_id: UUID) -> Appointment:
    """The appointment, if the wall shows it from where the transaction stands."""
    found = Appointment.objects.filter(id=appointment_id).first()
    if found is None:
        raise refusals.NoSuchAppointment(_("Ce rendez-vous n’existe pas, ou n’est pas le vôtre."))
    return found

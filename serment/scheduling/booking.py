"""Holding, booking and cancelling: from a slot somebody chose to an appointment that stands.

An act runs in one transaction that stands in the practitioner's establishment, whoever asks. The
keeper's record comes before the commit: a crash between the two leaves a record of a booking that
is not there, never a booking without its record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from serment import ids
from serment.directory import tenancy
from serment.directory.models import PractitionerRole
from serment.directory.pipeline import Rows, Statement, together
from serment.disclosure import Actor
from serment.outbox import post
from serment.scheduling import confirming, occupying, offering, refusals
from serment.scheduling.cancelling import cancel
from serment.scheduling.models import Appointment, Occupancy
from serment.scheduling.sealed_details import Details

__all__ = ["Booking", "Hold", "book", "cancel", "hold", "let_go"]

HOLD_MINUTES = 10

_MADE_BEFORE = """
SELECT id FROM scheduling_appointment WHERE establishment_id = %s AND request_key = %s
"""
_INSERT = """
INSERT INTO scheduling_appointment
  (id, establishment_id, role_id, starts_at, ends_at, status, request_key, details)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot kept for whoever fills the form; the id is what proves it is theirs."""

    id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """What a form asks for. ``request_key``: 16 to 32 random bytes, drawn when the form is shown,
    so that the same form sent twice is one appointment."""

    role_id: UUID
    reason_id: UUID
    starts_at: datetime
    mode: Literal["in_person", "video"]
    request_key: bytes
    patient_file: UUID
    first_visit: bool
    note: str = ""
    hold_id: UUID | None = None
    red_flags_denied: frozenset[str] = field(default=frozenset())
    """Codes of the questions answered by "no"; the desk asks by voice and sends none."""
    overbook: bool = False
    """Staff only: take the time although it is taken or outside the openings. It is recorded."""


def hold(
    role_id: UUID,
    reason_id: UUID,
    starts_at: datetime,
    now: datetime,
    *,
    replaces: UUID | None = None,
) -> Hold:
    """Keep a slot for ``HOLD_MINUTES``; ``replaces`` gives an earlier hold of the same form back.

    Raises ``SlotTaken`` or another ``NotOffered`` with the nearest free slots.
    """
    wish = offering.wish(role_id, reason_id, starts_at)
    tenant = wish.plan.establishment_id
    with tenancy.inside(tenant):
        _dropped, taken_already = together(
            [occupying.drop_hold(role_id, tenant, replaces), wish.taken_statement(now)]
        )
        offer = offering.check(wish, taken_already, now)
        expires_at = now + timedelta(minutes=HOLD_MINUTES)
        kind = Occupancy.Kind.HOLD
        taken = occupying.take(offer.claim, now, kind=kind, expires_at=expires_at)
        if taken is None:
            raise refusals.SlotTaken(_("Ce créneau vient d'être pris."), offer.nearest(now))
        return Hold(taken, expires_at)


def let_go(role_id: UUID, hold_id: UUID) -> None:
    """Give a hold back before it expires; nothing happens where there is none."""
    tenant = _tenant_of(role_id)
    with tenancy.inside(tenant):
        together([occupying.drop_hold(role_id, tenant, hold_id)])


def book(actor: Actor, booking: Booking, now: datetime) -> Appointment:
    """Make the appointment, seal why and how, and post the confirmation; durable on commit.

    The same ``request_key`` twice, also at once, gives the same appointment. Raises ``SlotTaken``,
    another ``NotOffered``, ``RedFlagUnanswered`` or one of ``refusals``' rules.
    """
    wish = offering.wish(booking.role_id, booking.reason_id, booking.starts_at)
    tenant = wish.plan.establishment_id
    try:
        with tenancy.inside(tenant):
            return _book(actor, booking, wish, now)
    except IntegrityError:
        # Two overbookings from one form at once: the unique key let one of them through.
        with tenancy.inside(tenant):
            found = _already(tenant, booking)
            if found is None:
                raise
            return found


def _book(actor: Actor, booking: Booking, wish: offering.Wish, now: datetime) -> Appointment:
    tenant = wish.plan.establishment_id
    # What the form made is looked for last: whose time is seen taken, their appointment is too.
    _dropped, taken, made = together(
        [
            occupying.drop_hold(booking.role_id, tenant, booking.hold_id),
            wish.taken_statement(now),
            (_MADE_BEFORE, [tenant, booking.request_key]),
        ]
    )
    found = _already(tenant, booking) if made else None
    if found is not None:
        return found
    offer = _offer(actor, booking, wish, taken, now)
    appointment = Appointment(
        id=ids.new_id(),
        establishment_id=tenant,
        role_id=booking.role_id,
        starts_at=booking.starts_at,
        ends_at=offer.ends_at,
        request_key=booking.request_key,
    )
    overbooked = _take(offer, booking, appointment.id, now)
    if overbooked is None:
        found = _already(tenant, booking)
        if found is not None:
            return found
        raise refusals.SlotTaken(_("Ce créneau vient d'être pris."), offer.nearest(now))
    details = Details(
        reason=booking.reason_id,
        mode=booking.mode,
        first_visit=booking.first_visit,
        note=booking.note,
        overbooked=overbooked,
    )
    message, posting = confirming.seal_and_draft(
        actor, appointment, details.as_json(), booking.patient_file, now
    )
    together([_insertion(appointment), posting])
    appointment._state.adding = False
    post.queue(message)
    return appointment


def _insertion(appointment: Appointment) -> Statement:
    return _INSERT, [
        appointment.id,
        appointment.establishment_id,
        appointment.role_id,
        appointment.starts_at,
        appointment.ends_at,
        appointment.status,
        appointment.request_key,
        appointment.details.sealed,
    ]


def _offer(
    actor: Actor, booking: Booking, wish: offering.Wish, taken: Rows, now: datetime
) -> offering.Offer:
    if actor.kind == "staff" and actor.establishment == wish.plan.establishment_id:
        return offering.check_at_desk(wish, taken, now, overbook=booking.overbook)
    offer = offering.check(wish, taken, now)
    offering.check_person(
        offer,
        mode=booking.mode,
        first_visit=booking.first_visit,
        red_flags_denied=booking.red_flags_denied,
    )
    return offer


def _take(
    offer: offering.Offer, booking: Booking, appointment_id: UUID, now: datetime
) -> bool | None:
    """Take the time: False when it was free, True when overbooked, None when it is gone.

    An overbooking of free time is exclusive all the same, so that nobody else books it by chance.
    """
    kind = Occupancy.Kind.APPOINTMENT
    if occupying.take(offer.claim, now, kind=kind, appointment_id=appointment_id) is not None:
        return False
    if not booking.overbook or not offer.at_desk:
        return None
    occupying.take(offer.claim, now, kind=kind, exclusive=False, appointment_id=appointment_id)
    return True


def _already(tenant: UUID, booking: Booking) -> Appointment | None:
    """The appointment this very form made before."""
    found = Appointment.objects.filter(
        establishment_id=tenant, request_key=booking.request_key
    ).first()
    if found is None:
        return None
    if (found.role_id, found.starts_at) != (booking.role_id, booking.starts_at):
        raise refusals.FormAlreadyUsed(
            _("Ce formulaire a déjà servi à prendre un autre rendez-vous.")
        )
    return found


def _tenant_of(role_id: UUID) -> UUID:
    tenant = (
        PractitionerRole.objects.filter(id=role_id, active=True)
        .values_list("establishment_id", flat=True)
        .first()
    )
    if tenant is None:
        raise refusals.NoSuchReason(_("Ce motif n'existe pas ou n'existe plus."))
    return tenant

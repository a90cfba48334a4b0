"""Booking: from a slot somebody chose to an appointment that stands.

An act runs in one transaction that stands in the practitioner's establishment, whoever asks. The
keeper's record comes before the commit: a crash between the two leaves a record of a booking that
is not there, never a booking without its record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

import psycopg
from django.db import IntegrityError, OperationalError
from django.utils.translation import gettext as _

from serment import ids
from serment.directory import tenancy
from serment.directory.pipeline import Rows, Statement, together
from serment.disclosure import Actor
from serment.outbox import post
from serment.scheduling import (
    audience,
    confirming,
    counting,
    groups,
    holders,
    occupying,
    offering,
    own_visits,
    refusals,
    secrecy,
)
from serment.scheduling.cancelling import cancel
from serment.scheduling.models import Appointment, Occupancy
from serment.scheduling.sealed_details import Details

__all__ = ["Booking", "book", "book_all", "cancel"]

_MADE_BEFORE = """
SELECT id FROM scheduling_appointment WHERE establishment_id = %s AND request_key = %s
"""
_INSERT = """
INSERT INTO scheduling_appointment
  (id, establishment_id, role_id, starts_at, ends_at, status, request_key, details)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


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
    red_flags_denied: frozenset[str] = field(default=frozenset())
    """Codes of the questions answered by "no"; the desk asks by voice and sends none."""
    overbook: bool = False
    """Staff only: take the time although it is taken or outside the openings. It is recorded."""
    kept: bool = False
    """Shown to nobody who acts for the person, and told of in no message (``secrecy``)."""
    persons: tuple[UUID, ...] = ()
    """Whose visits count for the bounds, where somebody books for another person."""
    kept_at: datetime | None = None
    """When its time was kept, where another act has seen to that (``pairs``)."""
    course: UUID | None = None
    """Of visits booked together (``courses``), what all share."""
    invited: bool = False
    """It stands for this very reason, and is moved (``moving``)."""
    step: int = 0
    """Of steps booked together (``linked``), its place from 1; the first one's reason says who
    may come."""


def book(actor: Actor, booking: Booking, now: datetime) -> Appointment:
    """Make the appointment, seal why and how, and post the confirmation; durable on commit.

    The same ``request_key`` twice, also at once, gives the same appointment. What a patient holds
    on that practitioner is given up for it; their bookings happen one after the other, so that the
    bound on visits to come counts them all. Raises ``SlotTaken``, another ``NotOffered``,
    ``AlreadyYours``, ``TooMany``, ``RedFlagUnanswered`` or one of ``refusals``' rules.
    """
    return book_all(actor, [booking], now)[0]


def book_all(actor: Actor, bookings: Sequence[Booking], now: datetime) -> list[Appointment]:
    """All of these or none, at one house and for one person, told of in one message: the first's.

    To be given in the order of practitioner and time: two who want some of the same then never wait
    for each other. The bounds count the first only. Raises what ``book`` raises, for whichever
    cannot be had.
    """
    wishes = [offering.wish(one.role_id, one.reason_id, one.starts_at) for one in bookings]
    (tenant,) = {wish.plan.establishment_id for wish in wishes}
    lock = holders.stand(holders.tag_of(actor)) if actor.kind == "patient" else []
    try:
        with tenancy.inside(tenant, along=lock):
            return _book(actor, list(zip(bookings, wishes, strict=True)), now)
    except IntegrityError:
        # Two overbookings from one form at once: the unique key let one of them through.
        with tenancy.inside(tenant):
            found = [_already(tenant, one, _key_of(actor, one)) for one in bookings]
            made = [one for one in found if one is not None]
            if len(made) < len(found):
                raise
            return made
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
            raise
        # Visits that need rooms, wanted by two at once in another order.
        raise refusals.SlotTaken from error


def _book(
    actor: Actor, wanted: Sequence[tuple[Booking, offering.Wish]], now: datetime
) -> list[Appointment]:
    """First all times are taken, then all is sealed: who comes too late for one seals nothing."""
    if any(wish.reason and wish.reason.steps and not booking.step for booking, wish in wanted):
        raise refusals.NotOffered  # one of several steps, by a door that knows of none
    taken = [
        _time_for(actor, booking, wish, now, first=number == 0)
        for number, (booking, wish) in enumerate(wanted)
    ]
    new = sorted((one for one, how in taken if how is not None), key=_start)
    for (booking, _wish), (appointment, how) in zip(wanted, taken, strict=True):
        if how is not None:
            others = [one.id for one in new if one is not appointment]
            first = appointment is new[0]
            _write(actor, booking, appointment, how, now, others=others if first else None)
    return [appointment for appointment, _how in taken]


def _time_for(
    actor: Actor, booking: Booking, wish: offering.Wish, now: datetime, *, first: bool
) -> tuple[Appointment, Taken | None]:
    """An appointment whose time is taken; None besides where the form made it before."""
    tenant, key = wish.plan.establishment_id, _key_of(actor, booking)
    seen = _seen(actor, booking, wish, key, now, first=first)
    found = _already(tenant, booking, key) if seen.made else None
    if found is not None:
        return found, None
    if seen.to_come is not None:
        seen.to_come.check()
    offer = offer_for(actor, booking, wish, seen.taken, booking.kept_at or seen.judged_at)
    appointment = Appointment(
        id=ids.new_id(),
        establishment_id=tenant,
        role_id=booking.role_id,
        starts_at=booking.starts_at,
        ends_at=offer.ends_at,
        request_key=key,
    )
    appointment.visit_site = wish.plan.site_id
    taken_so = take_time(offer, booking, appointment.id, now)
    if taken_so is None:
        found = _already(tenant, booking, key)
        if found is not None:
            return found, None
        raise refusals.SlotTaken(_("Ce créneau vient d’être pris."), offer.nearest(now))
    return appointment, taken_so


def _write(
    actor: Actor, booking: Booking, appointment: Appointment, taken_so: Taken, now: datetime, *,
    others: Sequence[UUID] | None,
) -> None:  # fmt: skip
    """Seal and insert. ``others``: told of in its message; None where another's tells of it."""
    tenant = appointment.establishment_id
    details = Details(
        reason=booking.reason_id,
        mode=booking.mode,
        first_visit=booking.first_visit,
        note=booking.note,
        overbooked=taken_so.overbooked,
        kept=booking.kept,
        counted=taken_so.counted,
        course=booking.course,
        step=booking.step,
    ).as_json()
    told: list[Statement] = []
    if booking.kept:
        secrecy.seal_kept(actor, appointment, details, booking.patient_file)
    elif others is None:
        confirming.seal_untold(actor, appointment, details, booking.patient_file, now)
    else:
        _message, posting = confirming.seal_and_draft(
            actor, appointment, details, booking.patient_file, now, others
        )
        told = [posting, post.queueing(tenant)]
    together([_insertion(appointment), *told])
    appointment._state.adding = False


@dataclass(frozen=True, slots=True)
class _Seen:
    """Time taken, what the form made before, and for a patient what they have to come."""

    taken: Rows
    made: Rows
    judged_at: datetime
    to_come: own_visits.ToCome | None = None


def _seen(
    actor: Actor, booking: Booking, wish: offering.Wish, key: bytes, now: datetime, *, first: bool
) -> _Seen:
    tenant = wish.plan.establishment_id
    # What the form made is looked for last: whose time is seen taken, their appointment is too.
    asked: list[Statement] = [wish.taken_statement(now), (_MADE_BEFORE, [tenant, key])]
    if actor.kind != "patient" or not first:
        taken, made = together(asked)
        return _Seen(taken, made, now)
    own = own_visits.statements(actor, booking.role_id, booking.starts_at, now, booking.persons)
    dropping = holders.drop_on(holders.tag_of(actor), tenant, booking.role_id)
    _set, rows, dropped, taken, made = together([*own, dropping, *asked])
    judged_at = now
    if dropped and wish.reason is not None:
        judged_at = holders.judged_at(holders.held(dropped), wish.claim, now)
    return _Seen(taken, made, judged_at, own_visits.to_come(rows, now))


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


def offer_for(
    actor: Actor, booking: Booking, wish: offering.Wish, taken: Rows, now: datetime
) -> offering.Offer:
    """The offer by the desk's rules for its own staff, by those of online booking for others."""
    if actor.kind == "staff" and actor.establishment == wish.plan.establishment_id:
        return offering.check_at_desk(wish, taken, now, overbook=booking.overbook)
    who = audience.of_patient(actor, wish.plan, now, booking.persons)
    offer = offering.check(wish, taken, now, who)
    offering.check_person(
        offer,
        mode=booking.mode,
        first_visit=None if booking.step > 1 else booking.first_visit,
        red_flags_denied=booking.red_flags_denied,
    )
    return offer


def _start(appointment: Appointment) -> datetime:
    return appointment.starts_at


@dataclass(frozen=True, slots=True)
class Taken:
    """How a time was taken."""

    overbooked: bool
    counted: bool


def take_time(
    offer: offering.Offer, booking: Booking, appointment_id: UUID, now: datetime
) -> Taken | None:
    """Take the practitioner's time, what the reason needs beside it, and a place among the day's.

    None when it is gone. An overbooking of free time is exclusive all the same, so that nobody else
    books it by chance; what it needs and does not find, it goes without. Raises ``DayFull``.
    """
    kind, over = Occupancy.Kind.APPOINTMENT, booking.overbook and offer.at_desk
    if offer.session is not None:
        if not groups.sit(offer.session, offer.claim.tenant, appointment_id, now):
            raise groups.SessionFull(_("Cette séance est complète."), offer.nearest(now))
        return Taken(overbooked=False, counted=_counted(offer, now, over=over))
    free = occupying.take(offer.claim, now, kind=kind, appointment_id=appointment_id) is not None
    if not free and not over:
        return None
    if not free:
        claim = offer.claim
        occupying.take(claim, now, kind=kind, exclusive=False, appointment_id=appointment_id)
    found = occupying.take_needed(
        offer.needs, offer.claim, now, kind=kind, appointment_id=appointment_id
    )
    if not found and not over:
        occupying.release(offer.claim.tenant, appointment_id)
        return None
    alone = free and found and not offer.over_another
    return Taken(overbooked=not alone, counted=_counted(offer, now, over=over))


def _counted(offer: offering.Offer, now: datetime, *, over: bool) -> bool:
    """Count the visit where its reason has a cap; an overbooking is counted beyond it."""
    cap = offer.reason.visit.daily_cap
    if cap is None:
        return False
    if not counting.take(offer.day, offer.claim.tenant, counting.NO_CAP if over else cap):
        raise refusals.DayFull(_("Ce motif est complet ce jour-là."), offer.nearest(now))
    return True


def _key_of(actor: Actor, booking: Booking) -> bytes:
    """The form's key as kept. A patient's holds for their account only: with the key of somebody
    else's form nobody learns that it was ever used."""
    if actor.kind != "patient":
        return booking.request_key
    return hashlib.blake2b(actor.id.bytes, key=booking.request_key, digest_size=32).digest()


def made_before(actor: Actor, tenant: UUID, booking: Booking) -> Appointment | None:
    """What this very form made; the transaction stands in the house. Raises ``FormAlreadyUsed``."""
    return _already(tenant, booking, _key_of(actor, booking))


def _already(tenant: UUID, booking: Booking, key: bytes) -> Appointment | None:
    """The appointment this very form made before, if it stands; else raises ``CancelledSince``."""
    found = Appointment.objects.filter(establishment_id=tenant, request_key=key).first()
    if found is None:
        return None
    if (found.role_id, found.starts_at) != (booking.role_id, booking.starts_at):
        raise refusals.FormAlreadyUsed(
            _("Ce formulaire a déjà servi à prendre un autre rendez-vous.")
        )
    if found.status == Appointment.Status.CANCELLED:
        raise refusals.CancelledSince(
            _("Le rendez-vous pris par ce formulaire a été annulé depuis.")
        )
    return found

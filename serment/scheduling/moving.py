"""Moving an appointment: another time, practitioner or reason, and the same appointment.

The row stays and its occupancy is replaced, in one transaction: its id, its place in a calendar
file and its history go on, and no second row lies beside the first for a stolen dump to show.
The former time is freed before the new one is asked for, and taken back when that is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import psycopg
from django.db import OperationalError
from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.directory.pipeline import Rows, together
from serment.disclosure import Actor, Purpose, gate
from serment.scheduling import (
    attending,
    audience,
    booking,
    cancelling,
    confirming,
    freed,
    occupying,
    offering,
    refusals,
    sealed_details,
    terms,
)
from serment.scheduling.availability import Public
from serment.scheduling.booking import Booking, Taken
from serment.scheduling.models import Appointment
from serment.scheduling.sealed_details import Details

_AS_WISHED = Taken(overbooked=False, counted=False)


def move(
    actor: Actor, appointment_id: UUID, wanted: Booking, now: datetime,
    as_seen: datetime | None = None,
) -> Appointment:  # fmt: skip
    """Move it, seal what changed, tell the person; durable on commit.

    ``wanted`` says where to and for whom, who must be the person it is. The transaction must stand
    in the establishment; for a patient, before the visit. The same move twice, also at once, is
    one. Raises ``NoSuchAppointment``, ``AlreadyOver``, ``SomebodyElses``, ``MovedSince`` when it no
    longer begins ``as_seen``, ``TooLate`` for a patient after the house's deadline, and whatever
    ``book`` raises.
    """
    visit = cancelling.seen(appointment_id)
    wish = offering.wish(wanted.role_id, wanted.reason_id, wanted.starts_at)
    house = wish.plan.establishment_id
    if visit.establishment_id != house or (actor.kind == "staff" and actor.establishment != house):
        raise refusals.NoSuchAppointment
    try:
        with tenancy.inside(wish.plan.establishment_id):
            return exchanged(actor, appointment_id, wanted, wish, now, as_seen)
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
            raise
        # Two visits exchanged at the same moment: each waits for the time the other gives up.
        raise refusals.SlotTaken from error


def exchanged(
    actor: Actor, appointment_id: UUID, wanted: Booking, wish: offering.Wish, now: datetime,
    as_seen: datetime | None = None, *, others: Sequence[UUID] | None = (),
) -> Appointment:  # fmt: skip
    """``move`` inside the caller's transaction. ``others``: visits told of in its message; None
    where another's message tells of this one."""
    appointment = _locked(appointment_id)
    if as_seen is not None and appointment.starts_at not in (as_seen, wanted.starts_at):
        raise refusals.MovedSince
    patient_file = gate.files_behind(actor, Purpose.BOOKING, [appointment_id])[appointment_id]
    if patient_file != wanted.patient_file:
        raise refusals.SomebodyElses
    stays = (appointment.role_id, appointment.starts_at) == (wanted.role_id, wanted.starts_at)
    written = sealed_details.reveal(actor, Purpose.BOOKING, [appointment])[appointment_id]
    # What its person keeps to themself stays so at another time, and where it is put back later.
    wanted = replace(
        wanted,
        kept=wanted.kept or written.kept,
        course=written.course,
        step=written.step,
        invited=written.reason == wanted.reason_id,
    )
    if stays and _wishes(written) == _details(wanted, _AS_WISHED):
        return appointment  # this very move was made before
    if actor.kind != "staff":
        if appointment.status in attending.HERE:
            raise refusals.AlreadyOver
        terms.must_move_in_time(appointment, now)
    awaited = not stays and freed.begin(appointment.role_id)
    if written.counted:
        cancelling.give_place_back(appointment, written)
    appointment.ends_at, taken_so = _exchange(actor, appointment_id, wanted, wish, now)
    was = appointment.role_id, appointment.starts_at
    appointment.role_id, appointment.starts_at = wanted.role_id, wanted.starts_at
    appointment.visit_site = wish.plan.site_id
    if not stays:
        appointment.status, appointment.presence = Appointment.Status.BOOKED, None
    details = _details(wanted, taken_so).as_json()
    confirming.seal_and_tell_moved(
        actor, appointment, details, patient_file, now, tell=not stays, was=was, others=others
    )
    appointment.save(
        update_fields=["role", "starts_at", "ends_at", "status", "presence", "details"]
    )
    if awaited:
        freed.serve(appointment.establishment_id, was[0], now)
    return appointment


def _locked(appointment_id: UUID) -> Appointment:
    """The row, locked: of two moves at once the second sees what the first did."""
    found = Appointment.objects.select_for_update(of=("self",)).filter(id=appointment_id).first()
    if found is None:
        raise refusals.NoSuchAppointment
    if found.status not in cancelling.STANDING:
        raise refusals.AlreadyOver
    return found


def _exchange(
    actor: Actor, appointment_id: UUID, wanted: Booking, wish: offering.Wish, now: datetime
) -> tuple[datetime, Taken]:
    """Give the former time up and take the new one: when it ends, and how it was taken."""
    tenant = wish.plan.establishment_id
    occupying.release(tenant, appointment_id)
    (taken,) = together([wish.taken_statement(now)])
    offer = _offer(actor, wanted, wish, taken, now)
    taken_so = booking.take_time(offer, wanted, appointment_id, now)
    if taken_so is None:
        raise refusals.SlotTaken(_("Ce créneau vient d’être pris."), offer.nearest(now))
    return offer.ends_at, taken_so


def _offer(
    actor: Actor, wanted: Booking, wish: offering.Wish, taken: Rows, now: datetime
) -> offering.Offer:
    """By the desk's rules, or by those about hours that are booked online. Who comes, and how, was
    asked when the visit was booked and stays."""
    if actor.kind == "staff":
        return booking.offer_for(actor, wanted, wish, taken, now)
    public = audience.of_patient(actor, wish.plan, now, wanted.persons)
    if wish.reason is not None and wish.reason.by_invitation and wanted.invited:
        public = Public.INVITED
    return offering.check(wish, taken, now, public)


def _wishes(written: Details) -> Details:
    """What was asked for, without how the time was had."""
    return replace(written, overbooked=False, counted=False)


def _details(wanted: Booking, taken_so: Taken) -> Details:
    return Details(
        reason=wanted.reason_id,
        mode=wanted.mode,
        first_visit=wanted.first_visit,
        note=wanted.note,
        overbooked=taken_so.overbooked,
        kept=wanted.kept,
        counted=taken_so.counted,
        course=wanted.course,
        step=wanted.step,
    )

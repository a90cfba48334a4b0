"""Shifting a visit in the agenda: another time, column or length, for the same person and reason.

Moving decides (``moving``); this adds what a hand on the grid needs: who comes is found and never
shown, the length somebody gave a visit goes with it, and where it was comes back so that it can be
undone. A visit that lasts longer takes its practitioner's time and its room's alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from serment import ids
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.errors import Refused
from serment.scheduling import (
    availability,
    booking,
    cancelling,
    freed,
    moving,
    refusals,
    rules,
    sealed_details,
    wall_clock,
)
from serment.scheduling.models import Appointment, Seat, VisitReason
from serment.scheduling.sealed_details import Details

MINUTES_MIN, MINUTES_MAX = 5, 480
"""What the agenda reads back is at most eight hours long (``agenda``)."""

_DROP_EXPIRED = """
DELETE FROM scheduling_occupancy hold USING scheduling_occupancy own
WHERE own.establishment_id = %(tenant)s AND own.appointment_id = %(visit)s
  AND hold.establishment_id = own.establishment_id AND hold.claimant_id = own.claimant_id
  AND hold.kind = 'hold' AND hold.expires_at <= %(now)s
  AND hold.span && tstzrange(lower(own.span), upper(own.span) + %(by)s)
"""
_STRETCH = """
UPDATE scheduling_occupancy
SET span = tstzrange(lower(span), upper(span) + %(by)s), exclusive = %(alone)s
WHERE establishment_id = %(tenant)s AND appointment_id = %(visit)s
"""
# Of a visit that was booked over another the constraint says nothing: what it would take more is
# looked at by itself.
_MORE_IS_TAKEN = """
SELECT 1 FROM scheduling_occupancy own JOIN scheduling_occupancy other
  ON other.establishment_id = own.establishment_id AND other.claimant_id = own.claimant_id
 AND other.span && tstzrange(upper(own.span), upper(own.span) + %(by)s)
WHERE own.establishment_id = %(tenant)s AND own.appointment_id = %(visit)s
  AND other.appointment_id IS DISTINCT FROM own.appointment_id
  AND (other.exclusive OR other.kind = 'appointment')
LIMIT 1
"""
_IS_OVER = """
SELECT 1 FROM scheduling_occupancy
WHERE establishment_id = %(tenant)s AND appointment_id = %(visit)s AND NOT exclusive LIMIT 1
"""


class FileClosed(Refused):
    """Ce dossier est fermé : il a été effacé, ou il est gelé. Rien n’a changé."""


class AsLongForAll(Refused):
    """Une séance de groupe dure autant pour tous : sa durée ne change pas pour une personne."""


class NoSuchReasonThere(Refused):
    """Ce motif n’existe pas chez ce soignant : ouvrez le rendez-vous et choisissez « Déplacer »."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit is, and how long."""

    role_id: UUID
    starts_at: datetime
    minutes: int
    over: bool = False
    """Asked for: take the time although a rule says no. Found: it was taken so."""

    @property
    def at(self) -> tuple[UUID, datetime]:
        """Column and time, whatever the length."""
        return self.role_id, self.starts_at


@dataclass(frozen=True, slots=True)
class Shifted:
    """What was done."""

    was: Place
    patient_file: UUID
    moved: bool
    """Whether the time or the column changed: then the person is told."""
    step: int = 0
    """Its place among steps booked together, from 1: the others are where they were."""


def shift(
    actor: Actor, appointment_id: UUID, to: Place, now: datetime, seen: Place | None = None
) -> Shifted:
    """Move and stretch in one transaction, on record; durable on commit. Staff only.

    Raises ``MovedSince`` where it is not where it was ``seen``, ``AlreadyOver``, ``FileClosed``,
    ``NoSuchReasonThere``, ``AsLongForAll``, ``SlotTaken`` or another ``NotOffered`` with the rule
    in its sentence.
    """
    tenant = cancelling.seen(appointment_id).establishment_id
    if actor.kind != "staff" or actor.establishment != tenant:
        raise refusals.NoSuchAppointment
    with tenancy.inside(tenant):
        row = _locked(appointment_id)
        if seen is not None and (row.role_id, row.starts_at) not in (seen.at, to.at):
            raise refusals.MovedSince
        details = sealed_details.reveal_openable(actor, Purpose.BOOKING, [row]).get(row.id)
        if details is None:
            raise FileClosed
        was = Place(row.role_id, row.starts_at, _minutes(row), details.overbooked)
        file = gate.files_behind(actor, Purpose.BOOKING, [row.id])[row.id]
        if was.at != to.at:
            wanted = _wanted(was, to, details, file)
            row = moving.move(actor, row.id, wanted, now)
        if Seat.objects.filter(appointment_id=row.id).exists():
            if was.minutes != to.minutes:
                raise AsLongForAll
        elif _minutes(row) != to.minutes and _stretch(row, to, now):
            _record_overbooking(actor, row, file)
    return Shifted(was, file, moved=was.at != to.at, step=details.step)


def shift_back(
    actor: Actor, appointment_id: UUID, to: Place, now: datetime, seen: Place
) -> Shifted:
    """Undo a shift, before its message left: what was offered to who waits meanwhile, and nobody
    heard of, is taken back. Raises as ``shift``."""
    with transaction.atomic():
        ends_at = to.starts_at + timedelta(minutes=to.minutes)
        freed.take_back(to.role_id, (to.starts_at, ends_at), now)
        return shift(actor, appointment_id, to, now, seen)


def _locked(appointment_id: UUID) -> Appointment:
    row = Appointment.objects.select_for_update(of=("self",)).filter(id=appointment_id).first()
    if row is None:
        raise refusals.NoSuchAppointment
    if row.status not in cancelling.STANDING:
        raise refusals.AlreadyOver(_("Ce rendez-vous est déjà annulé ou passé."))
    return row


def _minutes(row: Appointment) -> int:
    return int((row.ends_at - row.starts_at).total_seconds() // 60)


def _wanted(was: Place, to: Place, details: Details, file: UUID) -> booking.Booking:
    mode: Literal["in_person", "video"] = "video" if details.mode == "video" else "in_person"
    return booking.Booking(
        role_id=to.role_id,
        reason_id=_reason(was, to, details),
        starts_at=to.starts_at,
        mode=mode,
        request_key=ids.new_id().bytes,
        patient_file=file,
        first_visit=details.first_visit,
        note=details.note,
        overbook=to.over,
        kept=details.kept,
    )


def _reason(was: Place, to: Place, details: Details) -> UUID:
    """The same reason; with another practitioner, theirs of the same name."""
    if details.reason is None:
        raise refusals.NoSuchReason
    if to.role_id == was.role_id:
        return details.reason
    name = VisitReason.objects.filter(pk=details.reason).values_list("name_fr", flat=True).first()
    found = VisitReason.objects.filter(role_id=to.role_id, active=True, name_fr=name or "").first()
    if found is None:
        raise NoSuchReasonThere
    return found.pk


def _stretch(row: Appointment, to: Place, now: datetime) -> bool:
    """Give it its length; longer, it must fit into open and free time or be wanted over it: whether
    it takes somebody else's with it."""
    if not MINUTES_MIN <= to.minutes <= MINUTES_MAX:
        raise Refused
    by = timedelta(minutes=to.minutes - _minutes(row))
    ends_at = row.ends_at + by
    if by > timedelta(0) and not to.over and not _open_until(row, ends_at):
        raise refusals.NotOffered(_("La consultation finirait après la fermeture."))
    values: dict[str, Any] = {"tenant": row.establishment_id, "visit": row.id, "by": by, "now": now}
    over = _take_more(values, longer=by > timedelta(0), wanted=to.over)
    row.ends_at = ends_at
    row.save(update_fields=["ends_at"])
    return over


def _take_more(values: dict[str, Any], *, longer: bool, wanted: bool) -> bool:
    """Change what its time takes, and a room's; whether some of it is somebody else's too. It is
    its own again once nothing else lies in it."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP_EXPIRED, values)
        cursor.execute(_IS_OVER, values)
        was_over = cursor.fetchone() is not None
        taken = False
        if longer:
            cursor.execute(_MORE_IS_TAKEN, values)
            taken = cursor.fetchone() is not None
        if taken and not wanted:
            raise refusals.SlotTaken(_("Ce temps est déjà pris."))
        try:
            with transaction.atomic():
                cursor.execute(_STRETCH, values | {"alone": not taken})
        except IntegrityError as rival:
            if not (wanted or was_over):
                raise refusals.SlotTaken(_("Ce temps est déjà pris.")) from rival
            cursor.execute(_STRETCH, values | {"alone": False})
            taken = True
    return taken and longer


def _record_overbooking(actor: Actor, row: Appointment, file: UUID) -> None:
    """A time taken over somebody else's is an act on record, however it was taken."""
    details = sealed_details.reveal(actor, Purpose.BOOKING, [row])[row.id]
    if details.overbooked:
        return
    values = {"details": replace(details, overbooked=True).as_json()}
    gate.seal(actor, Purpose.BOOKING, row, values, subject=file, tenant=row.establishment_id)
    row.save(update_fields=["details"])


def _open_until(row: Appointment, ends_at: datetime) -> bool:
    """Whether the time it would take more lies inside the hours of that day."""
    span = wall_clock.minute_of(row.ends_at), wall_clock.minute_of(ends_at)
    plan = rules.plans([row.role_id], span, using="default").get(row.role_id)
    if plan is None:
        return False
    day = wall_clock.local_date(span[0] - 1, plan.calendar.zone)
    opened = availability.open_spans(plan.calendar, None, day)
    spans = availability.merged((low, high) for low, high, _release in opened)
    shut = availability.shut_spans(plan.calendar, day)
    free = availability.without(spans, shut)
    return any(low <= span[0] and span[1] <= high for low, high in free)

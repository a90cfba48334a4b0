"""How a visit goes on the day: arrived, in the room, seen, did not come; who waits, since when.

The state is in clear, as FHIR says it. Since when somebody waits is closed in the row under a key
of the keeper's, and forgotten once they were seen; who said so is sealed, on record.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure import Actor, NotYours, Purpose, gate
from serment.outbox import references
from serment.scheduling import cancelling, missed, refusals
from serment.scheduling.models import Appointment

Status = Appointment.Status
HERE: Final = (Status.ARRIVED, Status.IN_ROOM)
_FROM: Final[dict[str, tuple[str, ...]]] = {
    Status.ARRIVED: (Status.BOOKED, Status.NOSHOW, Status.IN_ROOM),
    Status.IN_ROOM: (Status.BOOKED, Status.ARRIVED, Status.NOSHOW),
    Status.FULFILLED: (Status.BOOKED, Status.ARRIVED, Status.IN_ROOM, Status.NOSHOW),
    Status.NOSHOW: (Status.BOOKED, Status.ARRIVED),
    Status.BOOKED: (Status.ARRIVED, Status.IN_ROOM, Status.NOSHOW, Status.FULFILLED),
}
_DIGITS: Final = 10
_NEAR: Final = timedelta(hours=12)
"""Whoever was forgotten on the board is gone the next morning."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Since when somebody is here, to the minute, and since when in the room."""

    arrived_at: datetime
    entered_at: datetime | None = None

    def closed(self, appointment_id: UUID) -> bytes:
        """For the row; as long for everybody."""
        told = [self.arrived_at, self.entered_at]
        minutes = [0 if one is None else int(one.timestamp()) // 60 for one in told]
        text = "".join(f"{one:0{_DIGITS}d}" for one in minutes)
        return references.closed(text, appointment_id.bytes)


def presence(closed: bytes | memoryview | None, appointment_id: UUID) -> Presence | None:
    """From the row; None where nobody said when."""
    told = references.opened(bytes(closed), appointment_id.bytes) if closed else ""
    if not told:
        return None
    entered = int(told[_DIGITS:])
    return Presence(_instant(int(told[:_DIGITS])), _instant(entered) if entered else None)


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One who is here: for whom, since when; who it is, is not said."""

    id: UUID
    role_id: UUID
    starts_at: datetime
    in_room: bool
    since: Presence | None


def here(role_ids: Sequence[UUID], now: datetime) -> list[Waiting]:
    """Who is here for these practitioners, by their hour; inside the house."""
    near = (now - _NEAR, now + _NEAR)
    rows = Appointment.objects.filter(
        role_id__in=role_ids, starts_at__range=near, status__in=HERE
    ).order_by("starts_at", "id")
    found = rows.values_list("id", "role_id", "starts_at", "status", "presence")
    return [
        Waiting(pk, role, starts_at, status == Status.IN_ROOM, presence(kept, pk))
        for pk, role, starts_at, status, kept in found
    ]


def how_many_wait(establishment_id: UUID, now: datetime) -> int:
    """Of the whole house."""
    near = (now - _NEAR, now + _NEAR)
    with tenancy.inside(establishment_id):
        return Appointment.objects.filter(
            establishment_id=establishment_id, starts_at__range=near, status=Status.ARRIVED
        ).count()


def mark(
    actor: Actor, appointment_id: UUID, status: str, now: datetime, as_seen: datetime | None = None
) -> Appointment:
    """Say how a visit goes; staff only, its time stays taken. Said twice, it is said once.

    Raises ``NoSuchAppointment``, ``MovedSince``, or ``AlreadyOver`` where that cannot follow.
    """
    appointment = cancelling.seen(appointment_id)
    tenant = appointment.establishment_id
    if actor.kind != "staff" or actor.establishment != tenant:
        raise refusals.NoSuchAppointment(_("Ce rendez-vous n’existe pas, ou n’est pas le vôtre."))
    with tenancy.inside(tenant):
        cancelling.must_begin(appointment, as_seen)
        appointment.refresh_from_db(fields=["status", "presence", "missed"])
        if appointment.status == status:
            return appointment
        if appointment.status not in _FROM.get(status, ()):
            raise refusals.AlreadyOver(_("Ce rendez-vous est déjà annulé ou passé."))
        was, appointment.status = appointment.status, status
        appointment.presence = _presence_now(appointment, now)
        _seal_course(actor, appointment, now)
        missed.follow(actor, appointment, was, now)
        appointment.save(update_fields=["status", "presence", "course", "missed"])
    return appointment


def _presence_now(appointment: Appointment, now: datetime) -> bytes | None:
    """When they came stays as it was; forgotten when nobody waits any more."""
    if appointment.status not in HERE:
        return None
    known = presence(appointment.presence, appointment.id)
    arrived_at = known.arrived_at if known else now
    entered_at = now if appointment.status == Status.IN_ROOM else None
    return Presence(arrived_at, entered_at).closed(appointment.id)


def _seal_course(actor: Actor, appointment: Appointment, now: datetime) -> None:
    """Who said so and when, sealed and on record like everything written about a person."""
    told = {"state": appointment.status, "by": str(actor.id), "at": now.isoformat("T", "minutes")}
    try:
        file = gate.files_behind(actor, Purpose.AGENDA, [appointment.id])[appointment.id]
        gate.seal(
            actor, Purpose.AGENDA, appointment, {"course": json.dumps(told)},
            subject=file, tenant=appointment.establishment_id,
        )  # fmt: skip
    except NotYours:
        # Nothing is written any more about somebody who was erased; the agenda still goes on.
        return

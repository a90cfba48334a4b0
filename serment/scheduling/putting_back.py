"""Undoing a cancellation at the desk: the same person, times and reasons, all of them or none.

Each is a new appointment at the time of the former, whose row stays cancelled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from serment.disclosure import Actor, Purpose, gate
from serment.outbox import post
from serment.scheduling import booking, freed, refusals, sealed_details
from serment.scheduling.booking import Booking
from serment.scheduling.models import Appointment
from serment.scheduling.sealed_details import Details


@dataclass(frozen=True, slots=True)
class PutBack:
    """What stands again, for whom, and whether nobody hears of it: nothing had left yet."""

    made: list[Appointment]
    file: UUID
    quiet: bool


def put_back(
    actor: Actor, cancelled: Sequence[Appointment], now: datetime, *, over: bool = False
) -> PutBack | None:
    """Of one person and one house, cancelled together; None where something does not open any more.
    ``over``: also where the hours were closed meanwhile.

    The same twice is the same appointments. Raises ``SlotTaken`` or another ``NotOffered`` where
    one of the times is gone; ``NoSuchReason``.
    """
    rows = sorted(cancelled, key=lambda one: (one.role_id, one.starts_at))
    known = sealed_details.reveal_openable(actor, Purpose.BOOKING, rows)
    if not rows or len(known) < len(rows):
        return None
    behind = gate.files_behind(actor, Purpose.BOOKING, [one.id for one in rows])
    wanted = [_again(one, known[one.id], behind[one.id], over=over) for one in rows]
    with transaction.atomic():
        for one in rows:
            freed.take_back(one.role_id, (one.starts_at, one.ends_at), now)
        made = booking.book_all(actor, wanted, now)
    told_of = min(rows, key=lambda one: one.starts_at)
    quiet = post.undone(told_of.id, made[0].id, told_of.establishment_id)
    return PutBack(made, behind[told_of.id], quiet)


def _again(former: Appointment, details: Details, file: UUID, *, over: bool) -> Booking:
    if details.reason is None:
        raise refusals.NoSuchReason
    return Booking(
        role_id=former.role_id,
        reason_id=details.reason,
        starts_at=former.starts_at,
        mode="video" if details.mode == "video" else "in_person",
        # Pressed twice, it is put back once. Keyed by the keeper: from a dump nobody can compute
        # it, which would tie the two rows together.
        request_key=hashlib.sha256(gate.alias(f"put back {former.id}").encode()).digest()[:16],
        patient_file=file,
        first_visit=details.first_visit,
        note=details.note,
        overbook=over,
        kept=details.kept,
        course=details.course,
        step=details.step,
    )

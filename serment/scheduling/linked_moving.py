"""Moving steps that were booked together: all in one transaction, told of in one message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import psycopg
from django.db import OperationalError

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose
from serment.scheduling import (
    cancelling,
    linked_booking,
    moving,
    occupying,
    offering,
    refusals,
    sealed_details,
)
from serment.scheduling.booking import Booking
from serment.scheduling.linked_booking import Later, StepsBroken
from serment.scheduling.models import Appointment

_Move = tuple[UUID, Booking, offering.Wish]


def move(
    actor: Actor, visits: Sequence[UUID], form: Booking, later: Sequence[Later], now: datetime,
    as_seen: datetime | None = None,
) -> list[Appointment]:  # fmt: skip
    """Put these visits, in the order of their steps, where ``form`` and ``later`` say; durable on
    commit, all or none. Who stays where they are keeps their time.

    The transaction stands as for ``moving.move``. ``as_seen``: when the first began as somebody saw
    it. Raises as that does, and ``StepsBroken`` where the new times are not the reason's steps.
    """
    wanted = linked_booking.steps_of(form, later)
    house = cancelling.seen(visits[0]).establishment_id
    elsewhere = any(wish.plan.establishment_id != house for _form, wish in wanted)
    if elsewhere or (actor.kind == "staff" and actor.establishment != house):
        raise refusals.NoSuchAppointment
    if len(visits) != len(wanted):
        raise StepsBroken
    moves = [(one, *step) for one, step in zip(visits, wanted, strict=True)]
    try:
        with tenancy.inside(house):
            return _moved(actor, house, moves, now, as_seen)
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
            raise
        raise refusals.SlotTaken from error


def _moved(
    actor: Actor, house: UUID, moves: Sequence[_Move], now: datetime, as_seen: datetime | None
) -> list[Appointment]:
    rows = _locked([one for one, _form, _wish in moves])
    first = rows[moves[0][0]]
    if as_seen is not None and first.starts_at not in (as_seen, moves[0][1].starts_at):
        raise refusals.MovedSince
    changed = [
        (one, form, wish)
        for one, form, wish in moves
        if (rows[one].role_id, rows[one].starts_at) != (form.role_id, form.starts_at)
    ]
    # All times are given up before one is taken: a step may come where another was.
    for one, _form, _wish in changed:
        occupying.release(house, one)
    details = sealed_details.reveal_openable(actor, Purpose.BOOKING, list(rows.values()))
    # What is kept from those who act for the person is named in no message about the others.
    open_ = [one for one in rows if one not in details or not details[one].kept]
    told = next((one for one, _form, _wish in changed if one in open_), None)
    others = [one for one in open_ if one != told]
    for one, form, wish in sorted(changed, key=_in_order):
        along = others if one == told else None
        rows[one] = moving.exchanged(actor, one, form, wish, now, others=along)
    return [rows[one] for one, _form, _wish in moves]


def _locked(visits: Sequence[UUID]) -> dict[UUID, Appointment]:
    """The rows, locked in one order everywhere."""
    found = Appointment.objects.select_for_update(of=("self",)).filter(id__in=visits)
    rows = {one.id: one for one in found.order_by("id")}
    if len(rows) < len(visits):
        raise refusals.NoSuchAppointment
    if any(one.status not in cancelling.STANDING for one in rows.values()):
        raise refusals.AlreadyOver
    return rows


def _in_order(one: _Move) -> tuple[UUID, datetime]:
    return one[2].plan.role_id, one[2].starts_at

"""Steps of one booking: proposed, kept and booked together, all or none.

An orthoptist, then an ophthalmologist: one reason, one form, one message. That the visits belong
together stands in their sealed details alone, as of a series (docs/decisions/0057).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from serment import ids
from serment.directory import tenancy
from serment.directory.pipeline import together
from serment.disclosure import Actor
from serment.scheduling import (
    audience,
    booking,
    explain,
    holders,
    holding,
    linked,
    linked_times,
    occupying,
    offering,
    refusals,
    rules,
    series,
    wall_clock,
)
from serment.scheduling.booking import Booking
from serment.scheduling.linked_times import At, Found
from serment.scheduling.models import Appointment
from serment.scheduling.recurrence import Public

USING = "default"


class StepClosed(refusals.NotOffered):
    """Une des étapes ne trouve pas de place à partir de cette heure."""


class StepsBroken(refusals.NotOffered):
    """Ces étapes ne se suivent pas comme il faut : choisissez-les à nouveau."""


@dataclass(frozen=True, slots=True)
class Later:
    """A step after the first, as somebody wants it."""

    role_id: UUID
    reason_id: UUID
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class _Asked:
    plan: rules.Plan
    reason: rules.Reason
    minute: int


def propose(
    actor: Actor, role_id: UUID, reason_id: UUID, first: datetime, now: datetime,
    picks: Sequence[Later] = (),
) -> list[Found]:  # fmt: skip
    """The steps that follow a first one, as they are free now; nothing is written.

    What the account keeps itself does not count as taken. Raises ``StepClosed`` with the step that
    has no place, or ``ReasonClosed``.
    """
    asked, present = _asked(role_id, reason_id, first), wall_clock.minute_of(now)
    plan, reason = asked.plan, asked.reason
    with tenancy.inside(plan.establishment_id):
        mine: dict[UUID, set[tuple[int, int]]] = {}
        if actor.kind == "staff":
            reason = replace(reason, visit=reason.visit.for_desk())
        else:
            reason = reason.seen_by(_public(actor, asked, now))
            mine = holders.mine(holders.tag_of(actor))
        window = (asked.minute, asked.minute + 1)
        ways = linked.ways_of([reason], window, present, using=USING, mine=mine)
        at = At(linked.way(plan, reason), asked.minute)
        wanted = [(one.role_id, one.reason_id, _minute(one)) for one in picks]
        found = linked_times.chain(at, reason.steps, linked.layers(reason.steps, ways), wanted)
        if isinstance(found, linked_times.Broken):
            why = explain.next_steps(plan, reason, asked.minute, present, ways)
            raise StepClosed(why, offering.nearest(plan, reason, asked.minute, present))
    return found


def hold(actor: Actor, first: Later, later: Sequence[Later], now: datetime) -> holding.Hold:
    """Keep every step while the form is filled, all or none. Raises as ``holding.hold``."""
    wishes = [offering.wish(one.role_id, one.reason_id, one.starts_at) for one in [first, *later]]
    return holding.hold_all(actor, sorted(wishes, key=_in_order), now)


def book(actor: Actor, form: Booking, later: Sequence[Later], now: datetime) -> list[Appointment]:
    """Book the form's visit and the steps after it in one transaction, told of in one message.

    The same form twice is the same visits. Raises ``StepsBroken`` where these are not the reason's
    steps, ``SlotTaken`` where one of them is gone, and whatever ``booking.book`` raises.
    """
    wanted = steps_of(form, later)
    tenant = wanted[0][1].plan.establishment_id
    order = sorted(wanted, key=lambda one: _in_order(one[1]))
    course = ids.new_id()
    lock = holders.stand(holders.tag_of(actor)) if actor.kind == "patient" else []
    with tenancy.inside(tenant, along=lock):
        kept_at = _given_up(actor, tenant, [wish for _form, wish in order], now)
        forms = [replace(one, course=course, kept_at=kept_at) for one, _wish in order]
        made = booking.book_all(actor, forms, now)
    return sorted(made, key=lambda one: one.starts_at)


def steps_of(form: Booking, later: Sequence[Later]) -> list[tuple[Booking, offering.Wish]]:
    """A form for each step, in order, with the rules about it. Raises ``StepsBroken``."""
    wishes = [offering.wish(form.role_id, form.reason_id, form.starts_at)]
    wishes += [offering.wish(one.role_id, one.reason_id, one.starts_at) for one in later]
    reason = wishes[0].reason
    if reason is None:
        raise refusals.ReasonClosed
    if not reason.steps or len(later) != len(reason.steps):
        raise StepsBroken
    before = _at(wishes[0])
    for step, wish in zip(reason.steps, wishes[1:], strict=True):
        if (wish.plan.role_id, wish.reason and wish.reason.visit.id) not in step.ways:
            raise StepsBroken
        after = _at(wish)
        if not linked_times.follows(before, after, step):
            raise StepsBroken
        before = after
    return [
        (
            replace(
                form, role_id=wish.plan.role_id, reason_id=_reason(wish).visit.id,
                starts_at=wish.starts_at, mode=_mode(form, _reason(wish)), step=number + 1,
                request_key=series.key_of(form.request_key, number),
            ),
            wish,
        )
        for number, wish in enumerate(wishes)
    ]  # fmt: skip


def _given_up(
    actor: Actor, tenant: UUID, order: Sequence[offering.Wish], now: datetime
) -> datetime | None:
    """Give the account's hold up for what is booked now; when it was taken, if it was of this."""
    if actor.kind != "patient":
        return None
    (rows,) = together([holders.held_statement(holders.tag_of(actor))])
    former = holders.held(rows)
    if former is None or former.tenant != tenant:
        return None
    kept_at = None
    if holding.keeps_all(former, order, now) and min(one.starts_at for one in order) > now:
        kept_at = min(now, former.expires_at - timedelta(minutes=holders.HOLD_MINUTES))
    together([occupying.drop_hold(former.claimant, tenant, former.occupancy)])
    return kept_at


def _asked(role_id: UUID, reason_id: UUID, first: datetime) -> _Asked:
    wish = offering.wish(role_id, reason_id, first)
    if wish.reason is None:
        raise refusals.ReasonClosed
    return _Asked(wish.plan, wish.reason, wish.minute)


def _public(actor: Actor, asked: _Asked, now: datetime) -> Public:
    """For whom hours are kept, at any of the steps' practitioners: all are of one house."""
    roles = [role for step in asked.reason.steps for role, _reason in step.ways]
    return audience.of_any(actor, [asked.plan.role_id, *roles], asked.plan.establishment_id, now)


def _at(wish: offering.Wish) -> At:
    return At(linked.way(wish.plan, _reason(wish)), wish.minute)


def _reason(wish: offering.Wish) -> rules.Reason:
    if wish.reason is None:
        raise StepsBroken
    return wish.reason


def _mode(form: Booking, reason: rules.Reason) -> Literal["in_person", "video"]:
    """As asked for, where this step can be so; else as it can be."""
    if reason.allows(form.mode):
        return form.mode
    return "in_person" if reason.in_person else "video"


def _in_order(wish: offering.Wish) -> tuple[UUID, datetime]:
    """By practitioner and time: two who want some of the same never wait for each other."""
    return wish.plan.role_id, wish.starts_at


def _minute(one: Later) -> int:
    return wall_clock.minute_of(one.starts_at)

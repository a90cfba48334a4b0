"""A visit reason that is a series: its dates proposed, kept and booked together, all or none.

When a session may be is asked of the same engine as every slot (``availability``); what a series
adds is in ``series_dates``. That visits belong together stands in their sealed details alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import ngettext

from serment import ids
from serment.directory import tenancy
from serment.disclosure import Actor
from serment.scheduling import (
    audience,
    availability,
    booking,
    counting,
    holders,
    holding,
    offering,
    refusals,
    rules,
    series_dates,
    wall_clock,
)
from serment.scheduling.availability import Span
from serment.scheduling.booking import Booking
from serment.scheduling.models import Appointment, VisitReason
from serment.scheduling.series_dates import Session, Terms

USING = "default"


class NoSeries(refusals.NotOffered):
    """Toutes les séances ne trouvent pas de place à partir de cette heure."""


class SeriesBroken(refusals.NotOffered):
    """Ces dates ne se suivent pas comme il faut : choisissez-les à nouveau."""


def terms_of(reason: VisitReason | rules.Reason) -> Terms:
    """What a reason says of its series; one visit where it is none."""
    if isinstance(reason, rules.Reason):
        return Terms(reason.sessions, *reason.apart)
    return Terms(reason.sessions, reason.apart_least_days, reason.apart_most_days)


def propose(
    actor: Actor, role_id: UUID, reason_id: UUID, first: datetime, now: datetime,
    picks: Sequence[datetime] = (),
) -> list[Session]:  # fmt: skip
    """The visits that follow a first one, as they are free now; nothing is written.

    ``picks``: wanted times, in order. What the account keeps itself does not count as taken. Raises
    ``NoSeries`` with how many visits there would be, or ``ReasonClosed``.
    """
    minute, present = wall_clock.minute_of(first), wall_clock.minute_of(now)
    terms, plan, reason = _asked(role_id, reason_id, minute)
    window = _window(minute, terms)
    with tenancy.inside(plan.establishment_id):
        if actor.kind == "staff":
            reason = replace(reason, visit=reason.visit.for_desk())
            mine: dict[UUID, set[Span]] = {}
        else:
            reason = reason.seen_by(audience.of_patient(actor, plan, now))
            mine = holders.mine(holders.tag_of(actor))
        free = _free(plan, reason, window, present, mine)
    wanted = [wall_clock.minute_of(one) for one in picks]
    found = series_dates.propose(minute, free, terms, plan.calendar.zone, wanted)
    if isinstance(found, series_dates.TooFew):
        raise NoSeries(_too_few(found.sessions, terms.sessions))
    return found


def _too_few(found: int, wanted: int) -> str:
    told = {"count": found, "all": wanted}
    return (
        ngettext(
            "À partir de cette heure, une seule séance sur %(all)d trouve une place. Choisissez une"
            " autre première date, ou appelez le cabinet.",
            "À partir de cette heure, %(count)d séances sur %(all)d trouvent une place. Choisissez"
            " une autre première date, ou appelez le cabinet.",
            found,
        )
        % told
    )


def _asked(role_id: UUID, reason_id: UUID, minute: int) -> tuple[Terms, rules.Plan, rules.Reason]:
    row = VisitReason.objects.filter(id=reason_id, role_id=role_id).first()
    if row is None:
        raise refusals.NoSuchReason
    terms = terms_of(row)
    plan = rules.plans([role_id], _window(minute, terms), using=USING).get(role_id)
    reason = plan.reasons.get(reason_id) if plan else None
    if plan is None or reason is None:
        raise refusals.ReasonClosed
    return terms, plan, reason


def _window(minute: int, terms: Terms) -> Span:
    return minute, minute + (terms.days + 2) * wall_clock.DAY_MINUTES


def _free(
    plan: rules.Plan, reason: rules.Reason, window: Span, now: int, mine: dict[UUID, set[Span]]
) -> list[int]:
    """Slots of the reason as the engine gives them, the account's own time given back."""
    if not mine:
        return offering.free_minutes(plan, reason, window, now)
    taken = {
        claimant: [span for span in spans if span not in mine.get(claimant, ())]
        for claimant, spans in rules.taken([plan], window, now, using=USING).items()
    }
    asked = {plan.role_id: (plan.calendar, reason.visit)}
    full = counting.full_days(asked, window, using=USING).get(plan.role_id, rules.NO_DAYS)
    limits = plan.limits(reason, taken, full)
    busy = taken.get(plan.role_id, [])
    return list(availability.slots(plan.calendar, reason.visit, busy, window, now, limits))


def hold(
    actor: Actor, role_id: UUID, reason_id: UUID, starts: Sequence[datetime], now: datetime
) -> holding.Hold:
    """Keep every session while the form is filled, all or none. Raises as ``holding.hold``."""
    return holding.hold_all(actor, [offering.wish(role_id, reason_id, at) for at in starts], now)


def book(
    actor: Actor, form: Booking, later: Sequence[datetime], now: datetime
) -> list[Appointment]:
    """Book the form's visit and those after it in one transaction, told of in one message.

    The same form twice is the same visits. Raises ``SeriesBroken`` where the dates are not a series
    of the reason, ``SlotTaken`` where one of them is gone, and whatever ``booking.book`` raises.
    """
    starts = [form.starts_at, *later]
    terms, plan, _reason = _asked(form.role_id, form.reason_id, wall_clock.minute_of(starts[0]))
    minutes = [wall_clock.minute_of(one) for one in starts]
    if not series_dates.fits(minutes, terms, plan.calendar.zone):
        raise SeriesBroken
    course = ids.new_id()
    wanted = [
        replace(form, starts_at=at, request_key=key_of(form.request_key, number), course=course)
        for number, at in enumerate(starts)
    ]
    return booking.book_all(actor, wanted, now)


def key_of(request_key: bytes, number: int) -> bytes:
    """Each visit's own key, from which the form's cannot be found: two rows of one form must not
    know each other."""
    return hashlib.blake2b(number.to_bytes(2), key=request_key, digest_size=32).digest()

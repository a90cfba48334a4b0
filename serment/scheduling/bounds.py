"""Before which minute somebody can have no slot, from the rules alone. Pure.

Time taken only takes away, but it also moves the walk (``availability``): a visit may then start at
any minute of what is open. So the bound is the first minute from which a whole visit fits into what
the rules leave open; whatever is taken, no slot comes earlier. Which slot it is, and whether there
is one, the engine alone says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from serment.scheduling import availability, wall_clock
from serment.scheduling.availability import Calendar, OpenSpan, Span, Visit

DaySpans = Callable[[date], Sequence[OpenSpan]]
"""Of one local date, between which minutes a visit may start, both included, and the release."""
ONE_DAY = timedelta(days=1)


def starts_on(calendar: Calendar, visit: Visit, day: date) -> tuple[OpenSpan, ...]:
    """Between which minutes a visit may start on a local date, as far as the rules say."""
    opened = availability.open_spans(calendar, visit, day)
    if not opened:
        return ()
    shut = availability.shut_spans(calendar, day)
    ahead, behind = visit.buffer_before, visit.block - visit.buffer_before
    return tuple(
        (low + ahead, high - behind, release)
        for start, end, release in opened
        for low, high in availability.without([(start, end)], shut)
        if high - low >= visit.block
    )


def first_possible(
    calendar: Calendar,
    visit: Visit,
    window: Span,
    now: int,
    on: DaySpans,
    long: Sequence[Span] = (),
) -> int | None:
    """No slot within the window starts earlier than this; None where there can be none.

    ``on`` answers as ``starts_on`` does. ``long``: stretches of time taken, in order, that are
    stepped over, so that days inside them are not looked at.
    """
    first = max(window[0], availability.first_minute(visit, now))
    last = availability.last_day(calendar, visit, now)
    while True:
        for low, high in long:
            if low <= first < high:
                first = high
        at = _first_on(calendar, (first, window[1]), now, last, on)
        if at is None or not any(low <= at < high for low, high in long):
            return at
        first = at


def _first_on(calendar: Calendar, window: Span, now: int, last: date, on: DaySpans) -> int | None:
    first, end = window
    if first >= end:
        return None
    day = wall_clock.local_date(first, calendar.zone)
    last = min(last, wall_clock.local_date(end - 1, calendar.zone))
    while day <= last:
        for low, high, release in on(day):
            at = max(low, first)
            if at <= high and (release is None or at <= now + release):
                return at if at < end else None
        day += ONE_DAY
    return None

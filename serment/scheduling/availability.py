"""From rules and time taken to slots: the one place that decides what is bookable.

Pure: no Django, no database, no clock. Slots are derived here and stored nowhere.

A day's openings, minus exceptions, absences and time taken, are walked from their first minute in
steps of a whole visit (buffer, duration, buffer). Where something stands in the way the walk goes
on at its end, at the next full five minutes. So what a patient sees depends neither on the window
asked for nor on the hour of asking. No slot crosses midnight.

A visit may also need one of several others to be free for its whole block: a room, a device, the
person who stands in for somebody (``Need``). And a day may be full for its reason (``Limits``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from serment.scheduling import wall_clock
from serment.scheduling.recurrence import Away, Opening, Public

__all__ = ["Away", "Opening", "Public"]

GRID_MINUTES = 5
DESK_HORIZON_DAYS = 3660
NEVER = 1 << 40
"""A minute that no calendar reaches."""

Span = tuple[int, int]
"""Minutes since the epoch: from, and the first one not included."""
OpenSpan = tuple[int, int, int | None]
"""A span that is open, and how many minutes before its start a slot in it is released."""


def _never(day: date) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class DatedHours:
    """Hours of one date that differ from the week; ``opened`` also on a public holiday."""

    day: date
    starts: int
    ends: int
    opened: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """What of a visit reason decides about slots."""

    id: UUID
    duration: int
    buffer_before: int = 0
    buffer_after: int = 0
    notice: int = 0
    horizon_days: int = 90
    late_release: int | None = None
    daily_cap: int | None = None
    audience: Public = Public.EVERYONE
    """Who asks, as far as hours are kept for some."""

    @property
    def block(self) -> int:
        """Minutes that one visit takes, buffers included."""
        return self.buffer_before + self.duration + self.buffer_after

    @property
    def at_desk(self) -> bool:
        """Whether it is judged as the desk does (``for_desk``)."""
        return self.horizon_days == DESK_HORIZON_DAYS

    def for_desk(self) -> Visit:
        """The same visit without the rules that are made for booking online."""
        return replace(
            self,
            notice=0,
            horizon_days=DESK_HORIZON_DAYS,
            late_release=None,
            audience=Public.INVITED,
        )


@dataclass(frozen=True, slots=True)
class Calendar:
    """The rules of one role, in its site's zone."""

    zone: ZoneInfo
    openings: tuple[Opening, ...] = ()
    exceptions: tuple[DatedHours, ...] = ()
    absences: tuple[Span, ...] = ()
    is_holiday: Callable[[date], bool] = field(default=_never)
    away: tuple[Away, ...] = ()
    """Times away that come back each week or every few."""
    closures: tuple[Span, ...] = ()
    """When the whole house, or this site of it, is closed."""

    @property
    def keeps_hours(self) -> bool:
        """Whether some hours are not for everybody."""
        return any(opening.public for opening in self.openings)


@dataclass(frozen=True, slots=True)
class Need:
    """One of several others that must be free for a visit's whole block; each has its time taken.

    ``within``: the need holds for blocks that touch this span only, and always without one.
    """

    name: str
    claimants: tuple[UUID, ...]
    taken: tuple[tuple[Span, ...], ...]
    """Of each claimant, disjoint and in order."""
    within: Span | None = None

    def concerns(self, block: Span) -> bool:
        """Whether a visit in that block needs it."""
        return self.within is None or touches(block, (self.within,))

    def free(self, block: Span) -> list[UUID]:
        """Those free for the whole block, in the order of the house."""
        return [
            one
            for one, busy in zip(self.claimants, self.taken, strict=True)
            if not touches(block, busy)
        ]

    def resumes(self, block: Span) -> int | None:
        """None where it can be had for the block; else the first minute worth looking at again."""
        if not self.concerns(block):
            return None
        ends = [_first_end(block, busy) for busy in self.taken]
        if any(end is None for end in ends):
            return None
        after = self.within[1] if self.within is not None else NEVER
        return min([after, *(end for end in ends if end is not None)])


@dataclass(frozen=True, slots=True)
class Limits:
    """What else decides about one reason's visits, beside the calendar and the time taken."""

    needs: tuple[Need, ...] = ()
    full_days: frozenset[date] = frozenset()
    """Local dates on which as many of its visits are booked as it allows."""
    elsewhere: tuple[Span, ...] = ()
    """Of the time taken, what an outside calendar takes: told apart where it is explained."""


NO_LIMITS = Limits()


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time as disjoint spans in order; touching ones become one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def without(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """``spans`` minus ``taken``; both disjoint and in order."""
    found: list[Span] = []
    for start, end in spans:
        at = start
        for low, high in taken:
            if high <= at:
                continue
            if low >= end:
                break
            if low > at:
                found.append((at, low))
            at = high
        if at < end:
            found.append((at, end))
    return found


def touches(block: Span, spans: Iterable[Span]) -> bool:
    """Whether a span takes any minute of the block."""
    return any(start < block[1] and block[0] < end for start, end in spans)


def _first_end(block: Span, busy: Sequence[Span]) -> int | None:
    """The end of the first span that takes a minute of the block (disjoint, in order)."""
    position = bisect_right(busy, block[0], key=_start)
    if position and busy[position - 1][1] > block[0]:
        return busy[position - 1][1]
    if position < len(busy) and busy[position][0] < block[1]:
        return busy[position][1]
    return None


def _start(span: Span) -> int:
    return span[0]


def _strictest(*releases: int | None) -> int | None:
    return min((release for release in releases if release is not None), default=None)


def open_spans(calendar: Calendar, visit: Visit | None, day: date) -> Sequence[OpenSpan]:
    """What the rules open on one local date, before exceptions that close and time taken.

    Where openings overlap, the more generous release wins.
    """
    reason_id, kept, audience = None, None, Public.INVITED
    if visit is not None:
        reason_id, kept, audience = visit.id, visit.late_release, visit.audience
    weekly = tuple([rule for rule in calendar.openings if rule.applies(day, reason_id, audience)])
    dated = [one for one in calendar.exceptions if one.opened and one.day == day]
    if not dated and not weekly:
        return ()
    holiday = calendar.is_holiday(day)
    if not dated:
        return _weekly_spans(weekly, day, calendar.zone, holiday, kept)
    by_release = _by_release(weekly, day, calendar.zone, holiday, kept)
    for one in dated:
        spans = wall_clock.ranges(day, one.starts, one.ends, calendar.zone)
        by_release.setdefault(kept, []).extend(spans)
    return _by_generosity(by_release)


@lru_cache(maxsize=16384)
def _weekly_spans(
    weekly: tuple[Opening, ...], day: date, zone: ZoneInfo, holiday: bool, kept: int | None
) -> tuple[OpenSpan, ...]:
    """The same for all who keep the same hours, as most of a search's practitioners do."""
    return _by_generosity(_by_release(weekly, day, zone, holiday, kept))


def _by_release(
    weekly: Iterable[Opening], day: date, zone: ZoneInfo, holiday: bool, kept: int | None
) -> dict[int | None, list[Span]]:
    found: dict[int | None, list[Span]] = {}
    for rule in weekly:
        if not (holiday and rule.closed_on_holidays):
            spans = wall_clock.ranges(day, rule.starts, rule.ends, zone)
            found.setdefault(_strictest(rule.late_release, kept), []).extend(spans)
    return found


def _by_generosity(by_release: dict[int | None, list[Span]]) -> tuple[OpenSpan, ...]:
    covered: list[Span] = []
    found: list[OpenSpan] = []
    for release in sorted(by_release, key=lambda r: (r is not None, -(r or 0))):
        for start, end in without(merged(by_release[release]), covered):
            found.append((start, end, release))
        if len(by_release) > 1:
            covered = merged([*covered, *by_release[release]])
    return tuple(sorted(found, key=lambda span: span[0]))


def closed_spans(calendar: Calendar, day: date) -> list[Span]:
    """What exceptions close on one local date."""
    return [
        span
        for dated in calendar.exceptions
        if not dated.opened and dated.day == day
        for span in wall_clock.ranges(day, dated.starts, dated.ends, calendar.zone)
    ]


def away_spans(calendar: Calendar, day: date) -> list[Span]:
    """What recurring absences take of one local date."""
    return [
        span
        for away in calendar.away
        if away.falls_on(day)
        for span in wall_clock.ranges(day, away.starts, away.ends, calendar.zone)
    ]


def shut_spans(calendar: Calendar, day: date) -> list[Span]:
    """All that closes some of one local date, of whatever kind; disjoint and in order."""
    dated = [*closed_spans(calendar, day), *away_spans(calendar, day)]
    return merged([*dated, *calendar.absences, *calendar.closures])


def first_minute(visit: Visit, now: int) -> int:
    """The first minute at which a visit may start: after now, and after the notice."""
    return max(now + 1, now + visit.notice)


def last_day(calendar: Calendar, visit: Visit, now: int) -> date:
    """The last local date that is open for booking."""
    return wall_clock.local_date(now, calendar.zone) + timedelta(days=visit.horizon_days)


def slots(
    calendar: Calendar,
    visit: Visit,
    taken: Iterable[Span],
    window: Span,
    now: int,
    limits: Limits = NO_LIMITS,
) -> Iterator[int]:
    """Starts of bookable visits within ``window``, in order and lazily; minutes since the epoch.

    ``taken`` must hold every span that touches the local dates of the window, in any order.
    """
    busy = merged([*taken, *calendar.absences, *calendar.closures])
    first = max(window[0], first_minute(visit, now))
    if first >= window[1]:
        return
    day = wall_clock.local_date(first, calendar.zone)
    last = min(wall_clock.local_date(window[1] - 1, calendar.zone), last_day(calendar, visit, now))
    closing = frozenset(dated.day for dated in calendar.exceptions if not dated.opened)
    while day <= last:
        today = busy
        if calendar.away or day in closing:
            today = merged([*busy, *closed_spans(calendar, day), *away_spans(calendar, day)])
        opened = () if day in limits.full_days else open_spans(calendar, visit, day)
        for start, end, release in opened:
            limit = window[1] if release is None else min(window[1], now + release + 1)
            for found in walk(start, end, visit, today, limits.needs):
                if found >= limit:
                    break
                if found >= first:
                    yield found
        day += timedelta(days=1)


def walk(
    start: int, end: int, visit: Visit, busy: Sequence[Span], needs: Sequence[Need] = ()
) -> Iterator[int]:
    """Step through one open span around what is busy (disjoint, in order)."""
    block, at = visit.block, start
    position = max(0, bisect_right(busy, (start, start)) - 1)
    while at + block <= end:
        while position < len(busy) and busy[position][1] <= at:
            position += 1
        if position < len(busy) and busy[position][0] < at + block:
            at = -(-busy[position][1] // GRID_MINUTES) * GRID_MINUTES
            continue
        if needs:
            later = [need.resumes((at, at + block)) for need in needs]
            waits = [minute for minute in later if minute is not None]
            if waits:
                at = -(-max(waits) // GRID_MINUTES) * GRID_MINUTES
                continue
        yield at + visit.buffer_before
        at += block

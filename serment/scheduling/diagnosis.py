"""Which rule keeps a time from being offered: one answer, the first that applies.

Pure, and written on top of ``availability`` so that the explanation and the slots cannot differ:
a time is ``OFFERED`` exactly when ``availability.slots`` yields it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from serment.scheduling import availability, wall_clock
from serment.scheduling.availability import Calendar, OpenSpan, Span, Visit


class Rule(StrEnum):
    """Why a time is not offered."""

    OFFERED = "offered"
    PAST = "past"
    NOTICE = "notice"
    HORIZON = "horizon"
    ABSENCE = "absence"
    CLOSED_DATE = "closed_date"
    HOLIDAY = "holiday"
    OTHER_REASON = "other_reason"
    TOO_LONG = "too_long"
    OUTSIDE_OPENINGS = "outside_openings"
    TAKEN = "taken"
    KEPT = "kept"
    OFF_GRID = "off_grid"


@dataclass(frozen=True, slots=True)
class Finding:
    """The rule, and for ``KEPT`` the minute since the epoch at which the slot is released."""

    rule: Rule
    released_at: int | None = None


def diagnose(
    calendar: Calendar, visit: Visit, taken: Iterable[Span], minute: int, now: int
) -> Finding:
    """The rule that decides about a visit starting at ``minute`` (since the epoch)."""
    busy = list(taken)
    early = _too_early_or_late(calendar, visit, minute, now)
    if early is not None:
        return Finding(early)
    window = (minute, minute + 1)
    if next(availability.slots(calendar, visit, busy, window, now), None) is not None:
        return Finding(Rule.OFFERED)
    start = minute - visit.buffer_before
    block = (start, start + visit.block)
    day = wall_clock.local_date(minute, calendar.zone)
    opened = availability.open_spans(calendar, visit, day)
    around = _around(block, opened)
    rule = Rule.OFF_GRID
    if _touches(block, calendar.absences):
        rule = Rule.ABSENCE
    elif _touches(block, availability.closed_spans(calendar, day)):
        rule = Rule.CLOSED_DATE
    elif around is None:
        rule = _why_closed(calendar, visit, block, opened, minute)
    elif _touches(block, busy):
        rule = Rule.TAKEN
    elif around[2] is not None and minute - now > around[2]:
        return Finding(Rule.KEPT, released_at=minute - around[2])
    return Finding(rule)


def _too_early_or_late(calendar: Calendar, visit: Visit, minute: int, now: int) -> Rule | None:
    if minute <= now:
        return Rule.PAST
    if minute < availability.first_minute(visit, now):
        return Rule.NOTICE
    day = wall_clock.local_date(minute, calendar.zone)
    return Rule.HORIZON if day > availability.last_day(calendar, visit, now) else None


def _why_closed(
    calendar: Calendar, visit: Visit, block: Span, opened: Sequence[OpenSpan], minute: int
) -> Rule:
    day = wall_clock.local_date(minute, calendar.zone)
    if calendar.is_holiday(day):
        without_holidays = replace(calendar, is_holiday=lambda _day: False)
        if _around(block, availability.open_spans(without_holidays, visit, day)):
            return Rule.HOLIDAY
    if _around(block, availability.open_spans(calendar, None, day)):
        return Rule.OTHER_REASON
    if any(start <= block[0] < end or start <= minute < end for start, end, _ in opened):
        return Rule.TOO_LONG
    return Rule.OUTSIDE_OPENINGS


def _around(block: Span, opened: Iterable[OpenSpan]) -> OpenSpan | None:
    return next((span for span in opened if span[0] <= block[0] and block[1] <= span[1]), None)


def _touches(block: Span, spans: Iterable[Span]) -> bool:
    return any(start < block[1] and block[0] < end for start, end in spans)

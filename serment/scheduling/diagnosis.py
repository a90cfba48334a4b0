"""Which rule keeps a time from being offered: one answer, the first that applies.

Pure, and written on top of ``availability`` so that the explanation and the slots cannot differ:
a time is ``OFFERED`` exactly when ``availability.slots`` yields it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from serment.scheduling import availability, wall_clock
from serment.scheduling.availability import (
    NO_LIMITS,
    Calendar,
    Limits,
    Opening,
    OpenSpan,
    Public,
    Span,
    Visit,
    touches,
)
from serment.scheduling.recurrence import WEEKS_APART_MAX

SUBSTITUTE = "substitute"
"""The need of a stand-in, as ``Need.name``; every other need is a kind of room or device."""


class Rule(StrEnum):
    """Why a time is not offered."""

    OFFERED = "offered"
    PAST = "past"
    NOTICE = "notice"
    HORIZON = "horizon"
    HOUSE_CLOSED = "house_closed"
    ABSENCE = "absence"
    RECURRING_ABSENCE = "recurring_absence"
    CLOSED_DATE = "closed_date"
    HOLIDAY = "holiday"
    SKIPPED = "skipped"
    OTHER_WEEK = "other_week"
    NOT_YET = "not_yet"
    ENDED = "ended"
    RESERVED = "reserved"
    OTHER_REASON = "other_reason"
    TOO_LONG = "too_long"
    MIDNIGHT = "midnight"
    OUTSIDE_OPENINGS = "outside_openings"
    TAKEN = "taken"
    ELSEWHERE = "elsewhere"
    SUBSTITUTE_BUSY = "substitute_busy"
    NO_ROOM = "no_room"
    DAY_FULL = "day_full"
    KEPT = "kept"
    OFF_GRID = "off_grid"


@dataclass(frozen=True, slots=True)
class Finding:
    """The rule, and what of it a person wants to know."""

    rule: Rule
    released_at: int | None = None
    """Of ``KEPT``: the minute since the epoch at which the slot is released."""
    until: int | None = None
    """Of an absence or a closure: the minute at which it ends."""
    day: date | None = None
    """Of hours of other weeks or not yet begun: the next date on which they hold; of those that
    ended, their last."""
    public: Public = Public.EVERYONE
    """Of ``RESERVED``: for whom these hours are."""
    name: str = ""
    """Of a need: what there is none of; of a recurring absence: the word shown for it."""
    cap: int | None = None
    """Of ``DAY_FULL``: how many visits a day the reason allows."""


def diagnose(
    calendar: Calendar,
    visit: Visit,
    taken: Iterable[Span],
    minute: int,
    now: int,
    limits: Limits = NO_LIMITS,
) -> Finding:
    """The rule that decides about a visit starting at ``minute`` (since the epoch)."""
    busy = list(taken)
    early = too_early_or_late(calendar, visit, minute, now)
    if early is not None:
        asked = (calendar, visit, busy, minute, now, limits)
        return _within_notice(*asked) if early is Rule.NOTICE else Finding(early)
    window = (minute, minute + 1)
    if next(availability.slots(calendar, visit, busy, window, now, limits), None) is not None:
        return Finding(Rule.OFFERED)
    start = minute - visit.buffer_before
    block = (start, start + visit.block)
    day = wall_clock.local_date(minute, calendar.zone)
    opened = availability.open_spans(calendar, visit, day)
    around = _around(block, opened)
    closed = shut(calendar, block, day)
    if closed is not None:
        return closed
    if around is None:
        crossing = _crosses_midnight(calendar, block, day, opened)
        return (
            Finding(Rule.MIDNIGHT)
            if crossing
            else _why_closed(calendar, visit, block, opened, minute)
        )
    if touches(block, busy):
        here = [span for span in busy if span not in limits.elsewhere]
        return Finding(Rule.TAKEN if touches(block, here) else Rule.ELSEWHERE)
    return _limited(visit, block, day, limits) or _at_another_time(around, minute, now)


def _within_notice(
    calendar: Calendar, visit: Visit, busy: list[Span], minute: int, now: int, limits: Limits
) -> Finding:
    """Too late to book online, and one may call; not where nobody receives, or somebody comes."""
    at_once = diagnose(calendar, replace(visit, notice=0), busy, minute, now, limits)
    open_to_call = at_once.rule in (Rule.OFFERED, Rule.KEPT, Rule.OFF_GRID)
    return Finding(Rule.NOTICE) if open_to_call else at_once


def _at_another_time(around: OpenSpan, minute: int, now: int) -> Finding:
    release = around[2]
    if release is not None and minute - now > release:
        return Finding(Rule.KEPT, released_at=minute - release)
    return Finding(Rule.OFF_GRID)


def too_early_or_late(calendar: Calendar, visit: Visit, minute: int, now: int) -> Rule | None:
    """The rule about when to book, where it closes the time."""
    if minute <= now:
        return Rule.PAST
    if minute < availability.first_minute(visit, now):
        return Rule.NOTICE
    day = wall_clock.local_date(minute, calendar.zone)
    return Rule.HORIZON if day > availability.last_day(calendar, visit, now) else None


def shut(calendar: Calendar, block: Span, day: date) -> Finding | None:
    """What closes the block whatever the hours: the house before the person, spans before days.
    ``day``: the local date on which its visit begins."""
    for rule, spans in (
        (Rule.HOUSE_CLOSED, calendar.closures),
        (Rule.ABSENCE, calendar.absences),
    ):
        found = [end for start, end in spans if touches(block, [(start, end)])]
        if found:
            return Finding(rule, until=max(found))
    for away in calendar.away:
        alone = replace(calendar, away=(away,))
        found = [s[1] for s in availability.away_spans(alone, day) if touches(block, [s])]
        if found:
            rule = Rule.HOUSE_CLOSED if away.house else Rule.RECURRING_ABSENCE
            return Finding(rule, until=max(found), name=away.note)
    if touches(block, availability.closed_spans(calendar, day)):
        return Finding(Rule.CLOSED_DATE)
    return None


def _crosses_midnight(
    calendar: Calendar, block: Span, day: date, opened: Sequence[OpenSpan]
) -> bool:
    """Whether midnight is in the way; at the day's end only where somebody receives until then."""
    whole = wall_clock.ranges(day, 0, wall_clock.DAY_MINUTES, calendar.zone)
    if any(start <= block[0] and block[1] <= end for start, end in whole):
        return False
    before = wall_clock.local_date(block[0], calendar.zone) < day
    return before or any(start < block[1] and block[0] < end for start, end, _ in opened)


def _limited(visit: Visit, block: Span, day: date, limits: Limits) -> Finding | None:
    """What is missing although the hours are open and the practitioner is free."""
    for need in limits.needs:
        if need.resumes(block) is not None:
            rule = Rule.SUBSTITUTE_BUSY if need.name == SUBSTITUTE else Rule.NO_ROOM
            return Finding(rule, name=need.name)
    return Finding(Rule.DAY_FULL, cap=visit.daily_cap) if day in limits.full_days else None


def _why_closed(
    calendar: Calendar, visit: Visit, block: Span, opened: Sequence[OpenSpan], minute: int
) -> Finding:
    """Which rule would have opened the block but for one thing; the nearest to opening first."""
    day = wall_clock.local_date(minute, calendar.zone)

    def opens(changed: Calendar, for_whom: Visit | None = visit) -> bool:
        return _around(block, availability.open_spans(changed, for_whom, day)) is not None

    if calendar.is_holiday(day) and opens(replace(calendar, is_holiday=lambda _day: False)):
        return Finding(Rule.HOLIDAY)
    for public in (Public.KNOWN, Public.INVITED):
        if opens(calendar, replace(visit, audience=public)):
            return Finding(Rule.RESERVED, public=public)
    if opens(calendar, None):
        return Finding(Rule.OTHER_REASON)
    dated = _wrong_date(calendar, day, opens)
    if dated is not None:
        return dated
    if any(start <= block[0] < end or start <= minute < end for start, end, _ in opened):
        return Finding(Rule.TOO_LONG)
    return Finding(Rule.OUTSIDE_OPENINGS)


def _wrong_date(calendar: Calendar, day: date, opens: Callable[[Calendar], bool]) -> Finding | None:
    """Hours of that weekday which hold on other dates: withdrawn here, other weeks, a season."""
    for rule, changed in (
        (Rule.SKIPPED, _but(calendar, skipped=frozenset())),
        (Rule.OTHER_WEEK, _but(calendar, skipped=frozenset(), every=1)),
        (Rule.NOT_YET, _but(calendar, skipped=frozenset(), every=1, valid_from=None)),
        (Rule.ENDED, _but(calendar, skipped=frozenset(), every=1, valid_until=None)),
    ):
        if opens(changed):
            return Finding(rule, day=_date_of(rule, calendar, day))
    return None


def _but(calendar: Calendar, **changed: object) -> Calendar:
    openings = tuple(_changed(one, changed) for one in calendar.openings)
    return replace(calendar, openings=openings)


def _changed(opening: Opening, changed: dict[str, object]) -> Opening:
    return replace(opening, **changed)  # type: ignore[arg-type]  # fields of Opening by name


def _date_of(rule: Rule, calendar: Calendar, day: date) -> date | None:
    """The date that the sentence of the rule names, where there is one."""
    same = [one for one in calendar.openings if one.weekday == day.weekday()]
    if rule is Rule.ENDED:
        return max((one.valid_until for one in same if one.valid_until), default=None)
    ahead = (day + timedelta(weeks=weeks) for weeks in range(1, WEEKS_APART_MAX + 1))
    return next((on for on in ahead if any(one.falls_on(on) for one in same)), None)


def _around(block: Span, opened: Iterable[OpenSpan]) -> OpenSpan | None:
    return next((span for span in opened if span[0] <= block[0] and block[1] <= span[1]), None)

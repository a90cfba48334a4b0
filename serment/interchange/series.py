"""Series of an agenda: which are too dense to count, and a start near the time that is asked. Pure.

The library counts every repetition from the first on. A series of each day since 1990 is honest
and costs thirteen thousand steps for nothing: what it does before the window is skipped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar, Component

A_DAY_MAX = 48
"""Repetitions within one day: one each half hour."""
DATES_MAX = 2_000
"""Single dates that one event may name beside its rule."""
_TOO_DENSE = frozenset({"SECONDLY", "MINUTELY"})
_LONGEST_MONTH = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1))
_MARGIN = timedelta(days=370)
"""Before the window, longer than an event may last: a moved start never shows in it."""


def rules(event: Component) -> list[Any]:
    """The event's repetition rules."""
    found: Any = event.get("RRULE") or []
    return list(found) if isinstance(found, list) else [found]


def repeats(events: Sequence[Component]) -> bool:
    """Whether only the library can say when these take place: most events are one and single."""
    names = ("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
    return len(events) != 1 or any(name in event for event in events for name in names)


def too_dense(event: Component) -> bool:
    """Whether it repeats more often than anybody is busy, on the spot, or never."""
    dates = sum(_dates(event, name) for name in ("RDATE", "EXDATE"))
    return dates > DATES_MAX or any(_dense(rule) for rule in rules(event))


def _dense(rule: Any) -> bool:
    often = {str(word).upper() for word in rule.get("FREQ", [])}
    # RFC 5545, 3.3.10: a positive integer. Zero would repeat on the spot for ever.
    if often & _TOO_DENSE or any(int(step) < 1 for step in rule.get("INTERVAL", [])):
        return True
    hours = len(rule.get("BYHOUR", [])) or (24 if "HOURLY" in often else 1)
    parts = (max(1, len(rule.get(name, []))) for name in ("BYMINUTE", "BYSECOND"))
    for part in parts:
        hours *= part
    return hours > A_DAY_MAX or _never(rule)


def _never(rule: Any) -> bool:
    """The thirtieth of February is looked for until the year 9999."""
    months, days = rule.get("BYMONTH", []), rule.get("BYMONTHDAY", [])
    return bool(months and days) and all(
        abs(int(day)) > _LONGEST_MONTH.get(int(month), 31) for month in months for day in days
    )


def _dates(event: Component, name: str) -> int:
    lists: Any = event.get(name) or []
    lists = lists if isinstance(lists, list) else [lists]
    return sum(len(getattr(one, "dts", (one,))) for one in lists)


def shortened(calendar: Calendar, before: datetime) -> Calendar:
    """The same calendar, its long series begun shortly before a moment; the calendar is changed."""
    floating_to_zone = "X-WR-TIMEZONE" in calendar
    for event in calendar.walk("VEVENT"):
        found = rules(event)
        if len(found) == 1 and "RECURRENCE-ID" not in event:
            days = _days_skipped(event, found[0], before, floating_to_zone)
            if days:
                _move(event, timedelta(days=days))
    return calendar


def _move(event: Component, by: timedelta) -> None:
    for name in ("DTSTART", "DTEND"):
        moment: Any = event.get(name)
        if moment is not None:
            moment.dt += by


def _days_skipped(event: Component, rule: Any, before: datetime, zone_is_changed: bool) -> int:
    """Whole steps of the rule between its start and the window; 0 where steps are not days."""
    starts: Any = event["DTSTART"]
    period = _period_days(rule)
    if not period or "COUNT" in rule or isinstance(starts, list):
        return 0
    start: date | datetime = starts.dt
    if isinstance(start, datetime) and start.tzinfo == UTC and zone_is_changed:
        return 0  # the library will place it in another zone, whose hour changes in between
    day = start.date() if isinstance(start, datetime) else start
    distance = (before - _MARGIN).date() - day
    return max(0, distance.days // period * period)


def _period_days(rule: Any) -> int:
    often = str((rule.get("FREQ") or [""])[0]).upper()
    step = int((rule.get("INTERVAL") or [1])[0])
    if often == "HOURLY":
        return 1 if 24 % step == 0 else step
    return {"DAILY": step, "WEEKLY": 7 * step}.get(often, 0)

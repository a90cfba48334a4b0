"""An agenda as iCalendar → busy time in UTC. Pure, no Django; keeps no word of any event.

Repetitions, time zones of every maker, whole days: what the event says is the library's to work
out (recurring-ical-events); what counts as busy, and what a file that breaks half-way is worth, is
decided here. An event that cannot be used is refused alone; the others stand.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component

from serment.interchange import calendar_text
from serment.interchange.calendar_text import CalendarUnreadable

__all__ = ["CalendarUnreadable", "Found", "Span", "Unused", "read"]

Span = tuple[datetime, datetime]

EVENT_DAYS_MAX = 366
_FREE = frozenset({"TRANSPARENT"})
_OUTLOOK_FREE = frozenset({"FREE", "WORKINGELSEWHERE"})
_TOO_DENSE = frozenset({"SECONDLY", "MINUTELY"})
# A series is counted from its start: one that begins in the year 1 is a mistake that takes long.
YEAR_MIN = 1900

# What the parser and the repetition rules are seen to raise on files of the wild; everything here
# is the file's fault and is told as such.
_FILE_FAULTS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError,
    RecursionError, TypeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unused:
    """An event that gives no busy time: the file's line where it begins, and why."""

    line: int
    fault: str


@dataclass(frozen=True, slots=True)
class Found:
    """Busy time within the window: in order, disjoint, UTC."""

    spans: tuple[Span, ...]
    events: int
    refused: tuple[Unused, ...]
    free: tuple[Unused, ...]
    """Cancelled or marked as free: left out on purpose."""


def read(data: bytes, zone: ZoneInfo, window: Span) -> Found:
    """All busy time of a file within ``window``. Raises ``CalendarUnreadable``.

    ``zone`` is where an event without one, and a whole day, takes place.
    """
    spans: list[Span] = []
    refused: list[Unused] = []
    free: list[Unused] = []
    groups = calendar_text.groups(calendar_text.decoded(data))
    for group in groups:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they repeat what the file says
                why_free = _group(group, zone, window, spans)
        except _EventUnusable as unusable:
            refused.append(Unused(group.line, unusable.fault))
        except _FILE_FAULTS:
            refused.append(Unused(group.line, "event_unusable"))
        else:
            if why_free:
                free.append(Unused(group.line, why_free))
    return Found(tuple(_merged(spans)), len(groups), tuple(refused), tuple(free))


class _EventUnusable(Exception):  # noqa: N818
    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def _group(group: calendar_text.Group, zone: ZoneInfo, window: Span, spans: list[Span]) -> str:
    """Add one event's busy time, all its repetitions; why it takes none, or ""."""
    calendar = Calendar.from_ical(group.text)
    if not isinstance(calendar, Calendar):
        raise _EventUnusable("event_unusable")
    periods = [span for part in calendar.walk("VFREEBUSY") for span in _free_busy(part, zone)]
    events = calendar.walk("VEVENT")
    reasons = {_why_free(event, calendar) for event in events}
    found = [span for span in periods if _valid(span)]
    if any(not why for why in reasons):
        _must_be_countable(events, zone)
        found += _occurrences(calendar, zone, window)
    clipped = [(max(start, window[0]), min(end, window[1])) for start, end in found]
    spans.extend(span for span in clipped if span[0] < span[1])
    if periods or not reasons or "" in reasons:
        return ""
    return sorted(reasons)[0]


def _why_free(event: Component, calendar: Component) -> str:
    if _word(calendar, "METHOD") == "CANCEL" or _word(event, "STATUS") == "CANCELLED":
        return "cancelled"
    if _word(event, "TRANSP") in _FREE:
        return "free"
    if _word(event, "X-MICROSOFT-CDO-BUSYSTATUS") in _OUTLOOK_FREE:
        return "free"
    return ""


def _word(part: Component, name: str) -> str:
    value = part.get(name)
    return str(value[0] if isinstance(value, list) else value or "").strip().upper()


def _must_be_countable(events: Sequence[Component], zone: ZoneInfo) -> None:
    """What the library would silently mend, or repeat for ever, is refused first."""
    for event in events:
        if "DTSTART" not in event:
            raise _EventUnusable("no_start")
        if not _valid(_own_span(event, zone)):
            raise _EventUnusable("ends_before_start")
        rules = event.get("RRULE") or []
        for rule in rules if isinstance(rules, list) else [rules]:
            if {str(word).upper() for word in rule.get("FREQ", [])} & _TOO_DENSE:
                raise _EventUnusable("too_dense")
            # RFC 5545, 3.3.10: a positive integer. Zero would repeat on the spot for ever.
            if any(int(step) < 1 for step in rule.get("INTERVAL", [])):
                raise _EventUnusable("too_dense")
            if rule.get("FREQ") and _own_span(event, zone)[0].year < YEAR_MIN:
                raise _EventUnusable("too_old")


def _occurrences(calendar: Calendar, zone: ZoneInfo, window: Span) -> Iterator[Span]:
    """Every repetition that touches the window; a cancelled or free one takes no time."""
    # A day wider on both sides: floating times and whole days are placed afterwards.
    start, end = (window[0] - timedelta(days=2), window[1] + timedelta(days=2))
    query = recurring_ical_events.of(calendar)
    for event in query.between(start.astimezone(zone), end.astimezone(zone)):
        if _why_free(event, calendar):
            continue
        span = _own_span(event, zone)
        if _valid(span):
            yield span


def _valid(span: Span) -> bool:
    if span[1] - span[0] > timedelta(days=EVENT_DAYS_MAX):
        raise _EventUnusable("too_long")
    return span[0] <= span[1]


def _own_span(event: Component, zone: ZoneInfo) -> Span:
    start, end, duration = (event.get(name) for name in ("DTSTART", "DTEND", "DURATION"))
    if isinstance(start, list):  # written twice
        start = start[0]
    first = start.dt
    if end is not None:
        last = end.dt
    elif duration is not None:
        last = first + duration.dt
    elif isinstance(first, datetime):
        last = first
    else:
        last = first + timedelta(days=1)
    return _instant(first, zone), _instant(last, zone)


def _instant(moment: date | datetime, zone: ZoneInfo) -> datetime:
    """A moment in UTC; a date is midnight, and what has no zone is in ``zone``."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(0))
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _free_busy(part: Component, zone: ZoneInfo) -> Iterator[Span]:
    """Periods of a VFREEBUSY that are not free."""
    lists = part.get("FREEBUSY") or []
    for entry in lists if isinstance(lists, list) else [lists]:
        for period in getattr(entry, "dts", None) or [entry]:
            if str(period.params.get("FBTYPE", entry.params.get("FBTYPE", "BUSY"))) == "FREE":
                continue
            start, end = period.dt if hasattr(period, "dt") else (period.start, period.end)
            if isinstance(end, timedelta):
                end = start + end
            yield _instant(start, zone), _instant(end, zone)


def _merged(spans: Sequence[Span]) -> Iterator[Span]:
    at: Span | None = None
    for span in sorted(spans):
        if at is not None and span[0] <= at[1]:
            at = at[0], max(at[1], span[1])
        else:
            if at is not None:
                yield at
            at = span
    if at is not None:
        yield at

"""An agenda as iCalendar → busy time in UTC. Pure, no Django; keeps no word of any event.

Repetitions, time zones of every maker, whole days: what the event says is the library's to work
out (recurring-ical-events); what counts as busy, and what a file that breaks half-way is worth, is
decided here. An event that cannot be used is refused alone; the others stand.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component

from serment.interchange import calendar_text, series
from serment.interchange.calendar_text import CalendarUnreadable

__all__ = ["CalendarUnreadable", "Entry", "Found", "Span", "Unused", "merged", "read"]

Span = tuple[datetime, datetime]

EVENT_DAYS_MAX = 366
EVENTS_MAX = 15_000
"""Two full years of a busy practice are some eleven thousand visits."""
SPANS_MAX = 20_000
_FREE = frozenset({"TRANSPARENT"})
_OUTLOOK_FREE = frozenset({"FREE", "WORKINGELSEWHERE"})
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
class Entry:
    """One event with all its repetitions; ``spans`` within the window, in order, disjoint, UTC.

    ``identity`` is the same when the same event is read again; a program may have written a name
    into it, so it is kept out of the representation. ``place`` says where an event without a span
    lies: "past" or "later" than the window, "instant" (it takes no time), or "free".
    """

    line: int
    identity: str = field(repr=False)
    spans: tuple[Span, ...]
    repeats: bool
    place: str
    zones: tuple[str, ...]
    """Zones its times were written in: a name, "" for the site's own, "?name" for an unknown."""


@dataclass(frozen=True, slots=True)
class Found:
    """Every event of the file that could be read, and the others with the reason."""

    entries: tuple[Entry, ...]
    events: int
    refused: tuple[Unused, ...]
    free: tuple[Unused, ...]
    """Cancelled or marked as free: left out on purpose."""

    @property
    def spans(self) -> tuple[Span, ...]:
        """Busy time of all events within the window: in order, disjoint, UTC."""
        return merged(span for entry in self.entries for span in entry.spans)


def read(data: bytes, zone: ZoneInfo, window: Span) -> Found:
    """All events of a file, their busy time within ``window``. Raises ``CalendarUnreadable``.

    ``zone`` is where an event without one, and a whole day, takes place.
    """
    entries: list[Entry] = []
    refused: list[Unused] = []
    free: list[Unused] = []
    groups = calendar_text.groups(calendar_text.decoded(data))
    if len(groups) > EVENTS_MAX:
        raise CalendarUnreadable("too_many_events")
    spans = 0
    for group in groups:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they repeat what the file says
                entry, why_free = _group(group, zone, window)
        except _EventUnusable as unusable:
            refused.append(Unused(group.line, unusable.fault))
        except _FILE_FAULTS:
            refused.append(Unused(group.line, "event_unusable"))
        else:
            entries.append(entry)
            spans += len(entry.spans)
            if spans > SPANS_MAX:
                raise CalendarUnreadable("too_many_events")
            if why_free:
                free.append(Unused(group.line, why_free))
    return Found(tuple(entries), len(groups), tuple(refused), tuple(free))


class _EventUnusable(Exception):  # noqa: N818
    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def _group(group: calendar_text.Group, zone: ZoneInfo, window: Span) -> tuple[Entry, str]:
    """One event with its busy time, all its repetitions; and why it takes none, or ""."""
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
    spans = merged(span for span in clipped if span[0] < span[1])
    free = "" if periods or not reasons or "" in reasons else sorted(reasons)[0]
    entry = Entry(
        line=group.line,
        identity=group.identity,
        spans=spans,
        repeats=any("RRULE" in event or "RDATE" in event for event in events),
        place="free" if free else "" if spans else _place(events, periods, zone, window),
        zones=tuple(sorted({_zone_read(event) for event in events if "DTSTART" in event})),
    )
    return entry, free


def _place(
    events: Sequence[Component], periods: Sequence[Span], zone: ZoneInfo, window: Span
) -> str:
    """Where an event lies that takes no time within the window."""
    own = [*periods, *(_own_span(event, zone) for event in events)]
    if own and min(own)[0] >= window[1]:
        return "later"
    ended = all(end <= window[0] for _start, end in own)
    return "past" if ended else "instant"


def _zone_read(event: Component) -> str:
    start = event.get("DTSTART")
    start = start[0] if isinstance(start, list) else start
    named = str(start.params.get("TZID", ""))
    if not isinstance(start.dt, datetime) or not (start.dt.tzinfo or named):
        return ""
    if start.dt.tzinfo is None:
        return f"?{named}"
    return named or "UTC"


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
        if series.too_dense(event):
            raise _EventUnusable("too_dense")
        repeating = any(rule.get("FREQ") for rule in series.rules(event))
        if repeating and _own_span(event, zone)[0].year < YEAR_MIN:
            raise _EventUnusable("too_old")


def _occurrences(calendar: Calendar, zone: ZoneInfo, window: Span) -> Iterator[Span]:
    """Every repetition that touches the window; a cancelled or free one takes no time."""
    events = calendar.walk("VEVENT")
    if not series.repeats(events):
        yield from (_own_span(event, zone) for event in events)  # seen to be busy and valid
        return
    # A day wider on both sides: floating times and whole days are placed afterwards.
    start, end = (window[0] - timedelta(days=2), window[1] + timedelta(days=2))
    query = recurring_ical_events.of(series.shortened(calendar, window[0]))
    for event in query.between(start.astimezone(zone), end.astimezone(zone)):
        if _why_free(event, calendar):
            continue
        span = _own_span(event, zone)
        if _valid(span):
            yield span


def _valid(span: Span) -> bool:
    if span[1] - span[0] > timedelta(days=EVENT_DAYS_MAX):
        raise _EventUnusable("lasts_too_long")
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
    begins, ends = _instant(first, zone), _instant(last, zone)
    if ends <= begins and isinstance(first, datetime) and first.tzinfo == last.tzinfo:
        # By the clock of its zone it ends after it began: it begins in an hour that the clock
        # leaves out, and so later than its own end.
        ends = max(ends, begins + (last - first)) if last >= first else ends
    return begins, ends


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


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time in order and disjoint; what touches is one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span[0] <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], span[1])
        else:
            found.append(span)
    return tuple(found)

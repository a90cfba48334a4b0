"""What leaves and comes back is the same time; series keep their hour over clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from serment.interchange import calendars, feed_text
from serment.scheduling.feeds import Busy
from serment.scheduling.outside_calendars import merged

ZONES = ("Europe/Paris", "America/Cayenne", "Pacific/Noumea", "America/Miquelon", "Asia/Kolkata",
         "Australia/Lord_Howe", "America/St_Johns", "UTC")  # fmt: skip
START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = (START, START + timedelta(days=300))

spans = st.lists(
    st.tuples(st.integers(0, 290 * 1440), st.integers(1, 600), st.booleans()), max_size=12
)


@settings(max_examples=60)
@given(spans)
def test_a_feed_read_back_is_the_same_busy_time(told: list[tuple[int, int, bool]]) -> None:
    events = [
        Busy(f"{n:032x}", START + timedelta(minutes=at), START + timedelta(minutes=at + long), gone)
        for n, (at, long, gone) in enumerate(told)
    ]
    text = feed_text.text(events, "Occupé", START)
    assert len(Calendar.from_ical(text).walk("VEVENT")) == len(events)
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    if not events:
        return
    found = calendars.read(text, ZoneInfo("Europe/Paris"), WINDOW)
    busy = [(one.starts_at, one.ends_at) for one in events if not one.cancelled]
    assert list(found.spans) == merged(busy)
    assert not found.refused


@st.composite
def series(draw: st.DrawFn) -> tuple[str, int, int, int, date, set[date], dict[date, int]]:
    """A weekly or daily series: zone, hour in minutes, length, step in days, first day, and what
    of it is left out or at another hour."""
    zone = draw(st.sampled_from(ZONES))
    minutes = draw(st.integers(0, 95)) * 15
    step = draw(st.sampled_from((1, 2, 7, 14)))
    first = date(2026, 3, 3) + timedelta(days=draw(st.integers(0, 40)))
    days = [first + timedelta(days=step * n) for n in range(12)]
    out = draw(st.sets(st.sampled_from(days[1:]), max_size=3))
    moved = draw(st.dictionaries(st.sampled_from(days[1:]), st.integers(0, 22), max_size=2))
    moved = {day: hour for day, hour in moved.items() if day not in out}
    return zone, minutes, draw(st.integers(1, 8)) * 15, step, first, out, moved


@settings(max_examples=60)
@given(series())
@example(("America/Miquelon", 150, 30, 1, date(2026, 3, 3), set(), {}))
@example(("Europe/Paris", 120, 60, 1, date(2026, 3, 18), set(), {}))
def test_a_series_keeps_its_hour_by_its_own_clock(
    asked: tuple[str, int, int, int, date, set[date], dict[date, int]],
) -> None:
    name, minutes, length, step, first, out, moved = asked
    zone = ZoneInfo(name)

    def local(day: date, at: int) -> datetime:
        return datetime.combine(day, time(at // 60, at % 60))

    def told(moment: datetime) -> str:
        return f";TZID={name}:{moment:%Y%m%dT%H%M%S}"

    days = [first + timedelta(days=step * n) for n in range(12)]
    rule = f"RRULE:FREQ=DAILY;INTERVAL={step};COUNT=12"
    start, long = f"DTSTART{told(local(first, minutes))}", f"DURATION:PT{length}M"
    without = [f"EXDATE{told(local(day, minutes))}" for day in sorted(out)]
    lines = ["BEGIN:VEVENT", "UID:a", start, long, rule, *without, "END:VEVENT"]
    for day, hour in moved.items():
        instead, start = (
            f"{name}{told(local(day, at))}"
            for name, at in (("RECURRENCE-ID", minutes), ("DTSTART", hour * 60))
        )
        lines += ["BEGIN:VEVENT", "UID:a", instead, start, long, "END:VEVENT"]
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])
    found = calendars.read(text.encode(), ZoneInfo("Europe/Paris"), WINDOW)
    expected = []
    for day in days:
        if day in out:
            continue
        at = local(day, moved[day] * 60 if day in moved else minutes)
        begins = at.replace(tzinfo=zone).astimezone(UTC)
        # RFC 5545, 3.3.6: a duration of minutes is exact; the end is by the clock where it exists.
        exact = begins + timedelta(minutes=length)
        by_clock = (at + timedelta(minutes=length)).replace(tzinfo=zone).astimezone(UTC)
        expected.append((begins, exact, by_clock))
    assert not found.refused
    for begins, exact, by_clock in expected:
        held = [span for span in found.spans if span[0] <= begins < span[1]]
        assert held, begins
        assert held[0][1] >= min(exact, by_clock)
    free = merged((begins, max(exact, by_clock)) for begins, exact, by_clock in expected)
    for low, high in found.spans:
        assert any(start <= low and high <= end for start, end in free), (low, high)

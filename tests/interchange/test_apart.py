"""A stranger's file costs so much and no more; an honest one is read as before."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from serment.interchange import apart, calendars, lookalikes, patients_csv, series
from serment.interchange.calendars import CalendarUnreadable
from serment.interchange.patients_csv import TableUnreadable

PARIS = ZoneInfo("Europe/Paris")
WINDOW = (datetime(2026, 11, 22, tzinfo=UTC), datetime(2028, 11, 22, tzinfo=UTC))
TODAY = date(2026, 11, 22)
ROOT = Path(__file__).parents[2]
# Passes every cheap bound: no day of February is the three hundredth of a year.
ENDLESS = ("DTSTART:19000101T000000Z", "RRULE:FREQ=HOURLY;BYMONTH=2;BYYEARDAY=300")
A_DAYS_SECONDS = (
    "DTSTART:20261201T000000Z",
    "DURATION:PT1S",
    f"RRULE:FREQ=DAILY;COUNT=5000;BYHOUR={','.join(map(str, range(24)))}"
    f";BYMINUTE={','.join(map(str, range(60)))}",
)


def agenda(*events: tuple[str, ...]) -> bytes:
    parts = [
        "\r\n".join(["BEGIN:VEVENT", f"UID:{number}", *event, "END:VEVENT", ""])
        for number, event in enumerate(events)
    ]
    return f"BEGIN:VCALENDAR\r\n{''.join(parts)}END:VCALENDAR\r\n".encode()


def visits(count: int) -> bytes:
    """Every half hour of every working day, as a practice's agenda is full."""
    first = datetime(2026, 12, 1, 8, tzinfo=UTC)
    at = (first + timedelta(days=number // 20, minutes=30 * (number % 20))
          for number in range(count))  # fmt: skip
    return agenda(
        *((f"DTSTART;TZID=Europe/Paris:{one:%Y%m%dT%H%M%S}", "DURATION:PT20M") for one in at)
    )


def test_without_a_budget_half_a_kilobyte_keeps_a_process_busy() -> None:
    """The control: the same reader in a process that nobody stops."""
    code = (
        "import sys\nfrom datetime import *\nfrom zoneinfo import ZoneInfo\n"
        "from serment.interchange import calendars\n"
        "calendars.read(sys.stdin.buffer.read(), ZoneInfo('Europe/Paris'),"
        " (datetime(2026,11,22,tzinfo=UTC), datetime(2028,11,22,tzinfo=UTC)))"
    )
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-c", code], input=agenda(ENDLESS), cwd=ROOT, timeout=3, check=False
        )


@pytest.mark.parametrize(("cpu", "wall"), [(1, 60.0), (60, 1.5)])
def test_what_takes_too_long_is_refused_by_either_clock(
    monkeypatch: pytest.MonkeyPatch, cpu: int, wall: float
) -> None:
    monkeypatch.setattr(apart, "CPU_SECONDS_MAX", cpu)
    monkeypatch.setattr(apart, "WALL_SECONDS_MAX", wall)
    begun = time.monotonic()
    with pytest.raises(CalendarUnreadable) as refused:
        apart.calendar(agenda(ENDLESS), PARIS, WINDOW)
    assert refused.value.fault == "too_long_to_read"
    assert time.monotonic() - begun < 20


def test_what_takes_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    people = b"NOM;PRENOM\n" + b"".join(b"N%d;P\n" % number for number in range(20_000))
    found, _alike = apart.patients(people, TODAY)
    assert len(found.rows) == 20_000
    monkeypatch.setattr(apart, "MEMORY_BYTES_MAX", 32 << 20)
    with pytest.raises(TableUnreadable, match="too_long_to_read"):
        apart.patients(people, TODAY)


def test_the_child_gets_nothing_of_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []
    popen = subprocess.Popen

    def look(*args: object, **more: object) -> object:
        asked.append(more["env"])  # type: ignore[arg-type]
        return popen(*args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", look)
    apart.patients(b"NOM;PRENOM\nBrun;Tom\n", TODAY)
    assert asked
    assert set(asked[0]) == {"PYTHONUTF8", "PYTHONPATH"}


def test_what_comes_back_is_what_was_read_here() -> None:
    data = agenda(
        ("DTSTART;TZID=Europe/Paris:20261201T080000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3"),
        ("DTSTART:20261201T080000Z", "DTEND:20261201T070000Z"),
        ("DTSTART;VALUE=DATE:20261202", "TRANSP:TRANSPARENT"),
    )
    assert apart.calendar(data, PARIS, WINDOW) == calendars.read(data, PARIS, WINDOW)
    people = "NOM;PRENOM;DDN;X\nLefèvre;Zoé;1/1/1980;\nLefevre;Zoë;1/1/1980;\n;;32/1/1990;\n"
    found = patients_csv.read(people.encode(), TODAY)
    pairs = lookalikes.pairs(found.rows)
    assert apart.patients(people.encode(), TODAY) == (found, pairs)
    with pytest.raises(TableUnreadable) as refused:
        apart.patients(b'NOM;PRENOM\nA;B\n"C;D\n' + b"x\n" * 40, TODAY)
    assert (refused.value.fault, refused.value.line) == ("unclosed_quote", 3)


def test_a_real_practices_agenda_and_list_are_read() -> None:
    assert apart.calendar(visits(6_000), PARIS, WINDOW).events == 6_000
    people = b"NOM;PRENOM;DDN\n" + b"".join(
        b"Nom%d;Prenom;%02d/01/19%02d\n" % (one, one % 28 + 1, one % 90 + 10)
        for one in range(10_000)
    )
    assert len(apart.patients(people, TODAY)[0].rows) == 10_000


def test_too_many_of_anything_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "EVENTS_MAX", 100)
    with pytest.raises(CalendarUnreadable, match="too_many_events"):
        calendars.read(visits(101), PARIS, WINDOW)
    monkeypatch.setattr(calendars, "EVENTS_MAX", 1_000)
    assert calendars.read(visits(101), PARIS, WINDOW).events == 101
    monkeypatch.setattr(calendars, "SPANS_MAX", 100)
    with pytest.raises(CalendarUnreadable, match="too_many_events"):
        calendars.read(visits(101), PARIS, WINDOW)
    with pytest.raises(TableUnreadable, match="too_many_lines"):
        patients_csv.read(b"NOM;PRENOM\n" + b"A\n" * (patients_csv.LINES_MAX + 1), TODAY)


def test_more_than_a_day_can_hold_is_too_dense(monkeypatch: pytest.MonkeyPatch) -> None:
    found = calendars.read(agenda(A_DAYS_SECONDS), PARIS, WINDOW)
    assert [one.fault for one in found.refused] == ["too_dense"]
    monkeypatch.setattr(series, "A_DAY_MAX", 10_000)
    assert len(calendars.read(agenda(A_DAYS_SECONDS), PARIS, WINDOW).spans) == 5_000


@pytest.mark.parametrize(
    "event",
    [
        ("DTSTART:19000101T000000Z", "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"),
        ("DTSTART:20261201T000000Z", "RDATE:" + ",".join(["20261202T000000Z"] * 2_001)),
    ],
)
def test_what_never_comes_or_is_a_list_without_end_is_refused(event: tuple[str, ...]) -> None:
    found = calendars.read(agenda(event), PARIS, WINDOW)
    assert [one.fault for one in found.refused] == ["too_dense"]


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        ("DTSTART;TZID=Europe/Paris:19950301T083000", "FREQ=DAILY;INTERVAL=3"),
        ("DTSTART;TZID=Europe/Paris:20100713T083000", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH"),
        ("DTSTART;TZID=Europe/Paris:20200701T233000", "FREQ=DAILY;BYDAY=MO;UNTIL=20270301T000000Z"),
        ("DTSTART:20200101T083000Z", "FREQ=HOURLY;INTERVAL=6"),
        ("DTSTART:20200101T083000Z", "FREQ=HOURLY;INTERVAL=7"),
        ("DTSTART;VALUE=DATE:20150105", "FREQ=WEEKLY"),
        ("DTSTART;TZID=Europe/Paris:20150105T100000", "FREQ=MONTHLY;BYDAY=1MO"),
        ("DTSTART;TZID=Europe/Paris:20240105T100000", "FREQ=DAILY;COUNT=1100"),
    ],
)
def test_a_series_counted_from_near_the_window_is_the_same(
    monkeypatch: pytest.MonkeyPatch, start: str, rule: str
) -> None:
    data = agenda((start, f"RRULE:{rule}", "EXDATE;TZID=Europe/Paris:20270105T083000"))
    window = WINDOW[0], WINDOW[0] + timedelta(days=200)
    short = calendars.read(data, PARIS, window)
    monkeypatch.setattr(series, "shortened", lambda calendar, before: calendar)
    assert short == calendars.read(data, PARIS, window)
    assert short.entries or short.refused


def test_a_long_series_starts_near_the_window() -> None:
    text = agenda(("DTSTART:19000101T000000Z", "RRULE:FREQ=HOURLY")).decode()
    calendar = Calendar.from_ical(text)
    assert isinstance(calendar, Calendar)
    moved: Any = series.shortened(calendar, WINDOW[0]).walk("VEVENT")[0]["DTSTART"].dt
    assert timedelta(days=366) < WINDOW[0] - moved < timedelta(days=380)

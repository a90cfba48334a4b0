"""Agendas of the wild: every real file gives busy time or a sentence; what counts as busy."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from serment.interchange import calendars
from serment.interchange.calendars import CalendarUnreadable, Found

REAL = sorted(Path(str(files("icalendar"))).joinpath("tests").rglob("*.ics"))
PARIS = ZoneInfo("Europe/Paris")
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))
MARCH = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 30, tzinfo=UTC))


def agenda(*events: str, zones: str = "", zone: ZoneInfo = PARIS) -> Found:
    parts = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{zones}{parts}END:VCALENDAR\r\n"
    return calendars.read(text.encode(), zone, MARCH)


def starts(found: Found) -> list[str]:
    return [start.strftime("%d.%m %H:%M") for start, _end in found.spans]


def test_the_collection_of_real_files_is_there() -> None:
    assert len(REAL) >= 150


@pytest.mark.parametrize("file", REAL, ids=lambda file: file.name)
def test_every_real_file_gives_busy_time_or_a_reason(file: Path) -> None:
    try:
        found = calendars.read(file.read_bytes(), PARIS, EVER)
    except CalendarUnreadable:
        return  # its sentences are tested below
    assert found.events
    for start, end in found.spans:
        assert EVER[0] <= start < end <= EVER[1]
        assert start.utcoffset() == end.utcoffset() == UTC.utcoffset(None)
    assert all(low[1] < high[0] for low, high in zip(found.spans, found.spans[1:], strict=False))
    assert all(one.fault for one in (*found.refused, *found.free))


def test_most_real_files_with_an_event_in_them_give_busy_time() -> None:
    given = 0
    for file in REAL:
        try:
            given += bool(calendars.read(file.read_bytes(), PARIS, EVER).spans)
        except CalendarUnreadable:
            continue
    assert given >= 70


def test_a_weekly_lunch_keeps_its_hour_over_the_change_and_skips_its_exceptions() -> None:
    found = agenda(
        "UID:1\r\nDTSTART;TZID=Europe/Paris:20260316T120000\r\nDTEND;TZID=Europe/Paris:20260316T130000"
        "\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE;TZID=Europe/Paris:20260323T120000"
        "\r\nRDATE;TZID=Europe/Paris:20260319T150000"
    )
    assert starts(found) == ["16.03 11:00", "19.03 14:00", "30.03 10:00", "06.04 10:00"]


def test_one_repetition_moved_and_one_cancelled() -> None:
    series = (
        "UID:7\r\nDTSTART:20260302T080000Z\r\nDTEND:20260302T090000Z"
        "\r\nRRULE:FREQ=DAILY;UNTIL=20260304T235959Z"
    )
    moved = (
        "UID:7\r\nRECURRENCE-ID:20260303T080000Z\r\nDTSTART:20260303T150000Z"
        "\r\nDTEND:20260303T160000Z"
    )
    gone = (
        "UID:7\r\nRECURRENCE-ID:20260304T080000Z\r\nDTSTART:20260304T080000Z"
        "\r\nDTEND:20260304T090000Z\r\nSTATUS:CANCELLED"
    )
    assert starts(agenda(series, moved, gone)) == ["02.03 08:00", "03.03 15:00"]


def test_whole_days_and_floating_times_are_in_the_sites_own_zone() -> None:
    day = "UID:1\r\nDTSTART;VALUE=DATE:20260310\r\nDTEND;VALUE=DATE:20260312"
    floating = "UID:2\r\nDTSTART:20260320T090000\r\nDURATION:PT45M"
    reunion = agenda(day, floating, zone=ZoneInfo("Indian/Reunion"))
    assert reunion.spans == (
        (datetime(2026, 3, 9, 20, tzinfo=UTC), datetime(2026, 3, 11, 20, tzinfo=UTC)),
        (datetime(2026, 3, 20, 5, tzinfo=UTC), datetime(2026, 3, 20, 5, 45, tzinfo=UTC)),
    )


def test_windows_zone_names_and_zones_of_a_files_own() -> None:
    windows = (
        "UID:1\r\nDTSTART;TZID=Romance Standard Time:20260310T090000"
        "\r\nDTEND;TZID=Romance Standard Time:20260310T100000"
    )
    own = "UID:2\r\nDTSTART;TZID=Chez nous:20260311T090000\r\nDTEND;TZID=Chez nous:20260311T100000"
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Chez nous\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000"
        "\r\nTZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    assert starts(agenda(windows, own, zones=zone)) == ["10.03 08:00", "11.03 06:00"]


@pytest.mark.parametrize(
    ("property_line", "why"),
    [
        ("TRANSP:TRANSPARENT", "free"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", "free"),
        ("STATUS:CANCELLED", "cancelled"),
    ],
)
def test_free_and_cancelled_events_take_no_time_and_are_told(property_line: str, why: str) -> None:
    event = "UID:1\r\nDTSTART:20260310T090000Z\r\nDTEND:20260310T100000Z"
    assert len(agenda(event).spans) == 1
    found = agenda(f"{event}\r\n{property_line}")
    assert (found.spans, [one.fault for one in found.free]) == ((), [why])


def test_one_broken_event_does_not_hide_the_others() -> None:
    good = "UID:1\r\nDTSTART:20260310T090000Z\r\nDTEND:20260310T100000Z"
    found = agenda("UID:2\r\nDTSTART:demain\r\nRRULE:FREQ=PARFOIS", good, "UID:3\r\nSUMMARY:x")
    assert starts(found) == ["10.03 09:00"]
    assert [(one.line, one.fault) for one in found.refused] == [
        (3, "event_unusable" if found.refused[0].fault != "no_start" else "no_start"),
        (13, "no_start"),
    ]


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        ("DTSTART:20260301T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY", "too_dense"),
        ("DTSTART:20260301T090000Z\r\nRRULE:FREQ=DAILY;INTERVAL=0", "too_dense"),
        ("DTSTART:00010101T090000Z\r\nRRULE:FREQ=DAILY", "too_old"),
        ("DTSTART:20260310T100000Z\r\nDTEND:20260310T090000Z", "ends_before_start"),
        ("DTSTART:20200101T000000Z\r\nDTEND:20300101T000000Z", "lasts_too_long"),
    ],
)
def test_events_nobody_can_mean_are_refused(event: str, fault: str) -> None:
    found = agenda(f"UID:1\r\n{event}")
    assert found.spans == ()
    assert [one.fault for one in found.refused] == [fault]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "empty"),
        (b"NOM;PRENOM", "no_calendar"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR", "no_events"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260310T090000Z", "cut_off"),
    ],
)
def test_what_is_no_agenda_is_said_to_be_none(data: bytes, fault: str) -> None:
    with pytest.raises(CalendarUnreadable) as unreadable:
        calendars.read(data, PARIS, EVER)
    assert unreadable.value.fault == fault

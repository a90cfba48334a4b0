"""The hour that does not exist and the hour that exists twice, on every change 2024–2030."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from serment.scheduling import wall_clock
from serment.scheduling.availability import Calendar, Opening, Visit, slots

NO_CHANGE = [
    "America/Guadeloupe",
    "America/Martinique",
    "America/Cayenne",
    "America/Marigot",
    "America/St_Barthelemy",
    "Indian/Reunion",
    "Indian/Mayotte",
    "Indian/Kerguelen",
    "Pacific/Noumea",
    "Pacific/Wallis",
    "Pacific/Tahiti",
    "Pacific/Marquesas",
    "Pacific/Gambier",
]
# Written down from the rules, not computed: last Sundays of March and October (directive
# 2000/84/EC); second Sunday of March and first of November (Saint-Pierre-et-Miquelon).
PARIS = {
    2024: ((3, 31), (10, 27)),
    2025: ((3, 30), (10, 26)),
    2026: ((3, 29), (10, 25)),
    2027: ((3, 28), (10, 31)),
    2028: ((3, 26), (10, 29)),
    2029: ((3, 25), (10, 28)),
    2030: ((3, 31), (10, 27)),
}
MIQUELON = {
    2024: ((3, 10), (11, 3)),
    2025: ((3, 9), (11, 2)),
    2026: ((3, 8), (11, 1)),
    2027: ((3, 14), (11, 7)),
    2028: ((3, 12), (11, 5)),
    2029: ((3, 11), (11, 4)),
    2030: ((3, 10), (11, 3)),
}
# zone, day, first local hour that is missing or repeated
SPRING = [("Europe/Paris", date(y, *PARIS[y][0]), 2) for y in PARIS] + [
    ("America/Miquelon", date(y, *MIQUELON[y][0]), 2) for y in MIQUELON
]
AUTUMN = [("Europe/Paris", date(y, *PARIS[y][1]), 2) for y in PARIS] + [
    ("America/Miquelon", date(y, *MIQUELON[y][1]), 1) for y in MIQUELON
]


def night(zone: str, day: date, duration: int = 30) -> list[datetime]:
    """Slots of an opening from midnight to six on that day."""
    calendar = Calendar(ZoneInfo(zone), (Opening(day.weekday(), 0, 360),))
    origin = wall_clock.midnight(day)
    found = slots(
        calendar, Visit(uuid4(), duration), [], (origin - 900, origin + 2400), 0 + origin - 2000
    )
    return [wall_clock.instant_of(minute) for minute in found]


@pytest.mark.parametrize(("zone", "day", "hour"), SPRING)
def test_no_slot_in_the_hour_that_does_not_exist(zone: str, day: date, hour: int) -> None:
    local = [slot.astimezone(ZoneInfo(zone)) for slot in night(zone, day)]
    assert len(local) == 10
    assert all(slot.hour != hour for slot in local)
    assert [(s.hour, s.minute) for s in local][3:6] == [(1, 30), (3, 0), (3, 30)]
    gaps = {b - a for a, b in zip(night(zone, day), night(zone, day)[1:], strict=False)}
    assert gaps == {timedelta(minutes=30)}


@pytest.mark.parametrize(("zone", "day", "hour"), SPRING)
def test_a_typed_time_that_does_not_exist_is_refused(zone: str, day: date, hour: int) -> None:
    for minute in (0, 1, 30, 59):
        with pytest.raises(wall_clock.NonexistentTime):
            wall_clock.instant(day, time(hour, minute), ZoneInfo(zone))
    assert wall_clock.ranges(day, hour * 60, hour * 60 + 60, ZoneInfo(zone)) == []
    after = wall_clock.instant(day, time(hour + 1), ZoneInfo(zone))
    before = wall_clock.instant(day, time(hour - 1, 59), ZoneInfo(zone))
    assert after - before == timedelta(minutes=1)


@pytest.mark.parametrize(("zone", "day", "hour"), AUTUMN)
def test_the_hour_that_exists_twice_gives_two_different_instants(
    zone: str, day: date, hour: int
) -> None:
    found = night(zone, day)
    assert len(found) == 14
    assert len(set(found)) == 14
    repeated = [slot for slot in found if wall_clock.is_repeated(slot, ZoneInfo(zone))]
    assert len(repeated) == 4
    shown = [slot.astimezone(ZoneInfo(zone)) for slot in repeated]
    assert [(s.hour, s.minute) for s in shown] == [(hour, 0), (hour, 30)] * 2
    assert [s.fold for s in shown] == [0, 0, 1, 1]
    assert repeated[2] - repeated[0] == timedelta(hours=1)


@pytest.mark.parametrize(("zone", "day", "hour"), AUTUMN)
def test_a_typed_time_that_exists_twice_must_say_which(zone: str, day: date, hour: int) -> None:
    place = ZoneInfo(zone)
    for minute in (0, 30, 59):
        with pytest.raises(wall_clock.AmbiguousTime):
            wall_clock.instant(day, time(hour, minute), place)
        first = wall_clock.instant(day, time(hour, minute), place, second_pass=False)
        second = wall_clock.instant(day, time(hour, minute), place, second_pass=True)
        assert second - first == timedelta(hours=1)
        assert first.astimezone(place).time() == second.astimezone(place).time()
    wall_clock.instant(day, time(hour - 1, 59), place)
    wall_clock.instant(day, time(hour + 1), place)


@pytest.mark.parametrize("zone", NO_CHANGE)
def test_zones_without_changes_have_none_from_2024_to_2030(zone: str) -> None:
    place, day = ZoneInfo(zone), date(2024, 1, 1)
    offsets = set()
    while day < date(2031, 1, 1):
        stretches = wall_clock.stretches(day, place)
        assert len(stretches) == 1
        assert stretches[0][:2] == (0, 1440)
        offsets.add(stretches[0][2])
        day += timedelta(days=1)
    assert len(offsets) == 1


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Miquelon"])
def test_every_day_has_the_hours_that_its_clock_shows(zone: str) -> None:
    place, day = ZoneInfo(zone), date(2024, 1, 1)
    changes: list[tuple[date, int]] = []
    while day < date(2031, 1, 1):
        length = sum(high - low for low, high, _ in wall_clock.stretches(day, place))
        if length != 1440:
            changes.append((day, length))
        day += timedelta(days=1)
    table = PARIS if zone == "Europe/Paris" else MIQUELON
    expected = [
        (date(year, *change), length)
        for year in table
        for change, length in zip(table[year], (1380, 1500), strict=True)
    ]
    assert changes == expected


def test_a_wall_clock_rule_keeps_its_hour_through_the_year() -> None:
    place = ZoneInfo("Europe/Paris")
    calendar = Calendar(place, tuple(Opening(weekday, 540, 570) for weekday in range(7)))
    start = wall_clock.minute_of(datetime(2026, 1, 1, tzinfo=UTC))
    visit = Visit(uuid4(), 30, horizon_days=400)
    found = list(slots(calendar, visit, [], (start, start + 365 * 1440), start))
    assert len(found) == 365
    assert {wall_clock.instant_of(m).astimezone(place).time() for m in found} == {time(9)}

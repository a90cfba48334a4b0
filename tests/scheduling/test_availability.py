"""Slots agree with the minute-by-minute oracle, whatever the rules, the zone and the day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serment import ids
from serment.scheduling import wall_clock
from serment.scheduling.availability import (
    Away,
    Calendar,
    DatedHours,
    Limits,
    Need,
    Opening,
    Public,
    Visit,
    merged,
    slots,
    without,
)
from serment.scheduling.diagnosis import Rule as Why
from serment.scheduling.diagnosis import diagnose
from serment.scheduling.recurrence import week_of
from tests.scheduling.oracle import Dated, Rule, World, starts

PARIS = ZoneInfo("Europe/Paris")
ZONES = [
    "Europe/Paris",
    "America/Miquelon",
    "America/Martinique",
    "America/Cayenne",
    "Indian/Reunion",
    "Indian/Mayotte",
    "Pacific/Noumea",
    "Pacific/Tahiti",
    "Pacific/Marquesas",
    "Pacific/Wallis",
]
# Days on which a clock jumps, and plain ones.
DAYS = [
    date(2024, 3, 10),
    date(2024, 3, 31),
    date(2025, 10, 26),
    date(2025, 11, 2),
    date(2026, 2, 28),
    date(2028, 2, 29),
    date(2029, 12, 31),
]


def clock_text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def hours(draw: st.DrawFn) -> tuple[int, int]:
    low, high = sorted(draw(st.lists(st.integers(0, 288), min_size=2, max_size=2, unique=True)))
    return low * 5, high * 5


two = st.integers(1, 2)


@st.composite
def weeks(draw: st.DrawFn, day: date) -> dict[str, Any]:
    """Which weeks, and dates withdrawn."""
    return {
        "weeks": draw(st.sampled_from([1, 1, 2, 3])),
        "counted_from": day + timedelta(days=draw(st.integers(-30, 30))),
        "never_on": frozenset(draw(st.sampled_from([[], [], [day], [day + timedelta(days=7)]]))),
    }


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, date, datetime]:
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    day = draw(st.sampled_from(DAYS))
    origin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    late = st.one_of(st.none(), st.sampled_from([60, 240, 1440]))

    def spans(most: int) -> list[tuple[datetime, datetime]]:
        found = []
        for _ in range(draw(st.integers(0, most))):
            start = origin + timedelta(minutes=draw(st.integers(-900, 2300)))
            found.append((start, start + timedelta(minutes=draw(st.integers(1, 300)))))
        return found

    rules = [
        Rule(
            draw(st.sampled_from([day.weekday(), day.weekday(), (day.weekday() + 1) % 7])),
            *(clock_text(m) for m in draw(hours())),
            draw(st.sampled_from([None, None, day, day + timedelta(days=1)])),
            draw(st.sampled_from([None, None, day, day - timedelta(days=1)])),
            draw(st.booleans()),
            draw(late),
            **draw(weeks(day)),
            for_whom=draw(st.sampled_from([0, 0, 1, 2])),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]
    off = [
        Rule(day.weekday(), *(clock_text(m) for m in draw(hours())), **draw(weeks(day)))
        for _ in range(draw(st.sampled_from([0, 0, 1, 2])))
    ]
    dated = [
        Dated(day, *(clock_text(m) for m in draw(hours())), draw(st.booleans()))
        for _ in range(draw(st.integers(0, 2)))
    ]
    world = World(
        zone=zone,
        rules=rules,
        dated=dated,
        away=spans(2),
        holidays=draw(st.sampled_from([set(), set(), {day}])),
        taken=spans(6),
        duration=draw(st.sampled_from([5, 10, 15, 20, 25, 45, 90])),
        before=draw(st.sampled_from([0, 0, 5, 10])),
        after=draw(st.sampled_from([0, 0, 5, 7])),
        notice=draw(st.sampled_from([0, 30, 720])),
        horizon=draw(st.sampled_from([0, 1, 90])),
        late=draw(late),
        off=off,
        rooms=draw(st.sampled_from([None, 1, 2])) and [spans(4) for _ in range(draw(two))],
        full=draw(st.sampled_from([set(), set(), set(), {day}])),
        asks=draw(st.sampled_from([0, 0, 1, 2])),
    )
    return world, day, origin + timedelta(minutes=draw(st.integers(-3000, 1200)))


def minutes_of(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def product_of(world: World) -> tuple[Calendar, Visit, list[tuple[int, int]], Limits]:
    def minute_spans(spans: list[tuple[datetime, datetime]]) -> list[tuple[int, int]]:
        return [(wall_clock.minute_of(a), wall_clock.minute_of(b)) for a, b in spans]

    def stretch(rule: Rule) -> dict[str, Any]:
        return {
            "weekday": rule.weekday,
            "starts": minutes_of(rule.since),
            "ends": minutes_of(rule.until),
            "valid_from": rule.first_day,
            "valid_until": rule.last_day,
            "every": rule.weeks,
            "anchor": week_of(rule.counted_from),
            "skipped": rule.never_on,
        }

    away = minute_spans(world.away)
    calendar = Calendar(
        zone=world.zone,
        openings=tuple(
            Opening(
                **stretch(rule),
                closed_on_holidays=rule.off_on_holidays,
                late_release=rule.late,
                public=Public(rule.for_whom),
            )
            for rule in world.rules
        ),
        exceptions=tuple(
            DatedHours(d.day, minutes_of(d.since), minutes_of(d.until), d.opened)
            for d in world.dated
        ),
        absences=tuple(away[::2]),
        closures=tuple(away[1::2]),
        away=tuple(Away(**stretch(rule), house=bool(n)) for n, rule in enumerate(world.off)),
        is_holiday=lambda day: day in world.holidays,
    )
    visit = Visit(
        ids.new_id(),
        world.duration,
        world.before,
        world.after,
        world.notice,
        world.horizon,
        world.late,
        audience=Public(world.asks),
    )
    needs: tuple[Need, ...] = ()
    if world.rooms is not None:
        rooms = tuple(tuple(merged(minute_spans(room))) for room in world.rooms)
        needs = (Need("salle", tuple(ids.new_id() for _ in rooms), rooms),)
    limits = Limits(needs, frozenset(world.full))
    return calendar, visit, minute_spans(world.taken), limits


def whole_day(day: date) -> tuple[int, int]:
    return wall_clock.midnight(day) - 900, wall_clock.midnight(day) + 2400


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_slots_are_exactly_those_of_the_minute_by_minute_oracle(
    drawn: tuple[World, date, datetime],
) -> None:
    world, day, now = drawn
    calendar, visit, taken, limits = product_of(world)
    found = [
        wall_clock.instant_of(minute)
        for minute in slots(
            calendar, visit, taken, whole_day(day), wall_clock.minute_of(now), limits
        )
        if wall_clock.local_date(minute, world.zone) == day
    ]
    assert found == starts(world, day, now)


@settings(max_examples=40, deadline=None)
@given(worlds(), st.integers(-900, 2400))
def test_an_explanation_says_offered_exactly_for_slots(
    drawn: tuple[World, date, datetime], at: int
) -> None:
    world, day, now = drawn
    calendar, visit, taken, limits = product_of(world)
    present = wall_clock.minute_of(now)
    offered = set(slots(calendar, visit, taken, whole_day(day), present, limits))
    for minute in [wall_clock.midnight(day) + at, *sorted(offered)[:3]]:
        finding = diagnose(calendar, visit, taken, minute, present, limits)
        assert (finding.rule is Why.OFFERED) == (minute in offered)


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(0, 3000), st.integers(1, 400))
def test_a_window_changes_nothing_but_what_is_shown(
    drawn: tuple[World, date, datetime], offset: int, length: int
) -> None:
    world, day, now = drawn
    calendar, visit, taken, limits = product_of(world)
    present = wall_clock.minute_of(now)
    low = whole_day(day)[0] + offset
    everything = list(slots(calendar, visit, taken, whole_day(day), present, limits))
    seen = list(slots(calendar, visit, taken, (low, low + length), present, limits))
    inside = (max(low, whole_day(day)[0]), min(low + length, whole_day(day)[1]))
    assert [m for m in seen if m < inside[1]] == [m for m in everything if low <= m < inside[1]]


spans_of_minutes = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda p: (min(p), max(p))), max_size=8
)


@given(spans_of_minutes, spans_of_minutes)
def test_range_arithmetic_is_that_of_sets(
    some: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    def points(spans: list[tuple[int, int]]) -> set[int]:
        return {minute for low, high in spans for minute in range(low, high)}

    assert points(merged(some)) == points(some)
    assert points(without(merged(some), merged(others))) == points(some) - points(others)
    ends = [edge for span in merged(some) for edge in span]
    assert ends == sorted(set(ends))


def one_opening(since: time, until: time, day: date, **visit: int) -> list[str]:
    calendar = Calendar(
        PARIS,
        (
            Opening(
                day.weekday(),
                wall_clock.time_of_day(since),
                wall_clock.time_of_day(until, end=True),
            ),
        ),
    )
    now = wall_clock.midnight(day) - 1440
    found = slots(calendar, Visit(ids.new_id(), **visit), [], whole_day(day), now)
    return [wall_clock.instant_of(m).astimezone(PARIS).strftime("%H:%M") for m in found]


def test_a_plain_morning_gives_its_slots_with_buffers_between() -> None:
    day = date(2026, 3, 3)
    assert one_opening(time(9), time(11), day, duration=30) == ["09:00", "09:30", "10:00", "10:30"]
    shown = one_opening(time(9), time(11), day, duration=25, buffer_before=5, buffer_after=10)
    assert shown == ["09:05", "09:45", "10:25"]


def test_an_opening_until_midnight_ends_at_midnight() -> None:
    assert one_opening(time(23), time(0), date(2026, 3, 3), duration=30) == ["23:00", "23:30"]


def test_an_urgent_slot_is_released_late_and_to_the_minute() -> None:
    day = date(2026, 3, 3)
    calendar = Calendar(PARIS, (Opening(1, 540, 600, late_release=120),))
    visit = Visit(ids.new_id(), duration=30)
    nine = wall_clock.midnight(day) + 540 - 60
    assert list(slots(calendar, visit, [], whole_day(day), nine - 121)) == []
    assert list(slots(calendar, visit, [], whole_day(day), nine - 120)) == [nine]
    assert list(slots(calendar, visit, [], whole_day(day), nine - 90)) == [nine, nine + 30]


@pytest.mark.parametrize("horizon", [0, 7])
def test_the_horizon_opens_whole_days_of_the_site(horizon: int) -> None:
    calendar = Calendar(PARIS, tuple(Opening(w, 480, 1080) for w in range(7)))
    visit = Visit(ids.new_id(), duration=60, horizon_days=horizon)
    now = wall_clock.minute_of(datetime(2026, 3, 3, 22, 30, tzinfo=UTC))  # 23:30 in Paris
    window = (now, now + 30 * 1440)
    last = max(slots(calendar, visit, [], window, now), default=None)
    expected = date(2026, 3, 3) + timedelta(days=horizon)
    if horizon == 0:
        assert last is None
    else:
        assert last is not None
        assert wall_clock.local_date(last, PARIS) == expected

"""Every refusal names a rule that closes: take that rule away, and the answer changes.

For any calendar and any minute, a time is offered, or the rule named for it is removed here by
hand from what the engine was given, and the same question has another answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serment import ids
from serment.scheduling import availability, explain, rules, wall_clock
from serment.scheduling.availability import (
    NO_LIMITS,
    Calendar,
    Limits,
    Opening,
    Public,
    Span,
    Visit,
)
from serment.scheduling.diagnosis import Finding, Rule, diagnose
from tests.scheduling.oracle import World
from tests.scheduling.test_availability import product_of, worlds


@dataclass
class Asked:
    """One question, all that decides about it."""

    calendar: Calendar
    visit: Visit
    taken: list[Span]
    minute: int
    now: int
    limits: Limits

    def answer(self) -> Finding:
        return diagnose(self.calendar, self.visit, self.taken, self.minute, self.now, self.limits)

    @property
    def block(self) -> Span:
        start = self.minute - self.visit.buffer_before
        return start, start + self.visit.block

    @property
    def day(self) -> date:
        return wall_clock.local_date(self.minute, self.calendar.zone)

    def hours(self, **changed: object) -> Asked:
        found = tuple(replace(one, **changed) for one in self.calendar.openings)
        return replace(self, calendar=replace(self.calendar, openings=found))

    def rules(self, **changed: object) -> Asked:
        return replace(self, calendar=replace(self.calendar, **changed))

    def visits(self, **changed: object) -> Asked:
        return replace(self, visit=replace(self.visit, **changed))


def _opened_here(asked: Asked) -> Asked:
    """Hours that begin with the block and hold it, by the clock of every zone and day."""
    low, high = (_clock(asked, minute) for minute in (asked.block[0], asked.block[1] - 1))
    more = Opening(
        asked.day.weekday(), low, high + 1 if high >= low else 1440, closed_on_holidays=False
    )
    return asked.rules(openings=(*asked.calendar.openings, more))


def _clock(asked: Asked, minute: int) -> int:
    local = wall_clock.instant_of(minute).astimezone(asked.calendar.zone)
    return local.hour * 60 + local.minute


def _alone(asked: Asked) -> Asked:
    """Only the block is open: no other visit's length decides where it may begin."""
    calendar = replace(asked.calendar, openings=(), exceptions=())
    return _opened_here(replace(asked, calendar=calendar, limits=NO_LIMITS))


def _sooner(asked: Asked) -> Asked:
    return replace(asked, now=asked.minute - 1)


def _not_taken(asked: Asked) -> Asked:
    free = [one for one in asked.taken if not availability.touches(asked.block, [one])]
    return replace(asked, taken=free)


def _no_house(asked: Asked) -> Asked:
    away = tuple(one for one in asked.calendar.away if not one.house)
    return asked.rules(closures=(), away=away)


def _nobody_away(asked: Asked) -> Asked:
    return asked.rules(away=tuple(one for one in asked.calendar.away if one.house))


def _no_dates_closed(asked: Asked) -> Asked:
    return asked.rules(exceptions=tuple(o for o in asked.calendar.exceptions if o.opened))


REMOVE: dict[Rule, Callable[[Asked], Asked]] = {
    Rule.PAST: _sooner,
    Rule.NOTICE: lambda asked: asked.visits(notice=0),
    Rule.HORIZON: lambda asked: asked.visits(horizon_days=3650),
    Rule.HOUSE_CLOSED: _no_house,
    Rule.ABSENCE: lambda asked: asked.rules(absences=()),
    Rule.RECURRING_ABSENCE: _nobody_away,
    Rule.CLOSED_DATE: _no_dates_closed,
    Rule.HOLIDAY: lambda asked: asked.rules(is_holiday=lambda _day: False),
    Rule.SKIPPED: lambda asked: asked.hours(skipped=frozenset()),
    Rule.OTHER_WEEK: lambda asked: asked.hours(every=1),
    Rule.NOT_YET: lambda asked: asked.hours(valid_from=None),
    Rule.ENDED: lambda asked: asked.hours(valid_until=None),
    Rule.RESERVED: lambda asked: asked.hours(public=Public.EVERYONE),
    Rule.OTHER_REASON: lambda asked: asked.hours(reasons=frozenset()),
    Rule.TOO_LONG: _opened_here,
    Rule.MIDNIGHT: lambda asked: asked.visits(duration=5, buffer_before=0, buffer_after=0),
    Rule.OUTSIDE_OPENINGS: _opened_here,
    Rule.TAKEN: _not_taken,
    Rule.ELSEWHERE: _not_taken,
    Rule.SUBSTITUTE_BUSY: lambda asked: replace(asked, limits=replace(asked.limits, needs=())),
    Rule.NO_ROOM: lambda asked: replace(asked, limits=replace(asked.limits, needs=())),
    Rule.DAY_FULL: lambda asked: replace(
        asked, limits=replace(asked.limits, full_days=frozenset())
    ),
    Rule.KEPT: lambda asked: asked.visits(late_release=None).hours(late_release=None),
    Rule.OFF_GRID: _alone,
}


@settings(max_examples=40)
@given(worlds(), st.lists(st.integers(-60, 1500), min_size=4, max_size=8), st.booleans())
def test_what_is_not_offered_is_closed_by_the_rule_named(
    drawn: tuple[World, date, datetime], offsets: list[int], one_reason_only: bool
) -> None:
    world, day, now = drawn
    calendar, visit, taken, limits = product_of(world)
    if one_reason_only and calendar.openings:
        first = replace(calendar.openings[0], reasons=frozenset([ids.new_id()]))
        calendar = replace(calendar, openings=(first, *calendar.openings[1:]))
    present = wall_clock.minute_of(now)
    start = wall_clock.day_start(wall_clock.midnight(day) + 720, world.zone)
    for offset in offsets:
        asked = Asked(calendar, visit, taken, start + offset // 5 * 5, present, limits)
        found = asked.answer()
        if found.rule is Rule.OFFERED:
            continue
        assert REMOVE[found.rule](asked).answer() != found, found
        assert explain.sentence(found, rules.Plan(visit.id, visit.id, visit.id, calendar, {}))


def test_every_rule_can_be_named_and_has_its_sentence() -> None:
    """The property above is about all rules, and no rule is left without words."""
    assert set(REMOVE) | {Rule.OFFERED} == set(Rule)
    plan = rules.Plan(SOMETHING, SOMETHING, SOMETHING, PLAIN, {})
    for rule in Rule:
        assert explain.sentence(Finding(rule, released_at=0), plan).endswith(".")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "vendredi 1er\u00a0janvier compris"),
        (750, "samedi 2\u00a0janvier à 12\u00a0h\u00a030"),
    ],
)
def test_an_absence_of_whole_days_ends_with_its_last_day(minutes: int, said: str) -> None:
    plan = rules.Plan(SOMETHING, SOMETHING, SOMETHING, PLAIN, {})
    midnight = wall_clock.day_start(wall_clock.midnight(date(2027, 1, 2)) + 720, PLAIN.zone)
    finding = Finding(Rule.ABSENCE, until=midnight + minutes)
    assert said in explain.sentence(finding, plan)


PLAIN = Calendar(zone=ZoneInfo("Europe/Paris"))
SOMETHING = ids.new_id()


@pytest.mark.parametrize("asks", list(Public))
def test_hours_kept_for_some_are_offered_to_them_alone(asks: Public) -> None:
    for public in Public:
        calendar = replace(PLAIN, openings=(Opening(1, 540, 600, public=public),))
        visit = Visit(SOMETHING, 30, audience=asks)
        minute = wall_clock.midnight(date(2026, 3, 3)) + 480
        found = diagnose(calendar, visit, [], minute, minute - 600)
        offered = asks >= public
        assert (found.rule is Rule.OFFERED) == offered
        assert offered or found.public is public


def test_within_the_notice_a_closed_hour_says_why_and_an_open_one_says_to_call() -> None:
    """Nobody is told to telephone about a day on which nobody receives."""
    visit = Visit(SOMETHING, 30, notice=3 * 1440)
    start = wall_clock.midnight(date(2026, 3, 3)) + 480
    for opens, rule in ((540, Rule.NOTICE), (720, Rule.OUTSIDE_OPENINGS)):
        calendar = replace(PLAIN, openings=(Opening(1, opens, opens + 120),))
        assert diagnose(calendar, visit, [], start, start - 60).rule is rule
    taken = [(start, start + 30)]
    calendar = replace(PLAIN, openings=(Opening(1, 540, 660),))
    assert diagnose(calendar, visit, taken, start, start - 60).rule is Rule.TAKEN


@pytest.mark.parametrize(
    ("opening", "rule"), [((1, 1320, 1440), Rule.MIDNIGHT), ((1, 540, 660), Rule.OUTSIDE_OPENINGS)]
)
def test_midnight_is_named_only_where_somebody_receives_until_then(
    opening: tuple[int, int, int], rule: Rule
) -> None:
    calendar = replace(PLAIN, openings=(Opening(*opening),))
    minute = wall_clock.midnight(date(2026, 3, 3)) - 60 + 1425
    found = diagnose(calendar, Visit(SOMETHING, 30), [], minute, minute - 2000)
    assert found.rule is rule

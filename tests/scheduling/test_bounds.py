"""Nobody has a slot before the bound that the rules give, whatever time is taken."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serment import ids
from serment.scheduling import availability, bounds, wall_clock
from serment.scheduling.availability import Calendar, Limits, Opening, Span, Visit, merged
from tests.scheduling.oracle import World
from tests.scheduling.test_availability import PARIS, product_of, whole_day, worlds

DAY = date(2026, 3, 3)
NINE = wall_clock.midnight(DAY) + 480


def first_possible(
    calendar: Calendar, visit: Visit, window: Span, now: int, long: tuple[Span, ...] = ()
) -> int | None:
    on = partial(bounds.starts_on, calendar, visit)
    return bounds.first_possible(calendar, visit, window, now, on, long)


@settings(max_examples=200)
@given(
    worlds(),
    st.integers(0, 3000),
    st.lists(st.tuples(st.integers(-900, 2400), st.integers(1, 900)), max_size=2),
)
def test_no_slot_comes_before_the_bound(
    drawn: tuple[World, date, datetime], offset: int, lengths: list[tuple[int, int]]
) -> None:
    world, day, now = drawn
    calendar, visit, taken, limits = product_of(world)
    present = wall_clock.minute_of(now)
    window = (whole_day(day)[0] + offset, whole_day(day)[1])
    origin = wall_clock.midnight(day)
    long = merged((origin + start, origin + start + length) for start, length in lengths)
    found = next(
        availability.slots(calendar, visit, [*taken, *long], window, present, limits), None
    )
    for stepped in ((), tuple(long)):
        bound = first_possible(calendar, visit, window, present, stepped)
        assert found is None or (bound is not None and bound <= found)


@given(worlds())
def test_where_nothing_is_taken_the_bound_is_as_good_as_the_slot(
    drawn: tuple[World, date, datetime],
) -> None:
    """From before the day, so that no walk is under way: a bound of nothing would pass the other
    test, and help nobody."""
    world, day, now = drawn
    calendar, visit, _taken, _limits = product_of(world)
    present = min(wall_clock.minute_of(now), whole_day(day)[0] - visit.notice - 1)
    first = next(availability.slots(calendar, visit, (), whole_day(day), present, Limits()), None)
    bound = first_possible(calendar, visit, whole_day(day), present)
    assert (bound is None) == (first is None)
    if bound is not None and first is not None:
        assert first - bound < availability.GRID_MINUTES


def test_time_taken_moves_the_walk_and_the_bound_is_before_that_too() -> None:
    """The control: the first slot of a free day is no bound, for a visit of somebody else's may
    make an earlier one."""
    calendar = Calendar(PARIS, (Opening(DAY.weekday(), 540, 720),))
    visit = Visit(ids.new_id(), 30, notice=40)
    window = (NINE, NINE + 600)
    free = next(availability.slots(calendar, visit, (), window, NINE))
    moved = next(availability.slots(calendar, visit, [(NINE, NINE + 10)], window, NINE))
    assert (free, moved) == (NINE + 60, NINE + 40)
    assert first_possible(calendar, visit, window, NINE) == NINE + 40


@pytest.mark.parametrize("buffers", [(0, 0), (10, 5)])
def test_the_last_start_of_a_day_still_counts_and_none_after_it(buffers: tuple[int, int]) -> None:
    calendar = Calendar(PARIS, (Opening(DAY.weekday(), 540, 600),))
    visit = Visit(ids.new_id(), 30, *buffers)
    last = NINE + 60 - 30 - buffers[1]
    now = NINE - 600
    assert first_possible(calendar, visit, (last, last + 1), now) == last
    assert first_possible(calendar, visit, (last + 1, last + 600), now) is None

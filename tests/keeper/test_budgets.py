"""Budgets count distinct persons in sliding windows; compared with a plain list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serment.keeper.policy.budgets import (
    HOUR_US,
    SLOWED_PER_SECOND,
    WAIT_US_MAX,
    Budgets,
    Key,
    Limit,
    Scope,
)

MINUTE = 60_000_000
ACTOR = Key(Scope.ACTOR, b"a")
PROCESS = Key(Scope.PROCESS, b"p")
SMALL = {
    Scope.ACTOR: (Limit(5, HOUR_US),),
    Scope.CLIENT: (Limit(5, HOUR_US),),
    Scope.PROCESS: (Limit(8, HOUR_US),),
    Scope.ESTABLISHMENT: (Limit(8, HOUR_US),),
}


def person(number: int) -> bytes:
    return number.to_bytes(2, "big")


def persons(*numbers: int) -> frozenset[bytes]:
    return frozenset(person(number) for number in numbers)


steps = st.lists(
    st.tuples(
        st.integers(0, 20 * MINUTE), st.frozensets(st.integers(0, 12), min_size=1, max_size=4)
    ),
    max_size=40,
)


@given(steps)
def test_an_actor_never_has_more_persons_in_any_window_than_the_limit(
    happened: list[tuple[int, frozenset[int]]],
) -> None:
    budgets, now, seen = Budgets(SMALL), 0, dict[bytes, int]()
    for later, numbers in happened:
        now += later
        wanted = persons(*numbers)
        inside = {one for one, at in seen.items() if at > now - HOUR_US}
        verdict = budgets.charge([ACTOR], wanted, now)
        fits = len(inside | wanted) <= 5 or wanted <= inside
        assert verdict.allowed == fits
        if verdict.allowed:
            seen |= dict.fromkeys(wanted, now)


def test_without_the_window_the_same_person_would_count_again() -> None:
    """The control: counting openings instead of persons refuses what is no theft."""
    budgets = Budgets(SMALL)
    assert all(budgets.charge([ACTOR], persons(1, 2), at).allowed for at in range(100))
    openings = 2 * 100
    assert openings > SMALL[Scope.ACTOR][0].persons


def test_what_is_refused_counts_nowhere() -> None:
    budgets = Budgets(SMALL)
    assert not budgets.charge([PROCESS, ACTOR], persons(1, 2, 3, 4, 5, 6), 0).allowed
    assert budgets.charge([ACTOR], persons(7, 8, 9, 10, 11), 1).allowed
    assert budgets.charge([PROCESS], persons(*range(20, 28)), 1).wait_us == 0


@given(st.lists(st.integers(1, 4), min_size=1, max_size=60), st.integers(0, MINUTE // 60))
def test_past_its_budget_a_process_goes_on_at_the_stated_rate(sizes: list[int], pause: int) -> None:
    budgets, now, number, last = Budgets(SMALL), 0, 0, 0
    for size in sizes:
        wanted = persons(*range(number, number + size))
        verdict = budgets.charge([PROCESS], wanted, now)
        if verdict.allowed:
            number += size
            last = now + verdict.wait_us
            assert verdict.wait_us <= WAIT_US_MAX
        now += pause
    # The request that crosses the limit is slowed whole, so at most one limit's worth is free.
    assert number <= 8 + last * SLOWED_PER_SECOND / 1_000_000 + 1


def test_an_alarm_stands_once_a_window() -> None:
    budgets = Budgets(SMALL)
    budgets.charge([ACTOR], persons(1, 2, 3, 4, 5), 0)
    told = [
        [one.first for one in budgets.charge([ACTOR], persons(6), at).exceeded]
        for at in (1, 2, HOUR_US // 2, HOUR_US - 1)
    ]
    assert told == [[True], [False], [False], [False]]
    budgets.charge([ACTOR], persons(1, 2, 3, 4, 5), HOUR_US + 2)
    assert [one.first for one in budgets.charge([ACTOR], persons(6), HOUR_US + 3).exceeded] == [
        True
    ]


def test_a_raise_ends_when_it_was_said_to() -> None:
    budgets = Budgets(SMALL)
    budgets.raise_to(ACTOR, 2, until=MINUTE)
    assert budgets.charge([ACTOR], persons(*range(10)), 0).allowed
    assert not budgets.charge([ACTOR], persons(11), MINUTE).allowed


def test_replayed_openings_count_as_if_the_keeper_had_not_been_restarted() -> None:
    budgets = Budgets(SMALL)
    for number in range(5):
        budgets.replay([ACTOR], persons(number), number)
    assert not budgets.charge([ACTOR], persons(6), MINUTE).allowed
    assert Budgets(SMALL).charge([ACTOR], persons(6), MINUTE).allowed


def test_sweeping_forgets_what_is_over_and_nothing_else() -> None:
    budgets = Budgets(SMALL)
    budgets.charge([ACTOR], persons(1, 2, 3, 4, 5), 0)
    budgets.sweep(HOUR_US - 1)
    assert not budgets.charge([ACTOR], persons(6), HOUR_US - 1).allowed
    budgets.sweep(2 * HOUR_US)
    assert budgets.charge([ACTOR], persons(6), 2 * HOUR_US).allowed

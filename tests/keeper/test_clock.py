"""A machine whose clock was set back: instants rise, and what is to end ends."""

from __future__ import annotations

import time

import pytest

from serment.keeper.keeper_clock import KeeperClock

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
YEAR = 8_760 * HOUR


class Machine:
    """A clock somebody sets, and one nobody does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told, self.passed = 50 * YEAR, 0
        monkeypatch.setattr(time, "time_ns", lambda: self.told)
        monkeypatch.setattr(time, "monotonic_ns", lambda: self.passed)

    def later(self, nanoseconds: int) -> None:
        self.told += nanoseconds
        self.passed += nanoseconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.mark.parametrize("guarded", [True, False])
def test_after_a_wrong_year_time_goes_on(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: only made to rise, it stands for sixty years and no session ends."""
    if not guarded:
        monkeypatch.setattr(KeeperClock, "_at_half_pace", lambda clock: clock.last)
    clock = KeeperClock()
    machine.told += 60 * YEAR
    wrong = clock.now()
    machine.told -= 60 * YEAR
    told = [clock.now()]
    for _ in range(24):
        machine.later(HOUR)
        told.append(clock.now())
    assert told == sorted(set(told))
    assert told[0] > wrong
    assert (told[-1] - wrong >= 12 * HOUR // 1_000) == guarded


def test_it_is_caught_up_with(machine: Machine) -> None:
    """A second back is caught up with in two; from then on it is the machine's again."""
    clock = KeeperClock()
    clock.now()
    machine.told -= SECOND
    told = []
    for _ in range(30):
        machine.later(SECOND // 10)
        told.append(clock.now())
    assert told == sorted(set(told))
    assert told[-1] == machine.told // 1_000

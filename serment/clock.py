"""The clock: time is an argument, and a throw-away instance may drive it."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the present instant, always in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)


class DrivenClock:
    """A clock moved by hand; only drills and tests may hold one."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Set the instant; going back is refused, as a ledger's time never does."""
        if instant < self._now:
            raise ValueError("A driven clock does not run backwards.")
        self._now = instant


_clock: Clock = SystemClock()


def now() -> datetime:
    """The present instant in UTC, from the process's clock."""
    return _clock.now()


def drive(clock: Clock) -> None:
    """Replace the process's clock; for drills and tests."""
    global _clock  # noqa: PLW0603 -- one clock a process is the point
    _clock = clock

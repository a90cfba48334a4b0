"""How long to wait before a fallen process is started again."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_SECONDS = 0.2
SECONDS_MAX = 15.0
# Whoever ran this long was well: its next fall counts as the first.
WELL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """Falls in a row; a value, so that it is tested without waiting."""

    falls: int = 0

    def after(self, ran_seconds: float) -> Backoff:
        """The state after one more fall of a process that ran that long."""
        return Backoff(1 if ran_seconds >= WELL_SECONDS else self.falls + 1)

    @property
    def wait_seconds(self) -> float:
        """0.2 s after the first fall, doubled with each, never more than 15 s."""
        if self.falls == 0:
            return 0.0
        return min(SECONDS_MAX, FIRST_SECONDS * 2.0 ** min(self.falls - 1, 20))

"""The keeper's instants: the machine's clock, made to rise."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(slots=True)
class KeeperClock:
    """Microseconds since 1970, never twice the same and never backwards; a drill may drive it.

    Where the machine's clock was set back it goes on at half its pace until that one has caught up:
    did it stand, no session would end and no budget begin anew, after one wrong year for years.
    """

    driven: int | None = None
    last: int = 0
    _behind: tuple[int, int] | None = None
    """What was last told when the machine fell behind it, and that moment (monotonic, ns)."""

    def drive(self, instant: int, recorded: int) -> None:
        """A drill's instant from now on, 0: the machine's; never before what is ``recorded``."""
        self.driven, self.last = instant or None, recorded

    def now(self) -> int:
        """The present instant."""
        present = self.driven if self.driven is not None else time.time_ns() // 1000
        if present > self.last:
            self.last, self._behind = present, None
        else:
            self.last = max(self.last + 1, self._at_half_pace())
        return self.last

    def _at_half_pace(self) -> int:
        if self.driven is not None:
            return self.driven
        if self._behind is None:
            self._behind = self.last, time.monotonic_ns()
        since, moment = self._behind
        return since + (time.monotonic_ns() - moment) // 2_000

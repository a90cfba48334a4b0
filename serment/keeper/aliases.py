"""How often the sign-in alias of an address is asked: counted beforehand, and slowed.

An alias compared with the rows of sign-in tells whether an address has an account. That cannot be
refused to whoever lets people sign in, so it is bounded: each leaf stands for some aliases of one
process, and a kind of process that asks faster than people sign in waits, however often it forks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from serment.keeper.words import ALIAS_SECONDS, ALIASES_A_LEAF, ALIASES_A_SECOND

PROCESSES_MAX: Final = 1_000
WAIT_SECONDS_MAX: Final = 2.0
BURST_SECONDS: Final = 1.0


@dataclass(slots=True)
class Asked:
    """What a process's last leaf still covers; when a kind of process may ask again."""

    left: int = 0
    until: float = 0.0
    free_at: float = 0.0


@dataclass(slots=True)
class AliasCount:
    """Counts leaves by process, as the kernel numbers them, and waits by kind of process."""

    clock: Callable[[], float] = time.monotonic
    _asked: dict[int | str, Asked] = field(default_factory=dict)

    def covered(self, peer: int) -> bool:
        """Use up one alias of the process's leaf; False when a new leaf is due."""
        asked = self._of(peer)
        if asked.left <= 0 or asked.until < self.clock():
            return False
        asked.left -= 1
        return True

    def cover(self, peer: int) -> None:
        """A leaf is durable; the alias it was made for is the first it covers."""
        asked = self._of(peer)
        asked.left, asked.until = ALIASES_A_LEAF - 1, self.clock() + ALIAS_SECONDS

    def wait_seconds(self, kin: str) -> float | None:
        """How long this kind of process has to wait; None when it should not be answered at all."""
        asked, now = self._of(kin), self.clock()
        earliest = max(asked.free_at, now - BURST_SECONDS)
        if earliest - now > WAIT_SECONDS_MAX:
            return None
        asked.free_at = earliest + 1 / ALIASES_A_SECOND
        return max(0.0, earliest - now)

    def _of(self, peer: int | str) -> Asked:
        if peer not in self._asked and len(self._asked) >= PROCESSES_MAX:
            self._asked.clear()  # their next alias has its own leaf: too many, never too few
        return self._asked.setdefault(peer, Asked())

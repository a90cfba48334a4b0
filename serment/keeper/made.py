"""Which process had Serment make which file, for a quarter of an hour: it alone may link it.

``system`` carries no capability, so that it made a file long ago, in an import for one, must not
let whoever claims to be it hand the file to an account. Memory only; a restart forgets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from serment.keeper.words import LINK_SECONDS

HELD_MAX: Final = 50_000
_LINK_US: Final = LINK_SECONDS * 1_000_000


@dataclass(slots=True)
class Made:
    """Records made by ``system``, by whose asking and when; the oldest go first."""

    _held: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    def note(self, peer: int, records: Iterable[bytes], now: int) -> None:
        """This process had these records made."""
        for record in records:
            self._held[record] = (peer, now)
        while len(self._held) > HELD_MAX:
            del self._held[next(iter(self._held))]

    def by(self, peer: int, record: bytes, now: int) -> bool:
        """Did this very process have it made, not long ago?"""
        maker, at = self._held.get(record, (None, 0))
        return maker == peer and now - at <= _LINK_US

    def sweep(self, now: int) -> None:
        """Forget what is over."""
        over = [one for one, (_peer, at) in self._held.items() if now - at > _LINK_US]
        for record in over:
            del self._held[record]

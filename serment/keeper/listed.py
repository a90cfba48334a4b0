"""What each session was listed, for as long as a lease: asked again within it, no second leaf."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from serment.keeper.words import LEASE_SECONDS

_LEASE_US: Final = LEASE_SECONDS * 1_000_000
Listing = tuple[str, str, str, bytes]


@dataclass(slots=True)
class Listings:
    """What each session was listed, and since when: as long as a key's lease, so that a
    perimeter widened by the lease holds the leaf of everything seen within it."""

    _of: dict[bytes, dict[tuple[Listing, bytes], int]] = field(default_factory=dict)

    def fresh(
        self, session: bytes, listing: Listing, ids: Iterable[bytes], now: int
    ) -> list[bytes]:
        """Those of the ids this session was not listed within the lease."""
        held = self._of.get(session, {})
        return [one for one in ids if held.get((listing, one), 0) < now - _LEASE_US]

    def note(self, session: bytes, listing: Listing, ids: Iterable[bytes], now: int) -> None:
        """Leaves that name these ids are durable."""
        held = self._of.setdefault(session, {})
        for one in ids:
            held[listing, one] = now

    def end(self, session: bytes) -> None:
        """The session is over."""
        self._of.pop(session, None)

    def sweep(self, now: int) -> None:
        """Forget what is over."""
        for session, held in list(self._of.items()):
            left = {name: at for name, at in held.items() if at >= now - _LEASE_US}
            if left:
                self._of[session] = left
            else:
                del self._of[session]

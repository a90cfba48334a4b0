"""Capabilities as they were read in the store, remembered while their sessions last.

Held by the secret itself, which the memory of given answers holds too: its keyed tag is computed
where a row is read or a session ends, not at every opening. Only ``rights`` fills it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from serment.keeper.rights import Capability

REMEMBERED_MAX: Final = 50_000


@dataclass(slots=True)
class Sessions:
    """What each capability says; past the bound all are read anew."""

    _held: dict[bytes, Capability] = field(default_factory=dict)
    _named: dict[bytes, bytes] = field(default_factory=dict)
    """The secret behind each tag: sessions are ended by the tag."""

    def of(self, secret: bytes) -> Capability | None:
        """What this capability says; None where its row is to be read."""
        return self._held.get(secret)

    def put(self, secret: bytes, name: bytes, held: Capability) -> None:
        """Remember what was read under a tag."""
        if len(self._held) >= REMEMBERED_MAX:
            self.clear()
        self._held[secret], self._named[name] = held, secret

    def end(self, name: bytes) -> None:
        """The session is over."""
        secret = self._named.pop(name, None)
        if secret is not None:
            self._held.pop(secret, None)

    def clear(self) -> None:
        """Read all of them anew."""
        self._held.clear()
        self._named.clear()

"""Freezes: a session, a person's sign-ins, a client, a process, an export or a file opens nothing;
and nothing of an incident or evidence is forgotten (``evidence`` keeps those).

A freeze is checked at the start of every act and again after the sync. People lift what people
froze; breaking the glass passes a freeze the keeper set itself, never one a person set.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from serment.keeper.policy.rows import PolicyRows

_TABLE: Final = "freeze"


class What(StrEnum):
    """What can be frozen."""

    SESSION = "session"
    ACTOR = "actor"
    CLIENT = "client"
    PROCESS = "process"
    ESTABLISHMENT_EXPORTS = "exports"
    SUBJECT = "subject"
    INCIDENT = "incident"
    EVIDENCE = "evidence"


class Freeze(msgspec.Struct, array_like=True, frozen=True):
    """One freeze; ``by`` is nil where the keeper set it itself."""

    what: str
    value: str
    establishment: bytes | None
    by: bytes | None
    at: int
    until: int | None
    why: str = ""

    @property
    def human(self) -> bool:
        """Did a person set it?"""
        return self.by is not None

    def holds(self, now: int) -> bool:
        """Is it still on?"""
        return self.until is None or now < self.until


class Freezes:
    """All freezes, held in memory beside their rows: they are asked for at every act."""

    def __init__(self, rows: PolicyRows) -> None:
        self._rows = rows
        self._held: dict[bytes, Freeze] = dict(rows.all(_TABLE, Freeze))

    def set(self, tag: bytes, freeze: Freeze) -> None:
        """Freeze, inside the caller's transaction. A person's freeze is not overwritten by the
        keeper's own."""
        former = self._held.get(tag)
        if former is not None and former.human and not freeze.human:
            return
        self._rows.put(_TABLE, tag, freeze)
        self._held[tag] = freeze

    def lift(self, tag: bytes) -> Freeze | None:
        """Take a freeze off, inside the caller's transaction; what it was."""
        self._rows.drop(_TABLE, tag)
        return self._held.pop(tag, None)

    def __bool__(self) -> bool:
        """Is anything frozen at all?"""
        return bool(self._held)

    def of(self, tag: bytes, now: int) -> Freeze | None:
        """The freeze on this tag, if it is on."""
        held = self._held.get(tag)
        return held if held is not None and held.holds(now) else None

    def get(self, tag: bytes) -> Freeze | None:
        """The freeze stored under a tag, on or over."""
        return self._held.get(tag)

    def all(self) -> list[Freeze]:
        """Every freeze, the latest first."""
        return sorted(self._held.values(), key=lambda one: -one.at)

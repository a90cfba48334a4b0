"""Care relations: this establishment and this person, for a while. They lie in the keeper only.

A booking makes one. Whoever opens a file inside a relation is not counted on any budget: a desk
that serves five hundred booked patients a day is no alarm, five hundred strangers are. What staff
make at the desk is counted once, when it is made: otherwise booking would be the way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from serment.keeper.store import Store

DAY_US: Final = 86_400_000_000

RELATION_DAYS_MAX: Final = 550
"""A year's horizon and half a year after the visit."""

GLASS_US: Final = 3_600_000_000
"""How long a file stays open to the establishment after its glass was broken."""


@dataclass(frozen=True, slots=True)
class Window:
    """µs since 1970, both ends included."""

    not_before: int
    not_after: int

    def holds(self, now: int) -> bool:
        """Is the relation good at this instant?"""
        return self.not_before <= now <= self.not_after

    def joined(self, other: Window) -> Window:
        """One window for both: later visits make a relation longer, never shorter."""
        return Window(min(self.not_before, other.not_before), max(self.not_after, other.not_after))


class Relations:
    """The relations of all establishments, by the tags of establishment and subject."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make(self, establishment: bytes, subject: bytes, window: Window) -> None:
        """Add a relation, inside the caller's transaction; the same pair keeps one row."""
        former = self._of(establishment, subject, glass=False)
        if former is not None and former.not_after >= window.not_before:
            window = former.joined(window)
        self._put(establishment, subject, window, glass=False)

    def break_glass(self, establishment: bytes, subject: bytes, now: int) -> None:
        """Open a file to the establishment for an hour, inside the caller's transaction."""
        self._put(establishment, subject, Window(now, now + GLASS_US), glass=True)

    def holds(self, establishment: bytes, subject: bytes, now: int) -> bool:
        """Does this establishment care for this person at this instant?"""
        found = self._store.database.execute(
            "SELECT 1 FROM relation WHERE establishment = ? AND subject = ?"
            " AND ? BETWEEN not_before AND not_after",
            (establishment, subject, now),
        ).fetchone()
        return found is not None

    def glass_holds(self, establishment: bytes, subject: bytes, now: int) -> bool:
        """Was the glass of this file broken within the hour?"""
        window = self._of(establishment, subject, glass=True)
        return window is not None and window.holds(now)

    def drop(self, subject: bytes) -> None:
        """Forget every relation of an erased person."""
        self._store.database.execute("DELETE FROM relation WHERE subject = ?", (subject,))

    def drop_over(self, now: int) -> None:
        """Forget relations that ended."""
        self._store.database.execute("DELETE FROM relation WHERE not_after < ?", (now,))

    def _of(self, establishment: bytes, subject: bytes, *, glass: bool) -> Window | None:
        row = self._store.database.execute(
            "SELECT not_before, not_after FROM relation"
            " WHERE establishment = ? AND subject = ? AND glass = ?",
            (establishment, subject, glass),
        ).fetchone()
        return None if row is None else Window(*row)

    def _put(self, establishment: bytes, subject: bytes, window: Window, *, glass: bool) -> None:
        self._store.database.execute(
            "INSERT OR REPLACE INTO relation VALUES (?, ?, ?, ?, ?)",
            (establishment, subject, window.not_before, window.not_after, glass),
        )

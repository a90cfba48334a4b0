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

REMEMBERED_MAX: Final = 50_000

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
    """The relations of all establishments, by the tags of establishment and subject.

    Windows are remembered as they were read, that there is none too: every opening asks. Only this
    class writes the table, and what it writes it forgets; an act that fails forgets all.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._remembered: dict[tuple[bytes, bytes], tuple[Window, ...]] = {}
        store.on_undone.append(self._remembered.clear)

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
        pair = establishment, subject
        windows = self._remembered.get(pair)
        if windows is None:
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            windows = self._remembered[pair] = self._windows(*pair)
        return bool(windows) and any(window.holds(now) for window in windows)

    def glass_holds(self, establishment: bytes, subject: bytes, now: int) -> bool:
        """Was the glass of this file broken within the hour?"""
        window = self._of(establishment, subject, glass=True)
        return window is not None and window.holds(now)

    def drop(self, subject: bytes) -> None:
        """Forget every relation of an erased person."""
        self._remembered.clear()
        self._store.drop_rows("relation", subject=subject)

    def drop_over(self, now: int) -> None:
        """Forget relations that ended; the key backup's open nothing either, their time is over."""
        self._remembered.clear()
        self._store.database.execute("DELETE FROM relation WHERE not_after < ?", (now,))

    def _windows(self, establishment: bytes, subject: bytes) -> tuple[Window, ...]:
        rows = self._store.database.execute(
            "SELECT not_before, not_after FROM relation WHERE establishment = ? AND subject = ?",
            (establishment, subject),
        )
        return tuple(Window(*row) for row in rows)

    def _of(self, establishment: bytes, subject: bytes, *, glass: bool) -> Window | None:
        row = self._store.database.execute(
            "SELECT not_before, not_after FROM relation"
            " WHERE establishment = ? AND subject = ? AND glass = ?",
            (establishment, subject, glass),
        ).fetchone()
        return None if row is None else Window(*row)

    def _put(self, establishment: bytes, subject: bytes, window: Window, *, glass: bool) -> None:
        self._remembered.pop((establishment, subject), None)
        self._store.put_row(
            "relation", establishment, subject, window.not_before, window.not_after, glass
        )

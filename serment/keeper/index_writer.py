"""The thread that fills the disclosure index, behind the answers.

The ledger is synced before anything leaves and is the truth; the index is made from it, so its rows
may be written a moment later, many in one transaction, through a connection of this thread's own.
Nobody reads past it: ``wait`` returns when all that was put before is written, and the index asks
that before every question. What a crash left out, the next start reads in the ledger. Between two
groups the thread does a little of what nobody waits for (``beside``: the index's blocks).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from serment.errors import Broken

if TYPE_CHECKING:
    from serment.keeper.index import IndexRow

LINGER_SECONDS: Final = 0.5
"""How long rows gather while nobody asks: a page of the file is then written once for many."""

GROUP_MAX: Final = 1_000
"""So many rows are written without waiting for more."""

BEHIND_MAX: Final = 10_000
"""Past so many the keeper records nothing new before they are written."""


class IndexBroken(Broken):
    """The index of openings could not be written. The keeper ends, and mends it when it starts."""


class IndexWriter:
    """Rows on their way into the index, in order: one thread puts, any may wait."""

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        write: Callable[[sqlite3.Connection, list[IndexRow]], None],
        beside: Callable[[sqlite3.Connection], bool],
    ) -> None:
        self._connect = connect
        self._write = write
        self._beside = beside
        self._turn = threading.Condition()
        self._rows: list[IndexRow] = []
        self._put = 0
        self._written = 0
        self._asked = 0
        self._oldest = 0.0
        self._fault: Exception | None = None
        self._ending = False
        self._thread: threading.Thread | None = None
        self.on_fatal: Callable[[], None] = _go_on

    def put(self, rows: Iterable[IndexRow]) -> None:
        """Take rows to be written soon. IndexBroken where earlier ones could not be."""
        with self._turn:
            self._must_be_whole()
            if not self.behind:
                self._oldest = time.monotonic()
            before = len(self._rows)
            self._rows.extend(rows)
            self._put += len(self._rows) - before
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="index", daemon=True)
                self._thread.start()
            if not before or len(self._rows) >= GROUP_MAX:
                self._turn.notify_all()

    def wait(self) -> None:
        """Return when everything put until now is written; IndexBroken where it cannot be."""
        if self.behind or self._fault is not None:
            with self._turn:
                wanted = self._asked = self._put
                self._turn.notify_all()
                self._turn.wait_for(lambda: self._fault is not None or self._written >= wanted)
                self._must_be_whole()

    @property
    def behind(self) -> int:
        """How many rows are not written yet."""
        return self._put - self._written

    @property
    def lag_seconds(self) -> float:
        """How long the oldest of them waits, at most."""
        return time.monotonic() - self._oldest if self.behind else 0.0

    def close(self) -> None:
        """Write what is left and end the thread. IndexBroken where that fails."""
        self.wait()
        with self._turn:
            self._ending = True
            self._turn.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _must_be_whole(self) -> None:
        if self._fault is not None:
            raise IndexBroken from self._fault

    def _run(self) -> None:
        try:
            database = self._connect()
            while rows := self._next():
                self._write(database, rows)
                with self._turn:
                    self._written += len(rows)
                    self._turn.notify_all()
                while self._beside(database) and not self._is_due():
                    pass
            database.close()
        except Exception as fault:  # noqa: BLE001 -- whatever it was, a gap must not be hidden
            with self._turn:
                self._fault = fault
                self._turn.notify_all()
            self.on_fatal()

    def _next(self) -> list[IndexRow]:
        """The next group; empty where there will be none."""
        with self._turn:
            self._turn.wait_for(lambda: self._rows or self._ending)
            self._turn.wait_for(self._is_due, LINGER_SECONDS)
            rows, self._rows = self._rows, []
            self._oldest = time.monotonic()
            return rows

    def _is_due(self) -> bool:
        return self._ending or self._asked > self._written or len(self._rows) >= GROUP_MAX


def _go_on() -> None:
    """Without a keeper around it, whoever waits hears of a failure by the exception alone."""

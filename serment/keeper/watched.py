"""A SQLite connection on which no failed sync goes by unheard, whichever statement met it.

After one nobody knows what lies on the disk, and the next sync may be called a success: the
process ends (``on_fatal``). Checkpoints that SQLite makes by itself are not heard of, and need
not be: what they copy was synced before, and one that failed is done again from its beginning.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from serment.ledger.durable import sync_folder

_SYNCS: Final = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})


def go_on() -> None:
    """Where no keeper is around it, whoever acts hears of a failure by the exception alone."""


class Watched(sqlite3.Connection):
    """A connection that owns what happens after a failed sync."""

    on_fatal: Callable[[], None] = staticmethod(go_on)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As ever."""
        try:
            return super().execute(sql, parameters)
        except sqlite3.Error as fault:
            self._hear(fault)
            raise

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """As ever."""
        try:
            return super().executemany(sql, parameters)
        except sqlite3.Error as fault:
            self._hear(fault)
            raise

    def _hear(self, fault: sqlite3.Error) -> None:
        if getattr(fault, "sqlite_errorcode", 0) in _SYNCS:
            self.on_fatal()


def opened(path: Path, *, synced: str = "FULL") -> Watched:
    """Open or create, for its owner alone, with a log beside it. Raises sqlite3.Error, OSError.

    Two faults SQLite passes over are heard of here: a log that could not be begun (it would go
    on in another mode), and a failed sync of the folder of the files it made.
    """
    database = sqlite3.connect(path, isolation_level=None, factory=Watched)
    path.chmod(0o600)
    (mode,) = database.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        database.close()
        raise sqlite3.OperationalError("no write-ahead log")
    database.execute(f"PRAGMA synchronous={synced}")
    database.execute("PRAGMA secure_delete=ON")
    database.execute("SELECT count(*) FROM sqlite_master")  # makes the log's files
    sync_folder(path.parent)
    return database

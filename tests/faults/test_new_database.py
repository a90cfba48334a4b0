"""A new database is there after a power cut, log and all, or its keeper does not start."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from serment.keeper import watched


def _folders_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, "injected")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)


def test_the_folder_of_a_new_database_is_synced_once_its_log_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _folders_fail(monkeypatch)
    with pytest.raises(OSError, match="injected"):
        watched.opened(tmp_path / "store.sqlite")
    assert (tmp_path / "store.sqlite-wal").exists()
    # Negative control: SQLite itself says nothing of a folder that was not synced.
    monkeypatch.setattr(watched, "sync_folder", lambda _folder: None)
    database = watched.opened(tmp_path / "store.sqlite")
    database.execute("CREATE TABLE kept (number INTEGER)")
    database.close()


class Failing(watched.Watched):
    """What SQLite answers where the log's first sync fails: the mode stays what it was."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        asked = "SELECT 'delete'" if sql == "PRAGMA journal_mode=WAL" else sql
        return super().execute(asked, parameters)


def test_a_database_that_cannot_begin_its_log_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.opened(tmp_path / "store.sqlite").close()  # negative control
    monkeypatch.setattr(watched, "Watched", Failing)
    with pytest.raises(sqlite3.OperationalError):
        watched.opened(tmp_path / "other.sqlite")


def test_a_failed_sync_is_heard_of_whichever_statement_met_it(tmp_path: Path) -> None:
    database = watched.opened(tmp_path / "store.sqlite")
    ended: list[bool] = []
    database.on_fatal = lambda: ended.append(True)
    fault = sqlite3.OperationalError("disk I/O error")
    fault.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    database._hear(fault)
    assert ended
    # Negative control: a statement that is merely wrong ends nothing.
    ended.clear()
    with pytest.raises(sqlite3.OperationalError):
        database.execute("SELECT 1 FROM nothing")
    assert not ended
    database.close()

"""The keeper's own SQLite file: synced commits, rows closed under keys of the vault, key backup.

Every commit is synced (synchronous=FULL). Rows are named by keyed tags and their contents are
closed, so a copy of this file without root key and vault names nobody and cannot be joined with a
copy of the relational database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from serment.keeper.key_backup import KeyBackupFailed, KeyJournal
from serment.keeper.keys import Box
from serment.keeper.root_key.closing import RootKeyUnusable
from serment.keeper.tables import KEPT, SCHEMA
from serment.keeper.watched import opened

TAGS_MAX: Final = 100_000
_REMEMBERED: Final = frozenset({"record", "actor", "session", "client", "process"})


class Durable:
    """One connection, one thread; acts gather into one commit."""

    def __init__(
        self, path: Path, *, tags: bytes, key: bytes, journal: KeyJournal | None = None
    ) -> None:
        self._tag_key = HMAC(tags, SHA256())
        self._tags: dict[tuple[str, bytes], bytes] = {}
        self._subjects: dict[bytes, bytes] = {}
        self._box = Box(key)
        self._unsettled = False
        self.journal = journal
        self.database = opened(path)
        self.database.executescript(SCHEMA)
        self._grow()
        self._must_be_closed_under_this_root()

    def _must_be_closed_under_this_root(self) -> None:
        """A store meets one root key only; another one would quietly seal beside the old keys."""
        row = self._one("SELECT body FROM proof_of_root")
        if row is None:
            body = self._box.close(b"", b"proof of root")
            self.database.execute("INSERT INTO proof_of_root VALUES (?)", (body,))
            return
        try:
            self._box.open(row[0], b"proof of root")
        except InvalidTag as other:
            raise RootKeyUnusable from other

    def _grow(self) -> None:
        """Add the columns that a store of before has not."""
        columns = {row[1] for row in self.database.execute("PRAGMA table_info(search)")}
        for column, kind in (("subject", "BLOB"), ("zone", "TEXT")):
            if column not in columns:
                self.database.execute(f"ALTER TABLE search ADD COLUMN {column} {kind}")

    def tag(self, what: str, value: bytes) -> bytes:
        """The keyed name under which a row lies. Tags of ids, never of secrets, are remembered."""
        name = what, value
        known = self._tags.get(name)
        if known is None:
            keyed = self._tag_key.copy()
            keyed.update(what.encode() + b"\0" + value)
            known = keyed.finalize()[:16]
            if what in _REMEMBERED:
                if len(self._tags) >= TAGS_MAX:
                    self._tags.clear()
                self._tags[name] = known
        return known

    def subject_tag(self, subject: bytes) -> bytes:
        """Tag of a person, account, staff member or establishment. Asked most of all."""
        known = self._subjects.get(subject)
        if known is None:
            if len(self._subjects) >= TAGS_MAX:
                self._subjects.clear()
            known = self._subjects[subject] = self.tag("subject", subject)
        return known

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """All or nothing, durable with the next ``settle``: many acts share one sync."""
        if not self.database.in_transaction:
            self.database.execute("BEGIN IMMEDIATE")
        self.database.execute("SAVEPOINT act")
        journaled = self.journal.mark() if self.journal else 0
        try:
            yield
            self.database.execute("RELEASE act")
            self._unsettled = True
        except BaseException:
            self._forget_journaled(journaled)
            if self.database.in_transaction:  # a full disk may have rolled it back already
                if self._unsettled:
                    self.database.execute("ROLLBACK TO act")
                    self.database.execute("RELEASE act")
                else:
                    self.database.execute("ROLLBACK")
            raise

    def settle(self) -> None:
        """Make durable what was gathered.

        New keys reach the key backup first. Fails too where SQLite rolled it back in between:
        whoever waits must not be answered.
        """
        self._sync_journal()
        if self._unsettled:
            self._commit()
            self._unsettled = False

    def _sync_journal(self) -> None:
        """New keys reach the backup before the row that needs them, or the process ends."""
        if self.journal:
            try:
                self.journal.sync()
            except KeyBackupFailed:
                self.on_fatal()
                raise

    def _forget_journaled(self, mark: int) -> None:
        """What an act that failed would have put into the key backup, or dropped from it."""
        if self.journal:
            self.journal.forget(mark)

    def _commit(self) -> None:
        """What a failed sync left on the disk nobody knows: the process ends (``on_fatal``)."""
        try:
            self.database.execute("COMMIT")
        except sqlite3.Error:
            self.on_fatal()
            raise

    def flush(self) -> None:
        """Take what was deleted out of the write-ahead log too."""
        self.settle()
        self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Settle, bring all into the one file and let go of it. Raises where that fails."""
        self.flush()
        self.database.close()

    @property
    def on_fatal(self) -> Callable[[], None]:
        """What ends the process after a failed sync."""
        return self.database.on_fatal

    @on_fatal.setter
    def on_fatal(self, end: Callable[[], None]) -> None:
        self.database.on_fatal = end

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; durable when the block has ended."""
        self.settle()
        self.database.execute("BEGIN IMMEDIATE")
        journaled = self.journal.mark() if self.journal else 0
        try:
            yield
            self._sync_journal()
            self._commit()
        except BaseException:
            self._forget_journaled(journaled)
            if self.database.in_transaction:  # a full disk may have rolled it back already
                self.database.execute("ROLLBACK")
            raise

    def close_body(self, row: msgspec.Struct, place: bytes) -> bytes:
        """A row's contents as they lie at rest."""
        return self._box.close(msgspec.msgpack.encode(row), place)

    def close_raw(self, plain: bytes, place: bytes) -> bytes:
        """Bytes as they lie at rest."""
        return self._box.close(plain, place)

    def open_body(self, body: bytes, place: bytes) -> bytes:
        """A row's contents, MessagePack."""
        return self._box.open(body, place)

    def _one(self, sql: str, *values: Any) -> Any:
        return self.database.execute(sql, values).fetchone()

    def put_row(self, table: str, *values: Any) -> None:
        """Store a row; one that a recovery could not do without goes to the key backup too."""
        marks = ",".join("?" for _ in values)
        self.database.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", values)
        if self.journal and table in KEPT:
            self.journal.put(table, values)

    def drop_rows(self, table: str, **where: Any) -> int:
        """Delete rows here and in the key backup; how many."""
        wanted = " AND ".join(f"{column} = ?" for column in where)
        sql = f"DELETE FROM {table} WHERE {wanted}"
        if self.journal and table in KEPT:
            self.journal.drop(table, where)
        return self.database.execute(sql, tuple(where.values())).rowcount

    def count(self, table: str) -> int:
        """Rows of a table."""
        return int(self._one(f"SELECT count(*) FROM {table}")[0])

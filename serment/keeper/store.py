"""The keeper's own SQLite store: wrapped keys, who a record belongs to, links, tickets, search.

Every commit is synced (synchronous=FULL). Rows are named by keyed tags and their contents are
closed under the store key, so a copy of this file without the root key names nobody and cannot
be joined with a copy of the relational database.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag

from serment.keeper.keys import Box, RootKeyUnusable, derive

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS establishment_key (
  tenant BLOB, epoch INTEGER, wrapped BLOB, PRIMARY KEY (tenant, epoch)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subject_key (
  subject BLOB, zone TEXT, tenant BLOB, epoch INTEGER, wrapped BLOB,
  PRIMARY KEY (subject, zone)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
  record BLOB PRIMARY KEY, subject BLOB, body BLOB) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS record_of_subject ON record (subject);
CREATE TABLE IF NOT EXISTS link (
  account BLOB, file BLOB, own INTEGER, at INTEGER, body BLOB,
  PRIMARY KEY (account, file)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_of_file ON link (file);
CREATE TABLE IF NOT EXISTS search (
  record BLOB, field TEXT, body BLOB, PRIMARY KEY (record, field)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS capability (tag BLOB PRIMARY KEY, expires INTEGER, body BLOB);
CREATE TABLE IF NOT EXISTS newcomer (record BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS proof_of_root (body BLOB);
CREATE TABLE IF NOT EXISTS errand (tag BLOB PRIMARY KEY, expires INTEGER, body BLOB);
"""


class RecordRow(msgspec.Struct, array_like=True, frozen=True):
    """Whose record this is; ``creator`` may link an account to a file it just made."""

    record: bytes
    subject: bytes
    tenant: bytes
    kind: str
    creator: bytes


class LinkRow(msgspec.Struct, array_like=True, frozen=True):
    """An account that acts for a patient file, since ``at`` (µs)."""

    account: bytes
    file: bytes
    at: int
    relation: str


class SearchRow(msgspec.Struct, array_like=True, frozen=True):
    """One searchable value."""

    record: bytes
    tenant: bytes
    kind: str
    search: str
    text: str


class Newcomer(msgspec.Struct, array_like=True, frozen=True):
    """A record its own patient made at ``at`` (µs) and nobody of the establishment has met."""

    record: bytes
    at: int


class Store:
    """Rows of the keeper. One connection, one thread."""

    def __init__(self, path: Path, root: bytes) -> None:
        self._tag_key = derive(root, "tags")
        self._box = Box(derive(root, "store"))
        self._unsettled = False
        self.database = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=FULL")
        self.database.executescript(_SCHEMA)
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

    def tag(self, what: str, value: bytes) -> bytes:
        """The keyed name under which a row lies."""
        return hmac.digest(self._tag_key, what.encode() + b"\0" + value, "sha256")[:16]

    def subject_tag(self, subject: bytes) -> bytes:
        """Tag of a person, account, staff member or establishment."""
        return self.tag("subject", subject)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """All or nothing, durable with the next ``settle``: many acts share one sync."""
        if not self.database.in_transaction:
            self.database.execute("BEGIN IMMEDIATE")
        self.database.execute("SAVEPOINT act")
        try:
            yield
            self.database.execute("RELEASE act")
            self._unsettled = True
        except BaseException:
            if self.database.in_transaction:  # a full disk may have rolled it back already
                if self._unsettled:
                    self.database.execute("ROLLBACK TO act")
                    self.database.execute("RELEASE act")
                else:
                    self.database.execute("ROLLBACK")
            raise

    def settle(self) -> None:
        """Make durable what was gathered.

        Fails too where SQLite rolled it back in between: whoever waits must not be answered.
        """
        if self._unsettled:
            self.database.execute("COMMIT")
            self._unsettled = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; durable when the block has ended."""
        self.settle()
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.database.execute("COMMIT")
        except BaseException:
            if self.database.in_transaction:  # a full disk may have rolled it back already
                self.database.execute("ROLLBACK")
            raise

    def close_body(self, row: msgspec.Struct, place: bytes) -> bytes:
        """A row's contents as they lie at rest."""
        return self._box.close(msgspec.msgpack.encode(row), place)

    def open_body(self, body: bytes, place: bytes) -> bytes:
        """A row's contents, MessagePack."""
        return self._box.open(body, place)

    def _one(self, sql: str, *values: Any) -> Any:
        return self.database.execute(sql, values).fetchone()

    def establishment_key(self, tenant: bytes, epoch: int) -> bytes | None:
        """Wrapped key of an establishment."""
        row = self._one(
            "SELECT wrapped FROM establishment_key WHERE tenant = ? AND epoch = ?", tenant, epoch
        )
        return None if row is None else row[0]

    def add_establishment_key(self, tenant: bytes, epoch: int, wrapped: bytes) -> None:
        """Store a new establishment key."""
        self.database.execute(
            "INSERT INTO establishment_key VALUES (?, ?, ?)", (tenant, epoch, wrapped)
        )

    def subject_key(self, subject: bytes, zone: str) -> tuple[bytes, int, bytes] | None:
        """Tenant, epoch and wrapped key of a subject's zone."""
        row = self._one(
            "SELECT tenant, epoch, wrapped FROM subject_key WHERE subject = ? AND zone = ?",
            subject,
            zone,
        )
        return None if row is None else (row[0], row[1], row[2])

    def add_subject_key(
        self, subject: bytes, zone: str, tenant: bytes, epoch: int, wrapped: bytes
    ) -> None:
        """Store a new zone key."""
        self.database.execute(
            "INSERT INTO subject_key VALUES (?, ?, ?, ?, ?)",
            (subject, zone, tenant, epoch, wrapped),
        )

    def record(self, record: bytes) -> RecordRow | None:
        """Whose record this is."""
        tag = self.tag("record", record)
        row = self._one("SELECT body FROM record WHERE record = ?", tag)
        return None if row is None else self._record(row[0], tag)

    def _record(self, body: bytes, tag: bytes) -> RecordRow:
        return msgspec.msgpack.decode(self.open_body(body, tag), type=RecordRow)

    def add_record(self, row: RecordRow) -> None:
        """Register a record as its subject's."""
        tag = self.tag("record", row.record)
        self.database.execute(
            "INSERT INTO record VALUES (?, ?, ?)",
            (tag, self.subject_tag(row.subject), self.close_body(row, tag)),
        )

    def drop_record(self, record: bytes) -> None:
        """Forget a record and everything that finds it."""
        tag = self.tag("record", record)
        self.database.execute("DELETE FROM search WHERE record = ?", (tag,))
        self.database.execute("DELETE FROM newcomer WHERE record = ?", (tag,))
        self.database.execute("DELETE FROM record WHERE record = ?", (tag,))

    def records_of(self, subject: bytes) -> list[RecordRow]:
        """All records of one subject."""
        rows = self.database.execute(
            "SELECT record, body FROM record WHERE subject = ?", (self.subject_tag(subject),)
        )
        return [self._record(body, tag) for tag, body in rows]

    def add_link(self, row: LinkRow) -> None:
        """Let an account act for a file; twice is once."""
        account, file = self.tag("account", row.account), self.subject_tag(row.file)
        self.database.execute(
            "INSERT OR IGNORE INTO link VALUES (?, ?, ?, ?, ?)",
            (account, file, row.relation == "self", row.at, self.close_body(row, account + file)),
        )

    def links(self, *, account: bytes | None = None, file: bytes | None = None) -> list[LinkRow]:
        """Links of an account, or of a file."""
        sql = "SELECT account, file, body FROM link WHERE "
        if account is not None:
            rows = self.database.execute(sql + "account = ?", (self.tag("account", account),))
        else:
            rows = self.database.execute(sql + "file = ?", (self.subject_tag(file or b""),))
        return [
            msgspec.msgpack.decode(self.open_body(body, one + other), type=LinkRow)
            for one, other, body in rows
        ]

    def own_links(self, end: int) -> int:
        """How many files were linked to the person's own account before an instant."""
        return int(self._one("SELECT count(*) FROM link WHERE own AND at < ?", end)[0])

    def put_search(self, field: str, row: SearchRow) -> None:
        """Make one value findable after a restart; an empty text removes it."""
        tag = self.tag("record", row.record)
        if not row.text:
            self.database.execute("DELETE FROM search WHERE record = ? AND field = ?", (tag, field))
            return
        body = self.close_body(row, tag + field.encode())
        self.database.execute("INSERT OR REPLACE INTO search VALUES (?, ?, ?)", (tag, field, body))

    def searchable(self) -> Iterator[tuple[str, SearchRow]]:
        """All searchable values with their field, to fill the memory at start."""
        for tag, field, body in self.database.execute("SELECT record, field, body FROM search"):
            plain = self.open_body(body, tag + field.encode())
            yield field, msgspec.msgpack.decode(plain, type=SearchRow)

    def add_newcomer(self, row: Newcomer) -> None:
        """Note that a patient made this record alone."""
        tag = self.tag("record", row.record)
        body = self.close_body(row, tag + b"newcomer")
        self.database.execute("INSERT OR IGNORE INTO newcomer VALUES (?, ?)", (tag, body))

    def drop_newcomer(self, record: bytes) -> None:
        """The establishment has met this person."""
        tag = self.tag("record", record)
        self.database.execute("DELETE FROM newcomer WHERE record = ?", (tag,))

    def newcomers(self) -> Iterator[Newcomer]:
        """All of them, to fill the memory at start."""
        for tag, body in self.database.execute("SELECT record, body FROM newcomer"):
            plain = self.open_body(body, tag + b"newcomer")
            yield msgspec.msgpack.decode(plain, type=Newcomer)

    def put_token(self, table: str, token: bytes, expires: int, row: msgspec.Struct) -> None:
        """Store a capability or errand under its tag: the token itself is nowhere at rest."""
        tag = self.tag(table, token)
        self.database.execute(
            f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)",
            (tag, expires, self.close_body(row, tag)),
        )

    def token(self, table: str, token: bytes) -> bytes | None:
        """What a capability or errand says, MessagePack."""
        tag = self.tag(table, token)
        row = self._one(f"SELECT body FROM {table} WHERE tag = ?", tag)
        return None if row is None else self.open_body(row[0], tag)

    def drop_token(self, table: str, token: bytes) -> None:
        """Revoke."""
        self.database.execute(f"DELETE FROM {table} WHERE tag = ?", (self.tag(table, token),))

    def drop_expired(self, now: int) -> None:
        """Forget capabilities and errands whose time is over."""
        for table in ("capability", "errand"):
            self.database.execute(f"DELETE FROM {table} WHERE expires < ?", (now,))

    def count(self, table: str) -> int:
        """Rows of a table."""
        return int(self._one(f"SELECT count(*) FROM {table}")[0])

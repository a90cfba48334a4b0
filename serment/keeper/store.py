"""The keeper's store: who a record belongs to, links, tickets, search; wrapped keys below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from serment.keeper.key_backup import KeyJournal
from serment.keeper.key_rows import KeyTables
from serment.keeper.keys import Box, derive


class RecordRow(msgspec.Struct, array_like=True, frozen=True):
    """Whose record this is; ``creator`` may link an account to a file it just made.

    Of rows from before the creator's kind was kept, only Serment itself counts as the creator.
    """

    record: bytes
    subject: bytes
    tenant: bytes
    kind: str
    creator: bytes
    creator_kind: str = ""
    kept: bool = False
    """Closed to all who act for its person."""


class LinkRow(msgspec.Struct, array_like=True, frozen=True):
    """An account whose own file it is, or that acts for a person, since ``at`` (µs); ``acting``."""

    account: bytes
    file: bytes
    at: int
    relation: str
    until: int = 0
    scopes: str = ""
    record: bytes = b""
    state: str = ""
    offer_until: int = 0
    proved: int = 0
    """When a house last vouched for the own account (µs; ``joined``)."""
    by: bytes = b""
    """Who of an establishment ended it; empty where somebody else did."""


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


ZoneKeys = Callable[[bytes, str], bytes | None]


def search_key(zone_key: bytes) -> bytes:
    """The key of a subject's search rows."""
    return derive(zone_key, "search")


RECORDS_REMEMBERED: Final = 50_000


class Store(KeyTables):
    """Rows of the keeper. One connection, one thread.

    Rows of ``record`` are remembered as they were read: every act asks for the same few again and
    again. Only this class writes that table, and what it writes it forgets; an act that fails
    forgets all. A row names an owner and opens nothing: keys end in ``keys``.
    """

    def __init__(
        self, path: Path, *, tags: bytes, key: bytes, journal: KeyJournal | None = None
    ) -> None:
        super().__init__(path, tags=tags, key=key, journal=journal)
        self._remembered: dict[bytes, RecordRow] = {}
        self.on_undone: list[Callable[[], None]] = []
        """What others remember of rows, to be forgotten where an act fails that wrote some."""

    def record(self, record: bytes) -> RecordRow | None:
        """Whose record this is."""
        found = self._remembered.get(record)
        if found is None:
            tag = self.tag("record", record)
            row = self._one("SELECT body FROM record WHERE record = ?", tag)
            if row is None:
                return None
            if len(self._remembered) >= RECORDS_REMEMBERED:
                self._remembered.clear()
            found = self._remembered[record] = self._record(row[0], tag)
        return found

    def _forget_remembered(self) -> None:
        self._remembered.clear()
        self._erased = None
        for forget in self.on_undone:
            forget()

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """As ever; what a failed act wrote is not remembered."""
        try:
            with super().gathered():
                yield
        except BaseException:
            self._forget_remembered()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """As ever; what a failed act wrote is not remembered."""
        try:
            with super().transaction():
                yield
        except BaseException:
            self._forget_remembered()
            raise

    def _record(self, body: bytes, tag: bytes) -> RecordRow:
        return msgspec.msgpack.decode(self.open_body(body, tag), type=RecordRow)

    def add_record(self, row: RecordRow) -> None:
        """Register a record as its subject's."""
        self._remembered.pop(row.record, None)
        tag = self.tag("record", row.record)
        self.put_row("record", tag, self.subject_tag(row.subject), self.close_body(row, tag))

    def drop_record(self, record: bytes) -> None:
        """Forget a record and everything that finds it."""
        self._remembered.pop(record, None)
        tag = self.tag("record", record)
        self.drop_rows("search", record=tag)
        self.drop_rows("newcomer", record=tag)
        self.drop_rows("record", record=tag)

    def records_of(self, subject: bytes) -> list[RecordRow]:
        """All records of one subject."""
        rows = self.database.execute(
            "SELECT record, body FROM record WHERE subject = ?", (self.subject_tag(subject),)
        )
        return [self._record(body, tag) for tag, body in rows]

    def add_link(self, row: LinkRow) -> None:
        """Let an account act for a file; twice is once."""
        account, file = self.tag("account", row.account), self.subject_tag(row.file)
        if not self._one("SELECT 1 FROM link WHERE account = ? AND file = ?", account, file):
            self.put_link(row)

    def put_link(self, row: LinkRow) -> None:
        """The same, in the place of what was said of the two before."""
        account, file = self.tag("account", row.account), self.subject_tag(row.file)
        body = self.close_body(row, account + file)
        self.put_row("link", account, file, row.relation == "self", row.at, body)

    def drop_link(self, row: LinkRow) -> None:
        """Forget what was said of the two."""
        account, file = self.tag("account", row.account), self.subject_tag(row.file)
        self.drop_rows("link", account=account, file=file)

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

    def put_join(self, gone: bytes, kept: bytes, at: int, body: bytes) -> None:
        """That two files are one person (``joined``); the same one again is written over."""
        self.put_row("joined", gone, kept, at, body)

    def put_apart(self, one: bytes, other: bytes) -> None:
        """That two files, by their tags in order, are two persons."""
        self.put_row("apart", one, other)

    def is_apart(self, one: bytes, other: bytes) -> bool:
        """Was that said?"""
        return bool(self._one("SELECT 1 FROM apart WHERE one = ? AND other = ?", one, other))

    def put_search(self, field: str, row: SearchRow, owner: tuple[bytes, str], box: Box) -> None:
        """Make one value findable after a restart; an empty text removes it.

        It lies under a key of its owner (subject tag and zone): it ends with that key, in every
        copy of this file.
        """
        tag = self.tag("record", row.record)
        if not row.text:
            self.drop_rows("search", record=tag, field=field)
            return
        body = box.close(msgspec.msgpack.encode(row), tag + field.encode())
        self.put_row("search", tag, field, body, *owner)

    def drop_search_of(self, subject: bytes) -> list[bytes]:
        """Forget all that finds a subject's records; the records' ids."""
        rows = self.database.execute(
            "SELECT record, body FROM record WHERE subject = ?", (subject,)
        )
        records = [self._record(body, tag).record for tag, body in rows.fetchall()]
        self.drop_rows("search", subject=subject)
        return records

    def drop_links_of(self, account: bytes) -> None:
        """Forget which files an account acted for."""
        self.drop_rows("link", account=self.tag("account", account))

    def drop_records_of(self, subject: bytes) -> None:
        """Forget which records were a subject's, and who acted for it."""
        self._remembered.clear()
        self.drop_rows("record", subject=subject)
        self.drop_rows("link", file=subject)
        for column in ("gone", "kept"):
            self.drop_rows("joined", **{column: subject})
        for column in ("one", "other"):
            self.drop_rows("apart", **{column: subject})
        self._forget_remembered()

    def searchable(self, key_of: ZoneKeys) -> Iterator[tuple[str, SearchRow]]:
        """All searchable values with their field, to fill the memory at start."""
        rows = self.database.execute("SELECT record, field, body, subject, zone FROM search")
        for tag, field, body, subject, zone in rows:
            key = key_of(subject, zone)
            if key is not None:
                plain = Box(search_key(key)).open(body, tag + field.encode())
                yield field, msgspec.msgpack.decode(plain, type=SearchRow)

    def searchable_of_before(self) -> Iterator[tuple[bytes, str, SearchRow]]:
        """Rows closed under the store's key, as they once were: (subject tag, field, row)."""
        rows = self.database.execute(
            "SELECT search.record, field, search.body, record.subject FROM search"
            " LEFT JOIN record ON record.record = search.record WHERE search.subject IS NULL"
        ).fetchall()
        for tag, field, body, subject in rows:
            plain = self.open_body(body, tag + field.encode())
            if subject is None:
                self.drop_rows("search", record=tag, field=field)
            else:
                yield subject, field, msgspec.msgpack.decode(plain, type=SearchRow)

    def add_newcomer(self, row: Newcomer) -> None:
        """Note that a patient made this record alone."""
        tag = self.tag("record", row.record)
        body = self.close_body(row, tag + b"newcomer")
        self.put_row("newcomer", tag, body)

    def drop_newcomer(self, record: bytes) -> None:
        """The establishment has met this person."""
        self.drop_rows("newcomer", record=self.tag("record", record))

    def newcomers(self) -> Iterator[Newcomer]:
        """All of them, to fill the memory at start."""
        for tag, body in self.database.execute("SELECT record, body FROM newcomer"):
            plain = self.open_body(body, tag + b"newcomer")
            yield msgspec.msgpack.decode(plain, type=Newcomer)

    def put_token(self, table: str, token: bytes, expires: int, row: msgspec.Struct) -> None:
        """Store a capability or errand under its tag: the token itself is nowhere at rest."""
        tag = self.tag(table, token)
        self.put_row(table, tag, expires, self.close_body(row, tag))

    def put_capability(
        self, token: bytes, expires: int, row: msgspec.Struct, owner: bytes, live_max: int
    ) -> list[bytes]:
        """Store a capability; the tags of its owner's oldest ones, forgotten to stay below."""
        whose, name = self.tag("owner", owner), self.tag("capability", token)
        held = [
            tag
            for (tag,) in self.database.execute(
                "SELECT tag FROM session_of WHERE owner = ? ORDER BY number", (whose,)
            )
        ]
        ended = held[: max(0, len(held) + 1 - live_max)]
        for tag in ended:
            self.database.execute("DELETE FROM capability WHERE tag = ?", (tag,))
            self.database.execute("DELETE FROM session_of WHERE tag = ?", (tag,))
        self.put_token("capability", token, expires, row)
        self.database.execute("INSERT INTO session_of (owner, tag) VALUES (?, ?)", (whose, name))
        return ended

    def token(self, table: str, token: bytes) -> bytes | None:
        """What a capability or errand says, MessagePack."""
        tag = self.tag(table, token)
        row = self._one(f"SELECT body FROM {table} WHERE tag = ?", tag)
        return None if row is None else self.open_body(row[0], tag)

    def drop_token(self, table: str, token: bytes) -> None:
        """Revoke."""
        tag = self.tag(table, token)
        self.drop_rows(table, tag=tag)
        self.drop_rows("session_of", tag=tag)

    def drop_expired(self, now: int) -> None:
        """Forget capabilities and errands whose time is over."""
        for table in ("capability", "errand"):
            self.database.execute(f"DELETE FROM {table} WHERE expires < ?", (now,))
        self.database.execute(
            "DELETE FROM session_of WHERE tag NOT IN (SELECT tag FROM capability)"
        )

"""The disclosure index: the ledger's openings arranged for questions, rebuildable from it.

It lies in its own SQLite file. Selectors are keyed tags, contents are closed under the store
key. It may lag the segment after a crash (never lead it): the start replays what is missing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from serment.keeper.wire import Item

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS disclosure (
  seq INTEGER PRIMARY KEY, at INTEGER, kind TEXT, establishment BLOB, actor BLOB, subject BLOB,
  session BLOB, client BLOB, process BLOB, body BLOB);
CREATE INDEX IF NOT EXISTS disclosure_at ON disclosure (at);
CREATE INDEX IF NOT EXISTS disclosure_actor ON disclosure (actor, at);
CREATE INDEX IF NOT EXISTS disclosure_subject ON disclosure (subject);
CREATE INDEX IF NOT EXISTS disclosure_session ON disclosure (session, at)
  WHERE session IS NOT NULL;
CREATE TABLE IF NOT EXISTS held (
  subject BLOB PRIMARY KEY, establishment BLOB, kind TEXT, at INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS held_at ON held (at);
CREATE TABLE IF NOT EXISTS counted (
  seq INTEGER PRIMARY KEY, at INTEGER, subject BLOB, actor BLOB, process BLOB, client BLOB,
  establishment BLOB);
CREATE INDEX IF NOT EXISTS counted_at ON counted (at);
CREATE INDEX IF NOT EXISTS disclosure_alarm ON disclosure (seq) WHERE kind = 'alarm';
"""


class ActorPart(msgspec.Struct, array_like=True, frozen=True):
    """The part of an opening sealed for the establishment: who, through what, why, when."""

    version: int
    at: int
    kind: str
    purpose: str
    actor_kind: str
    actor: bytes
    role: str
    establishment: bytes | None
    evidence: str
    client: str
    process: str
    peer: int
    session: str
    request: bytes
    fields: list[str]
    pseudonym: bytes
    counted: bool = False


class PatientPart(msgspec.Struct, array_like=True, frozen=True):
    """The part sealed for the subject: whose, which records, on what ground."""

    subject: bytes | None
    subject_kind: str
    tenant: bytes
    items: list[Item]
    relation: bytes
    grant: bytes
    errand: bytes
    note: str = ""


class Counted(msgspec.Struct, frozen=True):
    """On whose budgets an access counts, by their tags."""

    actor: bytes
    process: bytes
    client: bytes | None
    establishment: bytes | None


class IndexRow(msgspec.Struct, frozen=True):
    """One disclosure on its way into the index; selectors are tags already."""

    seq: int
    at: int
    kind: str
    establishment: bytes
    actor: bytes
    subject: bytes | None
    session: bytes | None
    client: bytes
    process: bytes
    body: bytes
    subject_kind: str
    counted: Counted | None = None


class Index:
    """Questions about the ledger. One connection, one thread."""

    def __init__(self, path: Path) -> None:
        self.database = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=NORMAL")
        self.database.execute("PRAGMA secure_delete=ON")
        self.database.executescript(_SCHEMA)

    @property
    def size(self) -> int:
        """How many leaves are indexed."""
        (last,) = self.database.execute("SELECT max(seq) FROM disclosure").fetchone()
        return 0 if last is None else int(last) + 1

    def latest(self) -> int:
        """The instant of the last indexed leaf (µs)."""
        (last,) = self.database.execute("SELECT max(at) FROM disclosure").fetchone()
        return int(last or 0)

    def add(self, rows: Iterable[IndexRow]) -> None:
        """Index a group of leaves in one transaction."""
        kept = list(rows)
        self.database.execute("BEGIN")
        self.database.executemany(
            "INSERT INTO disclosure VALUES (?,?,?,?,?,?,?,?,?,?)",
            [
                (row.seq, row.at, row.kind, row.establishment, row.actor, row.subject,
                 row.session, row.client, row.process, row.body)
                for row in kept
            ],
        )  # fmt: skip
        self.database.executemany(
            "INSERT OR IGNORE INTO held VALUES (?,?,?,?)",
            [
                (row.subject, row.establishment, row.subject_kind, row.at)
                for row in kept
                if row.kind == "write" and row.subject is not None and row.subject_kind
            ],
        )
        self.database.executemany(
            "INSERT INTO counted VALUES (?,?,?,?,?,?,?)",
            [
                (row.seq, row.at, row.subject, row.counted.actor, row.counted.process,
                 row.counted.client, row.counted.establishment)
                for row in kept
                if row.counted is not None
            ],
        )  # fmt: skip
        self.database.execute("COMMIT")

    def forget(self, subject: bytes) -> None:
        """Delete a subject's disclosures: its audit key is gone. Files held stay counted."""
        self.database.execute("DELETE FROM disclosure WHERE subject = ?", (subject,))

    def of_subjects(
        self, subjects: list[bytes], before: int | None, limit: int
    ) -> Iterator[tuple[int, bytes]]:
        """Newest first: (seq, body) of these subjects, queries of the index left out."""
        marks = ",".join("?" for _ in subjects)
        yield from self.database.execute(
            f"SELECT seq, body FROM disclosure WHERE subject IN ({marks})"
            " AND seq < ? AND kind <> 'query' ORDER BY seq DESC LIMIT ?",
            (*subjects, before if before is not None else 1 << 62, limit),
        )

    def window(
        self, start: int, end: int, after: int, limit: int, selectors: dict[str, bytes]
    ) -> list[tuple[int, bytes]]:
        """Oldest first: (seq, body) with start ≤ at < end; queries of the index not counted."""
        where = "".join(f" AND {column} = ?" for column in selectors)
        values: list[Any] = [start, end, after, *selectors.values(), limit]
        sql = (
            "SELECT seq, body FROM disclosure WHERE at >= ? AND at < ? AND seq > ?"
            f" AND kind <> 'query'{where} ORDER BY at LIMIT ?"
        )
        return self.database.execute(sql, values).fetchall()

    def counted_since(self, start: int) -> Iterator[tuple[int, bytes, Counted]]:
        """Instant, person and budgets of each access that counts, oldest first."""
        for at, subject, *budgets in self.database.execute(
            "SELECT at, subject, actor, process, client, establishment FROM counted"
            " WHERE at >= ? ORDER BY at",
            (start,),
        ):
            yield at, subject, Counted(*budgets)

    def forget_counted(self, before: int) -> None:
        """Drop what no window reaches any more."""
        self.database.execute("DELETE FROM counted WHERE at < ?", (before,))

    def alarms(
        self, establishment: bytes | None, before: int | None, limit: int
    ) -> list[tuple[int, bytes]]:
        """Newest first: (seq, body) of an establishment's alarms, or of all."""
        where = "" if establishment is None else " AND establishment = ?"
        values: list[Any] = [before if before is not None else 1 << 62]
        values += [] if establishment is None else [establishment]
        return self.database.execute(
            f"SELECT seq, body FROM disclosure WHERE kind = 'alarm' AND seq < ?{where}"
            " ORDER BY seq DESC LIMIT ?",
            (*values, limit),
        ).fetchall()

    def held(self, end: int, establishment: bytes | None) -> int:
        """Patient files and accounts first written before an instant."""
        sql = "SELECT count(*) FROM held WHERE at < ? AND kind IN ('patient', 'account')"
        values: list[Any] = [end]
        if establishment is not None:
            sql += " AND establishment = ?"
            values.append(establishment)
        return int(self.database.execute(sql, values).fetchone()[0])

"""The disclosure index: the ledger's openings arranged for questions, rebuildable from it.

It lies in its own SQLite file. Selectors are keyed tags, contents are closed under the store
key. It lags the segment by what ``index_writer`` has still to write and never leads it: a question
waits for that, and after a crash the start replays what is missing, all of it where the file is of
an earlier shape. A leaf of somebody forgotten keeps its number and instant here and nothing else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from serment.keeper import blocks, index_tables
from serment.keeper.blocks import BlockMaker
from serment.keeper.index_writer import IndexWriter
from serment.keeper.touches import Touch, number
from serment.keeper.watched import opened
from serment.keeper.wire import Item
from serment.keeper.words import KIND_ALARM, KIND_QUERY, KIND_RECOVERED

KIND_FORGOTTEN: Final = "forgotten"


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
    recipient: str = ""
    """Whom it was opened for to be handed to; empty where it stayed in Serment."""


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


class IndexRow(msgspec.Struct):
    """One disclosure on its way into the index; selectors are tags already, the number comes last.

    ``process`` is the number the kernel told, not what the process called itself.
    """

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
    sheet: bool = False
    """Read onto a continuity sheet, by nobody's eyes."""
    counted: Counted | None = None
    export: bytes | None = None
    recipient: bytes | None = None
    touched: list[Touch] = []


def forgotten(seq: int, at: int) -> IndexRow:
    """The row of a leaf whose person's audit key was destroyed."""
    return IndexRow(seq, at, KIND_FORGOTTEN, b"", b"", None, None, b"", b"", b"", "")


class Index:
    """Questions about the ledger. One connection for questions, one thread for new rows.

    Whoever touches ``database`` has waited for all rows put before. Only the thread that puts
    rows may delete any, so the two never write rows at once; the few writes of a block and a
    deletion wait for each other, some milliseconds.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = self._connect()
        self.promised = index_tables.begin(self._database)
        """How many leaves it held when it was opened: the segment has at least as many."""
        self.blocks = BlockMaker()
        self.writer = IndexWriter(self._connect, index_tables.write, self.blocks.step)
        self.followed: list[IndexRow] | None = None
        """What was put since, for another index that is being made from the ledger."""
        self.readers = 0

    def _connect(self) -> sqlite3.Connection:
        return opened(self.path, synced="NORMAL")

    @property
    def database(self) -> sqlite3.Connection:
        """The connection for questions, once all that was put is written."""
        self.writer.wait()
        return self._database

    def reader(self) -> sqlite3.Connection:
        """Another connection, for a question that takes long; it writes nothing."""
        self.writer.wait()
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
        )

    @property
    def size(self) -> int:
        """How many leaves are indexed."""
        return index_tables.size(self.database)

    def latest(self) -> int:
        """The instant of the last indexed leaf (µs)."""
        (last,) = self.database.execute("SELECT max(at) FROM disclosure").fetchone()
        return int(last or 0)

    def close(self) -> None:
        """Let go of the file; with no reader left, nothing stays beside it.

        A disk that fails here is heard of: SQLite's own closing would pass over it.
        """
        self.writer.close()
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._database.close()

    def instant(self, seq: int) -> int:
        """When a leaf was made (µs); 0 where it is not indexed."""
        row = self.database.execute("SELECT at FROM disclosure WHERE seq = ?", (seq,)).fetchone()
        return 0 if row is None else int(row[0])

    def put(self, rows: Sequence[IndexRow]) -> None:
        """Index a group of durable leaves, soon and in order; a question waits for it."""
        self.writer.put(rows)
        if self.followed is not None:
            self.followed.extend(rows)

    def add(self, rows: Iterable[IndexRow]) -> None:
        """Index leaves now."""
        self.put(list(rows))
        self.writer.wait()

    def forget(self, subject: bytes) -> None:
        """Empty a subject's disclosures: its audit key is gone, nobody holds it any more."""
        database = self.database
        with self.blocks.changing():
            database.execute("BEGIN IMMEDIATE")
            touched = database.execute(
                "SELECT seq, subject, record FROM touch"
                " WHERE seq IN (SELECT seq FROM disclosure WHERE subject = ?)",
                (subject,),
            ).fetchall()
            database.execute(
                "DELETE FROM touch WHERE seq IN (SELECT seq FROM disclosure WHERE subject = ?)",
                (subject,),
            )
            database.execute(
                f"UPDATE disclosure SET kind = '{KIND_FORGOTTEN}', establishment = x'',"
                " actor = x'', subject = NULL, session = NULL, client = x'', process = x'',"
                " body = x'' WHERE subject = ?",
                (subject,),
            )
            database.executemany(
                "DELETE FROM handed WHERE seq = ?", {(seq,) for seq, _subject, _record in touched}
            )
            database.execute("DELETE FROM held WHERE subject = ?", (subject,))
            database.execute("DELETE FROM counted WHERE subject = ?", (subject,))
            blocks.forget(database, touched)
            database.execute("COMMIT")

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
        where = _where(selectors)
        if after >= 0:  # instants rise with the numbers: a later page does not begin anew
            passed = self.database.execute("SELECT at FROM disclosure WHERE seq = ?", (after,))
            start = max([start, *(at for (at,) in passed)])
        values: list[Any] = [start, end, after, *_values(selectors), limit]
        sql = (
            "SELECT seq, body FROM disclosure WHERE at >= ? AND at < ? AND seq > ?"
            f" AND kind NOT IN ('{KIND_QUERY}', '{KIND_FORGOTTEN}'){where} ORDER BY at LIMIT ?"
        )
        return self.database.execute(sql, values).fetchall()

    def alarms_within(
        self, start: int, end: int, selectors: dict[str, bytes]
    ) -> list[tuple[int, bytes]]:
        """Oldest first: (seq, body) of the alarms that a selection raised."""
        return self.database.execute(
            "SELECT seq, body FROM disclosure INDEXED BY disclosure_alarm"
            f" WHERE kind = '{KIND_ALARM}' AND at >= ? AND at < ?{_where(selectors)} ORDER BY seq",
            (start, end, *_values(selectors)),
        ).fetchall()

    def recoveries(self) -> list[tuple[int, bytes]]:
        """Oldest first: (seq, body) of each going on from an older ledger."""
        return self.database.execute(
            f"SELECT seq, body FROM disclosure WHERE kind = '{KIND_RECOVERED}' ORDER BY seq"
        ).fetchall()

    def counted_since(self, start: int) -> Iterator[tuple[int, bytes | None, Counted]]:
        """Instant, person and budgets of each access that counts, oldest first. No person: a
        patient's account, ``actor``, was signed in to."""
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


def _where(selectors: dict[str, bytes]) -> str:
    """Further conditions; only a touch knows on which grant it was opened."""
    return "".join(_BESIDE.get(column, f" AND {column} = ?") for column in selectors)


def _values(selectors: dict[str, bytes]) -> list[bytes | int]:
    return [number(tag) if column in _BESIDE else tag for column, tag in selectors.items()]


_BESIDE: Final = {
    "export": " AND seq IN (SELECT seq FROM touch WHERE export = ?)",
    "recipient": " AND seq IN (SELECT seq FROM handed WHERE recipient = ?)",
}

"""The disclosure index's tables, and how a group of leaves is written into them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from serment.keeper import blocks, touches
from serment.keeper.touches import ACTS, SHEETS, number

if TYPE_CHECKING:
    from serment.keeper.index import IndexRow

SHAPE: Final = 3
"""Raised when a row says something else than before: the next start fills the index anew. A table
of blocks that is not there yet is made and filled beside the work."""

_TABLES: Final = ("disclosure", "held", "counted", "handed", "touch", "what", *blocks.TABLES)
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
CREATE TABLE IF NOT EXISTS handed (
  recipient INTEGER, seq INTEGER, PRIMARY KEY (recipient, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS handed_seq ON handed (seq);
CREATE INDEX IF NOT EXISTS disclosure_alarm ON disclosure (seq) WHERE kind = 'alarm';
CREATE INDEX IF NOT EXISTS disclosure_recovered ON disclosure (seq) WHERE kind = 'recovered';
CREATE INDEX IF NOT EXISTS disclosure_forgotten ON disclosure (seq) WHERE kind = 'forgotten';
"""


def begin(database: sqlite3.Connection) -> int:
    """Make the tables; empty those of an earlier shape. How many leaves there were."""
    (shape,) = database.execute("PRAGMA user_version").fetchone()
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    promised = size(database) if "disclosure" in tables else 0
    dropped = "".join(f"DROP TABLE IF EXISTS {table};" for table in _TABLES)
    database.executescript(
        f"BEGIN; {'' if shape == SHAPE else dropped} {_SCHEMA} {touches.SCHEMA} {blocks.SCHEMA}"
        f" PRAGMA user_version={SHAPE}; COMMIT;"
    )
    return promised


def size(database: sqlite3.Connection) -> int:
    """How many leaves there are."""
    (last,) = database.execute("SELECT max(seq) FROM disclosure").fetchone()
    return 0 if last is None else int(last) + 1


def write(database: sqlite3.Connection, rows: list[IndexRow]) -> None:
    """Write a group of leaves in one transaction."""
    database.execute("BEGIN")
    database.executemany(
        "INSERT INTO disclosure VALUES (?,?,?,?,?,?,?,?,?,?)",
        [
            (row.seq, row.at, row.kind, row.establishment, row.actor, row.subject,
             row.session, row.client, row.process, row.body)
            for row in rows
        ],
    )  # fmt: skip
    database.executemany(
        "INSERT OR IGNORE INTO held VALUES (?,?,?,?)",
        [
            (row.subject, row.establishment, row.subject_kind, row.at)
            for row in rows
            if row.kind == "write" and row.subject is not None and row.subject_kind
        ],
    )
    database.executemany(
        "INSERT INTO counted VALUES (?,?,?,?,?,?,?)",
        [
            (row.seq, row.at, row.subject, row.counted.actor, row.counted.process,
             row.counted.client, row.counted.establishment)
            for row in rows
            if row.counted is not None
        ],
    )  # fmt: skip
    acts = [row for row in rows if row.kind in ACTS]
    database.executemany(
        "INSERT INTO handed VALUES (?,?)",
        [(number(row.recipient), row.seq) for row in acts if row.recipient is not None],
    )
    database.executemany(
        "INSERT OR IGNORE INTO what VALUES (?,?)",
        {touch.what: touch.body for row in acts for touch in row.touched}.items(),
    )
    database.executemany(
        "INSERT INTO touch VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        [touch for row in acts for touch in _touches(row)],
    )
    database.execute("COMMIT")


def _touches(row: IndexRow) -> list[tuple[int | None, ...]]:
    """The touches of one leaf; one without records still was an access."""
    subject = None if row.subject is None else number(row.subject)
    who = (
        number(row.actor), number(row.process),
        None if row.session is None else number(row.session), number(row.client),
        number(row.establishment), None if row.export is None else number(row.export), subject,
    )  # fmt: skip
    act = SHEETS if row.sheet else ACTS[row.kind]
    if not row.touched:
        return [(row.seq, 0, act, *who, None, None)]
    return [
        (row.seq, place, act, *who, touch.record, touch.what)
        for place, touch in enumerate(row.touched)
    ]

"""What the index knows of whole stretches of leaves: bitmaps that a wide perimeter unites.

A block is ``SIZE`` leaves in a row. Once all are indexed, the index's thread unites their touches,
a little at a time: for the whole block, and for each value of each selector, which leaves, and for
each thing done which persons and records, as bitmaps of small numbers. It is a memory, never a
source: a question counts by rows whatever lies in no block, and a block that knows of other
forgotten leaves than the index does, or has lost a row, is passed over and made anew.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Final

import msgspec
from pyroaring import BitMap

from serment.keeper.touches import WRITES

SIZE: Final = 1 << 14
"""Leaves of a block: what lies at a window's two ends, or after the last block, is read row by
row, at a microsecond and a half each. At most 2^16, so that sixteen bits number its leaves."""

STEP: Final = 1 << 11
"""Leaves taken in at a time: who waits for the index waits some milliseconds for it."""

WHOLE: Final = 0
COLUMNS: Final = ("actor", "process", "client", "establishment")
"""By what a block is united, numbered from one; sessions and grants have few leaves each."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS made (number INTEGER PRIMARY KEY, forgotten INTEGER, parts INTEGER);
CREATE TABLE IF NOT EXISTS united (block INTEGER, column INTEGER, value INTEGER, body BLOB);
CREATE UNIQUE INDEX IF NOT EXISTS united_of ON united (block, column, value);
CREATE TABLE IF NOT EXISTS known (number INTEGER PRIMARY KEY, tag INTEGER UNIQUE);
"""
TABLES: Final = ("made", "united", "known")

_WHOLE_AND_TRUE: Final = (
    "forgotten = (SELECT count(*) FROM disclosure INDEXED BY disclosure_forgotten"
    " WHERE kind = 'forgotten' AND seq >= number * :size AND seq < (number + 1) * :size)"
    " AND parts = (SELECT count(*) FROM united WHERE block = number)"
)
"""Of a block made: it knows what the index has forgotten since, and nothing of it is lost."""

Name = tuple[int, int | None]
"""An act and the number of what was done; nil for an access without records."""


class United(msgspec.Struct, array_like=True, frozen=True):
    """A block's leaves of one selector value. ``leaves``: a bitmap of the lower sixteen bits of
    their numbers; ``first`` and ``last``: those of the first and last that opened something, -1:
    none did; ``work``: act, what, and bitmaps of the subjects' and the records' numbers."""

    leaves: bytes
    first: int
    last: int
    work: list[tuple[int, int | None, bytes, bytes]]


NOTHING: Final = United(BitMap().serialize(), -1, -1, [])


def numbers_of(database: sqlite3.Connection, tags: Iterable[int]) -> dict[int, int]:
    """The small numbers of tags, of those that have one."""
    return dict(
        database.execute(
            "SELECT known.tag, known.number FROM json_each(?) JOIN known ON known.tag = value",
            (json.dumps(list(tags)),),
        )
    )


def usable(database: sqlite3.Connection, start: int, end: int) -> list[int]:
    """The blocks that lie wholly between two leaves and can be relied on, rising."""
    found = database.execute(
        "SELECT number FROM made WHERE number >= :from AND number < :until"
        f" AND {_WHOLE_AND_TRUE} ORDER BY number",
        {"from": -(-start // SIZE), "until": end // SIZE, "size": SIZE},
    )
    return [number for (number,) in found]


def drop(database: sqlite3.Connection, blocks: Iterable[int]) -> None:
    """Let go of blocks, inside a transaction: they are counted by rows until made anew."""
    for number in blocks:
        database.execute("DELETE FROM united WHERE block = ?", (number,))
        database.execute("DELETE FROM made WHERE number = ?", (number,))


def forget(
    database: sqlite3.Connection, touched: Iterable[tuple[int, int | None, int | None]]
) -> None:
    """Let go of touches (leaf, subject, record), inside the transaction that empties them."""
    gone = list(touched)
    drop(database, {leaf // SIZE for leaf, _subject, _record in gone})
    _drop_names(database, {tag for _leaf, *tags in gone for tag in tags if tag is not None})


def _drop_names(database: sqlite3.Connection, tags: set[int]) -> None:
    """Forget tags' numbers, where no block is left that counts with them."""
    numbers = numbers_of(database, tags)
    wanted, standing = BitMap(numbers.values()), BitMap()
    for (body,) in database.execute("SELECT body FROM united WHERE column = ?", (WHOLE,)):
        for _act, _what, *bitmaps in decode(body).work:
            for one in bitmaps:
                standing |= BitMap.deserialize(one) & wanted
    database.executemany("DELETE FROM known WHERE number = ?", ((n,) for n in wanted - standing))


_Cell = tuple[list[int], list[int], list[int]]
"""Leaves, subjects and records; a nought where there is none."""
_Cells = dict[tuple[int | None, ...], _Cell]
"""Of those who share every selector and what was done."""


def _making(database: sqlite3.Connection, block: int) -> Generator[None, None, None]:
    """Make a block, a little at each step; it is written with the last one, or not at all."""
    (forgotten,) = database.execute(
        "SELECT count(*) FROM disclosure WHERE kind = 'forgotten' AND seq >= ? AND seq < ?",
        (block * SIZE, (block + 1) * SIZE),
    ).fetchone()
    cells: _Cells = defaultdict(lambda: ([], [], []))
    for start in range(block * SIZE, (block + 1) * SIZE, STEP):
        _take_in(database, start, cells)
        yield
    rows: list[tuple[int, int, bytes]] = []
    for column in range(len(COLUMNS) + 1):
        rows += _rows(cells, column)
        yield
    database.execute("BEGIN IMMEDIATE")
    database.executemany("INSERT INTO united VALUES (?,?,?,?)", ((block, *row) for row in rows))
    database.execute("INSERT INTO made VALUES (?,?,?)", (block, forgotten, len(rows)))
    database.execute("COMMIT")


def _take_in(database: sqlite3.Connection, start: int, cells: _Cells) -> None:
    """The touches of some leaves. Where a person or record never had a number, it gets one."""
    until = start + STEP
    within = "FROM touch WHERE seq >= ? AND seq < ?"
    database.execute(
        f"INSERT OR IGNORE INTO known (tag) SELECT subject {within} AND subject IS NOT NULL"
        f" UNION SELECT record {within} AND record IS NOT NULL",
        (start, until, start, until),
    )
    for row in database.execute(
        "SELECT seq & 65535, coalesce(whose.number, 0), coalesce(which.number, 0),"
        " actor, process, client, establishment, act, what FROM touch"
        " LEFT JOIN known AS whose ON whose.tag = subject"
        " LEFT JOIN known AS which ON which.tag = record"
        " WHERE seq >= ? AND seq < ? ORDER BY seq",
        (start, until),
    ):
        leaves, subjects, records = cells[row[3:]]
        leaves.append(row[0])
        subjects.append(row[1])
        records.append(row[2])


def _rows(cells: _Cells, column: int) -> Iterator[tuple[int, int, bytes]]:
    """The rows of one column: its number, the value, the encoded ``United``."""
    sums: dict[int, dict[Name, list[_Cell]]] = defaultdict(lambda: defaultdict(list))
    if column == WHOLE:
        sums[0] = defaultdict(list)  # also where nothing was done
    for (*who, act, what), cell in cells.items():
        value = 0 if column == WHOLE else who[column - 1]
        if value is not None and act is not None:
            sums[value][act, what].append(cell)
    for value, work in sums.items():
        leaves = _bitmap(cell[0] for found in work.values() for cell in found)
        yield column, value, _encode(_united(leaves, work))


def _united(leaves: BitMap, work: dict[Name, list[_Cell]]) -> United:
    opened = [
        leaf
        for (act, _what), found in work.items()
        if act != WRITES
        for seqs, _subjects, _records in found
        for leaf in (seqs[0], seqs[-1])
    ]
    sets = [
        (act, what, _packed(cell[1] for cell in found), _packed(cell[2] for cell in found))
        for (act, what), found in work.items()
    ]
    return United(leaves.serialize(), min(opened, default=-1), max(opened, default=-1), sets)


def _packed(numbers: Iterable[list[int]]) -> bytes:
    """A bitmap's bytes; a nought is nobody."""
    found = _bitmap(numbers)
    found.discard(0)
    return found.serialize()


def _bitmap(numbers: Iterable[list[int]]) -> BitMap:
    """One bitmap of many lists."""
    return BitMap(list(chain.from_iterable(numbers)))


class BlockMaker:
    """Makes the blocks, one after the other; lives in the index's thread.

    Whoever takes leaves out of the index does so within ``changing``: what was begun meanwhile is
    begun again.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._begun: Generator[None, None, None] | None = None
        self._next = 0

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Nothing is made meanwhile, and nothing that was begun before is finished."""
        with self._turn:
            self._begun, self._next = None, 0
            yield

    def step(self, database: sqlite3.Connection) -> bool:
        """Do a little; False where all blocks are made. Always over the same connection."""
        with self._turn:
            if self._begun is None:
                self._begun = self._begin(database)
            if self._begun is None:
                return False
            if next(self._begun, _END) is _END:
                self._begun = None
            return True

    def _begin(self, database: sqlite3.Connection) -> Generator[None, None, None] | None:
        """The lowest block that is not made, or not as it should be."""
        (size,) = database.execute("SELECT coalesce(max(seq), -1) + 1 FROM disclosure").fetchone()
        while (self._next + 1) * SIZE <= size:
            if not usable(database, self._next * SIZE, (self._next + 1) * SIZE):
                database.execute("BEGIN IMMEDIATE")
                drop(database, [self._next])
                database.execute("COMMIT")
                return _making(database, self._next)
            self._next += 1
        return None


_END: Final = object()
_encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(United).decode

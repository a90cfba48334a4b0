"""What the index knows of whole stretches of leaves: bitmaps that a wide perimeter unites.

A block is ``SIZE`` leaves in a row. Once all are indexed, the index's thread unites their touches,
a little at a time: for the whole block, and for each selector value with ``FEWEST`` leaves in it,
which leaves, and for each thing done which persons and records, as bitmaps of small numbers. It is
a memory, never a source: a question counts by rows whatever lies in no block, and a block that
does not know of as many forgotten leaves as the index does is passed over and made anew.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec
from pyroaring import BitMap

from serment.keeper.touches import WRITES

SIZE: Final = 1 << 15
"""Leaves of a block: what lies at a window's two ends, or after the last block, is read row by
row, at a microsecond and a half each. At most 2^16, so that sixteen bits number its leaves."""

FEWEST: Final = 64
"""Below so many leaves in a block a selector's value is as quickly counted by its rows."""

STEP: Final = 1 << 11
"""Leaves taken in at a time: who waits for the index waits some milliseconds for it."""

WHOLE: Final = 0
COLUMNS: Final = ("actor", "process", "client", "establishment")
"""By what a block is united, numbered from one; sessions and grants have few leaves each."""

LOW: Final = 0xFFFF

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS block (number INTEGER PRIMARY KEY, forgotten INTEGER);
CREATE TABLE IF NOT EXISTS united (block INTEGER, column INTEGER, value INTEGER, body BLOB);
CREATE UNIQUE INDEX IF NOT EXISTS united_of ON united (block, column, value);
CREATE TABLE IF NOT EXISTS known (number INTEGER PRIMARY KEY, tag INTEGER UNIQUE);
"""
TABLES: Final = ("block", "united", "known")

_FORGOTTEN: Final = (
    "(SELECT count(*) FROM disclosure INDEXED BY disclosure_forgotten"
    " WHERE kind = 'forgotten' AND seq >= number * :size AND seq < (number + 1) * :size)"
)
"""How many leaves of a block the index knows to be forgotten, now."""

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
    """The blocks that lie wholly between two leaves and know what is forgotten, rising."""
    found = database.execute(
        "SELECT number FROM block WHERE number >= :from AND number < :until"
        f" AND forgotten = {_FORGOTTEN} ORDER BY number",
        {"from": -(-start // SIZE), "until": end // SIZE, "size": SIZE},
    )
    return [number for (number,) in found]


def drop(database: sqlite3.Connection, blocks: Iterable[int]) -> None:
    """Let go of blocks, inside a transaction: they are counted by rows until made anew."""
    for number in blocks:
        database.execute("DELETE FROM united WHERE block = ?", (number,))
        database.execute("DELETE FROM block WHERE number = ?", (number,))


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


@dataclass(slots=True)
class _Sum:
    """What is gathered for one row of ``united``."""

    leaves: list[int] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    work: dict[Name, tuple[list[int], list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: ([], []))
    )

    def add(self, name: Name, cell: _Cell) -> None:
        leaves, subjects, records = cell
        self.leaves += leaves
        if name[0] != WRITES:
            self.opened += (leaves[0], leaves[-1])
        work = self.work[name]
        work[0].extend(subjects)
        work[1].extend(records)

    def row(self) -> tuple[int, bytes]:
        """How many leaves, and the encoded ``United``."""
        leaves = BitMap(self.leaves)
        work = [
            (*name, BitMap(subjects).serialize(), BitMap(records).serialize())
            for name, (subjects, records) in self.work.items()
        ]
        first, last = min(self.opened, default=-1), max(self.opened, default=-1)
        return len(leaves), _encode(United(leaves.serialize(), first, last, work))


_Cell = tuple[list[int], list[int], list[int]]
"""Leaves, subjects and records of those who share every selector and what was done."""


@dataclass(slots=True)
class _Begun:
    """One block in the making."""

    number: int
    forgotten: int
    done: int
    numbers: dict[int, int] = field(default_factory=dict)
    cells: dict[tuple[int, ...], _Cell] = field(
        default_factory=lambda: defaultdict(lambda: ([], [], []))
    )

    @property
    def whole(self) -> bool:
        """Is every leaf taken in?"""
        return self.done == (self.number + 1) * SIZE

    def take_in(self, database: sqlite3.Connection) -> None:
        """The next leaves' touches."""
        rows = database.execute(
            "SELECT seq, subject, record, actor, process, client, establishment, act, what"
            " FROM touch WHERE seq >= ? AND seq < ? ORDER BY seq",
            (self.done, self.done + STEP),
        ).fetchall()
        self._number(database, {tag for row in rows for tag in row[1:3] if tag is not None})
        for seq, subject, record, *who in rows:
            leaves, subjects, records = self.cells[tuple(who)]
            leaves.append(seq & LOW)
            if subject is not None:
                subjects.append(self.numbers[subject])
            if record is not None:
                records.append(self.numbers[record])
        self.done += STEP

    def _number(self, database: sqlite3.Connection, tags: set[int]) -> None:
        """Give tags that were never met their numbers."""
        tags -= self.numbers.keys()
        known = numbers_of(database, tags)
        if fresh := sorted(tags - known.keys()):
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO known (tag) VALUES (?)", ((tag,) for tag in fresh))
            database.execute("COMMIT")
            known |= numbers_of(database, fresh)
        self.numbers |= known

    def write(self, database: sqlite3.Connection) -> None:
        """The finished block, all of it or nothing."""
        rows = list(self._rows())
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO united VALUES (?,?,?,?)", rows)
        database.execute("INSERT INTO block VALUES (?,?)", (self.number, self.forgotten))
        database.execute("COMMIT")

    def _rows(self) -> Iterator[tuple[int, int, int, bytes]]:
        sums: dict[tuple[int, int], _Sum] = defaultdict(_Sum)
        sums[WHOLE, 0] = _Sum()
        for (*who, act, what), cell in self.cells.items():
            for place in ((WHOLE, 0), *enumerate(who, 1)):
                sums[place].add((act, what), cell)
        for (column, value), found in sums.items():
            leaves, body = found.row()
            if leaves >= FEWEST or column == WHOLE:
                yield self.number, column, value, body


class BlockMaker:
    """Makes the blocks, one after the other; lives in the index's thread.

    Whoever takes leaves out of the index does so within ``changing``: what was begun meanwhile is
    begun again.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._begun: _Begun | None = None
        self._next = 0

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Nothing is made meanwhile, and nothing that was begun before is finished."""
        with self._turn:
            self._begun, self._next = None, 0
            yield

    def step(self, database: sqlite3.Connection) -> bool:
        """Do a little; False where all blocks are made."""
        with self._turn:
            if self._begun is None:
                self._begun = self._begin(database)
            if self._begun is None:
                return False
            if self._begun.whole:
                self._begun.write(database)
                self._begun = None
            else:
                self._begun.take_in(database)
            return True

    def _begin(self, database: sqlite3.Connection) -> _Begun | None:
        """The lowest block that is not made, or not as it should be."""
        (size,) = database.execute("SELECT coalesce(max(seq), -1) + 1 FROM disclosure").fetchone()
        while (self._next + 1) * SIZE <= size:
            number = self._next
            made, forgotten = database.execute(
                "SELECT (SELECT forgotten FROM block WHERE block.number = given.number),"
                f" {_FORGOTTEN} FROM (SELECT :number AS number) AS given",
                {"number": number, "size": SIZE},
            ).fetchone()
            if made != forgotten:
                database.execute("BEGIN IMMEDIATE")
                drop(database, [number])
                database.execute("COMMIT")
                return _Begun(number, forgotten, number * SIZE)
            self._next += 1
        return None


_encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(United).decode

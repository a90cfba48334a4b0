"""What the index's touches of one selection say: leaves, persons and records, as numbers.

Whole blocks are united from their bitmaps, everything else is read row by row, in one passage that
keeps no row; where selectors cross in a block, its bitmaps say which leaves to read. Either way
gives the same leaves in the same order and the same sets. Subjects and records are small numbers
here: those the index knows them by, and fresh ones for this question.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from sys import byteorder
from typing import Any, Final

from pyroaring import BitMap

from serment.keeper import blocks
from serment.keeper.blocks import (
    COLUMNS,
    NOTHING,
    WHOLE,
    Name,
    United,
    decode,
    numbers_of,
    usable,
)
from serment.keeper.touches import WRITES, number


@dataclass(slots=True)
class Touched:
    """Subjects and records to which one thing was done."""

    subjects: BitMap = field(default_factory=BitMap)
    records: BitMap = field(default_factory=BitMap)


Work = dict[Name, Touched]
"""By act and number of what was done; that number is nil for an access without records."""


@dataclass(slots=True)
class Numbers:
    """The small numbers of tags, for one question; a tag in no block gets one past all others."""

    database: sqlite3.Connection
    in_blocks: bool = False
    """Was any block united? Otherwise no number but the fresh ones is met."""
    _of: dict[int, int] = field(default_factory=dict)
    _next: int = -1

    def of(self, tags: Set[int]) -> BitMap:
        """The numbers of tags."""
        lacking = tags - self.find(tags).keys()
        if lacking and self._next < 0:
            past = self.database.execute("SELECT coalesce(max(number), 0) + 1 FROM known")
            (self._next,) = past.fetchone()
        for tag in lacking:
            self._of[tag] = self._next
            self._next += 1
        return BitMap([self._of[tag] for tag in tags])

    def find(self, tags: Iterable[int]) -> Mapping[int, int]:
        """The numbers of those tags that this question may have met, among others."""
        if self.in_blocks and (new := set(tags) - self._of.keys()):
            self._of |= numbers_of(self.database, new)
        return self._of


@dataclass(slots=True)
class Leaves:
    """How many leaves there are, and the digest of their numbers, which come in rising."""

    count: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def add(self, seqs: array[int]) -> None:
        """Leaves by their numbers."""
        self.count += len(seqs)
        if byteorder == "little":
            seqs = seqs[:]
            seqs.byteswap()
        self._digest.update(seqs.tobytes())

    def add_block(self, first: int, leaves: BitMap) -> None:
        """Leaves of the block that begins with ``first``, by the lower sixteen bits."""
        self.count += len(leaves)
        lower = leaves.to_array()
        if byteorder == "big":
            lower.byteswap()
        plain = lower.tobytes()
        told = bytearray(first.to_bytes(8, "big") * len(leaves))
        told[6::8], told[7::8] = plain[1 :: lower.itemsize], plain[:: lower.itemsize]
        self._digest.update(told)

    def digest(self) -> bytes:
        """SHA-256 over the numbers of the leaves, eight bytes each, big-endian, rising."""
        found: bytes = self._digest.digest()
        return found


@dataclass(slots=True)
class Tally:
    """One stretch of leaves: what was done, and the first and last leaf that opened something."""

    work: Work = field(default_factory=lambda: defaultdict(Touched))
    first: int | None = None
    last: int | None = None
    _rows: dict[Name, tuple[set[int | None], set[int | None]]] = field(
        default_factory=lambda: defaultdict(lambda: (set(), set()))
    )

    def read(
        self, rows: Iterable[tuple[int, int, int | None, int | None, int | None]]
    ) -> array[int]:
        """Count touches (leaf, act, subject, record, what) one by one; the leaves' numbers."""
        seqs, last, begun = array("Q"), -1, self.first is not None
        opened = self.last
        for seq, act, subject, record, what in rows:
            if seq != last:
                seqs.append(seq)
                last = seq
            if act != WRITES:
                opened = seq
                if not begun:
                    begun, self.first = True, seq
            subjects, records = self._rows[act, what]
            subjects.add(subject)
            records.add(record)
        self.last = opened
        return seqs

    def unite(self, block: int, united: United) -> None:
        """Count the block that begins with a leaf."""
        if united.first >= 0:
            self.first = block | united.first if self.first is None else self.first
            self.last = block | united.last
        for act, what, subjects, records in united.work:
            touched = self.work[act, what]
            touched.subjects |= BitMap.deserialize(subjects)
            touched.records |= BitMap.deserialize(records)

    def settle(self, numbers: Numbers) -> None:
        """Add what was read by rows to what was united."""
        for name, (subjects, records) in self._rows.items():
            touched = self.work[name]
            touched.subjects |= numbers.of({tag for tag in subjects if tag is not None})
            touched.records |= numbers.of({tag for tag in records if tag is not None})
        self._rows.clear()


_WHERE: Final = {"recipient": " AND seq IN (SELECT seq FROM handed WHERE recipient = ?)"}


@dataclass(frozen=True, slots=True)
class Selection:
    """The index's touches of one selection."""

    database: sqlite3.Connection
    chosen: dict[str, bytes]
    numbers: Numbers
    leaves: Leaves = field(default_factory=Leaves)

    def count(self, *bounds: int) -> list[Tally]:
        """Count the stretches of leaves between bounds, which rise."""
        tallies = [self._count(start, end) for start, end in pairwise(bounds)]
        for tally in tallies:  # only now is it known whether blocks were met
            tally.settle(self.numbers)
        return tallies

    def _count(self, start: int, end: int) -> Tally:
        tally, at = Tally(), start
        if start >= end:
            return tally
        made = usable(self.database, start, end) if self.chosen.keys() <= set(COLUMNS) else []
        for block in made:
            first = block * blocks.SIZE
            self._read(tally, at, first)
            self._unite(tally, block, first)
            at = first + blocks.SIZE
        self._read(tally, at, end)
        return tally

    def _read(self, tally: Tally, start: int, end: int) -> None:
        """Count row by row."""
        if start < end:
            where = "".join(_WHERE.get(column, f" AND {column} = ?") for column in self.chosen)
            values = (start, end, *map(number, self.chosen.values()))
            self.leaves.add(
                tally.read(self._rows(f"touch WHERE seq >= ? AND seq < ?{where}", values))
            )

    def _rows(self, where: str, values: Sequence[Any]) -> Iterable[Any]:
        return self.database.execute(
            f"SELECT seq, act, subject, record, what FROM {where} ORDER BY seq", values
        )

    def _unite(self, tally: Tally, block: int, first: int) -> None:
        """Count a block: united where one selector's leaves are all that is asked for."""
        found = self._parts(block)
        leaves = [BitMap.deserialize(one.leaves) for one in found]
        common = BitMap.intersection(*leaves)
        if not common:
            return
        for united, of in zip(found, leaves, strict=True):
            if of == common:
                self.numbers.in_blocks = True
                self.leaves.add_block(first, common)
                tally.unite(first, united)
                return
        seqs = json.dumps([first | leaf for leaf in common])
        self.leaves.add(tally.read(self._rows("json_each(?) JOIN touch ON seq = value", (seqs,))))

    def _parts(self, block: int) -> list[United]:
        """What a block knows of each selector; with none, of everything."""
        wanted = [(COLUMNS.index(one) + 1, number(tag)) for one, tag in self.chosen.items()]
        rows = [
            self.database.execute(
                "SELECT body FROM united WHERE block = ? AND column = ? AND value = ?",
                (block, column, value),
            ).fetchone()
            for column, value in wanted or [(WHOLE, 0)]
        ]
        return [NOTHING if row is None else decode(row[0]) for row in rows]

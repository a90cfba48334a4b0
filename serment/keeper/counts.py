"""The arithmetic of a perimeter over the index: persons, records and fields, each for itself.

``serment.incidents.perimeter`` says the same of rows, and both must agree. Here persons and records
are bitmaps of small numbers (``counting``), so that ten million accesses are united in C.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pyroaring import BitMap

from serment.keeper.blocks import Name
from serment.keeper.counting import Leaves, Numbers, Selection, Work
from serment.keeper.telling import WIDENED_SECONDS
from serment.keeper.touches import SHEETS, WRITES, What, Whats
from serment.keeper.words import NOT_FIELDS


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, and what the keeper's store says of persons: read in the loop's thread."""

    start: int
    end: int
    chosen: dict[str, bytes]
    same: dict[int, int]
    erased: set[int]


@dataclass(frozen=True, slots=True)
class Records:
    """How many records were opened, and of those and others how many were changed."""

    opened: int
    appointments: int
    fields: dict[str, int]
    altered: int
    unaltered: int
    gone: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted of a selection."""

    persons: int
    staff: int
    possible: int
    erased: int
    reachable: int
    records: Records
    leaves: Leaves
    opened_first: int | None
    opened_last: int | None
    bounds: tuple[int, int]
    forgotten: int


def count(database: sqlite3.Connection, whats: Whats, asked: Asked) -> Counts:
    """Count it all in one view of the index."""
    database.execute("BEGIN")
    begin, start, end = (
        _first_at(database, at)
        for at in (asked.start - WIDENED_SECONDS * 1_000_000, asked.start, asked.end)
    )
    (forgotten,) = database.execute(
        "SELECT count(*) FROM disclosure WHERE kind = 'forgotten' AND seq >= ? AND seq < ?",
        (start, end),
    ).fetchone()
    meanings = whats.read(database.execute("SELECT number, body FROM what"))
    numbers = Numbers(database)
    selection = Selection(database, asked.chosen, numbers)
    earlier, inside = selection.count(begin, start, end)
    same = _numbered(numbers, asked.same)
    persons, staff = _persons(inside.work, meanings, same)
    before, _staff = _persons(earlier.work, meanings, same)
    known = numbers.find(asked.erased)
    erased = BitMap(known[tag] for tag in asked.erased if tag in known)
    return Counts(
        persons=len(persons),
        staff=len(staff),
        possible=len(before - persons),
        erased=len(_same(erased, same) & (persons | before)),
        reachable=len(_on_sheets_alone(inside.work, same)),
        records=_records(inside.work, meanings),
        leaves=selection.leaves,
        opened_first=inside.first,
        opened_last=inside.last,
        bounds=(start, end),
        forgotten=forgotten,
    )


def _numbered(numbers: Numbers, same: dict[int, int]) -> dict[int, int]:
    """Small numbers for files that were met and the accounts of the same persons."""
    known = numbers.find(same.keys() | same.values())
    met = {file: account for file, account in same.items() if file in known}
    numbers.of(set(met.values()))  # an account that was not met stands for the file all the same
    return {known[file]: known[account] for file, account in met.items()}


def _first_at(database: sqlite3.Connection, at: int) -> int:
    """Number of the first leaf at or after an instant; instants rise with the numbers."""
    row = database.execute(
        "SELECT seq FROM disclosure WHERE at >= ? ORDER BY at LIMIT 1", (at,)
    ).fetchone()
    if row is None:
        row = database.execute("SELECT max(seq) + 1 FROM disclosure").fetchone()
    return int(row[0] or 0)


def _subjects(work: Work, names: Iterable[Name]) -> BitMap:
    return BitMap.union(BitMap(), *(work[name].subjects for name in names))


def _same(subjects: BitMap, same: dict[int, int]) -> BitMap:
    """Persons: a file and its person's own account are one."""
    linked = subjects & BitMap(same)
    return (subjects - linked) | BitMap([same[one] for one in linked])


def _persons(work: Work, meanings: dict[int, What], same: dict[int, int]) -> tuple[BitMap, BitMap]:
    """Distinct persons to whom something was opened, and members of staff apart from them."""
    of_staff = {one for one, what in meanings.items() if what.subject_kind == "staff"}
    opened = [name for name in work if name[0] != WRITES]
    staff = _subjects(work, (name for name in opened if name[1] in of_staff))
    others = _subjects(work, (name for name in opened if name[1] not in of_staff))
    return _same(others, same), staff


def _on_sheets_alone(work: Work, same: dict[int, int]) -> BitMap:
    """Persons read onto continuity sheets and opened no other way."""
    on_sheets = _subjects(work, (name for name in work if name[0] == SHEETS))
    seen = _subjects(work, (name for name in work if name[0] not in (SHEETS, WRITES)))
    return _same(on_sheets, same) - _same(seen, same)


def _records(work: Work, meanings: dict[int, What]) -> Records:
    """Records opened, of each field, written over, deleted."""
    opened, altered, gone = BitMap(), BitMap(), BitMap()
    kinds: dict[str, BitMap] = defaultdict(BitMap)
    fields: dict[str, BitMap] = defaultdict(BitMap)
    for (act, what), touched in work.items():
        if what is None:  # an access without records
            continue
        meant, records = meanings[what], touched.records
        if act != WRITES:
            opened |= records
            kinds[meant.kind] |= records
            for name in meant.fields:
                if name not in NOT_FIELDS:
                    fields[f"{meant.kind}.{name}"] |= records
            continue
        if meant.replaced:
            altered |= records
        if "deleted" in meant.fields:
            gone |= records
    return Records(
        opened=len(opened),
        appointments=len(kinds["appointment"]),
        fields={name: len(fields[name]) for name in sorted(fields)},
        altered=len(altered - gone),
        unaltered=len(opened - altered - gone),
        gone=len(gone),
    )

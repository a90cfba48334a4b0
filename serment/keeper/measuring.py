"""op ``measure``: a perimeter's figures, counted beside the care that goes on.

Counted over the index's touches in a thread with a connection of its own, so that a question over
a million accesses stops nobody. The asking is recorded first; by then every leaf whose instant is
before it lies in the index.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from sys import byteorder
from typing import Any

import msgspec

from serment.keeper.house import NOBODY, AskUnusable, House
from serment.keeper.measured import Alarm, Gap, Measured
from serment.keeper.recorder import Access
from serment.keeper.store import LinkRow
from serment.keeper.telling import WIDENED_SECONDS, allowed_establishment, selectors, told
from serment.keeper.touches import SHEETS, WRITES, What, number
from serment.keeper.wire import Body, PerimeterAsk, Request
from serment.keeper.words import KIND_QUERY, LEASE_SECONDS, NOT_FIELDS


@dataclass(slots=True)
class Touched:
    """Subjects and records to which one thing was done."""

    subjects: set[int | None] = field(default_factory=set)
    records: set[int | None] = field(default_factory=set)


Work = dict[tuple[int, int | None], Touched]
"""By act and number of what was done; that number is nil for an access without records."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the touches of a selection say, before anything is known of persons."""

    seqs: array[int]
    work: Work
    earlier: Work
    opened_first: int | None
    opened_last: int | None
    bounds: tuple[int, int]
    forgotten: int
    meanings: dict[int, What]


async def measure(house: House, ask: Request, peer: int) -> Body:
    """op ``measure``: persons, records and fields of a selection, and how sure each is."""
    wanted = msgspec.msgpack.decode(ask.body, type=PerimeterAsk)
    if wanted.end <= wanted.start:
        raise AskUnusable
    establishment = allowed_establishment(house, ask, peer, wanted.establishment)
    chosen = selectors(house, wanted, establishment)
    asked = Access(None, establishment or NOBODY, [], KIND_QUERY)
    await house.recorder.record(ask, peer, [asked])
    index = house.index
    index.readers += 1
    try:
        counts = await asyncio.to_thread(_count, house, wanted, chosen)
    finally:
        index.readers -= 1
    return _measured(house, wanted, establishment, chosen, counts)


def _count(house: House, wanted: PerimeterAsk, chosen: dict[str, bytes]) -> Counts:
    """In its own thread: no object of the keeper but the index's file and closed bodies."""
    database = house.index.reader()
    try:
        database.execute("BEGIN")
        begin, start, end = (
            _first_at(database, at)
            for at in (wanted.start - WIDENED_SECONDS * 1_000_000, wanted.start, wanted.end)
        )
        (forgotten,) = database.execute(
            "SELECT count(*) FROM disclosure WHERE kind = 'forgotten' AND seq >= ? AND seq < ?",
            (start, end),
        ).fetchone()
        meanings = house.recorder.whats.read(database.execute("SELECT number, body FROM what"))
        touches = Touches(database, chosen, nobody=bool(wanted.recipient))
        seqs, earlier = touches.read(begin, start)
        inside, work = touches.read(start, end)
        seqs.extend(inside)
        first, last = touches.opened(start, end, "ASC"), touches.opened(start, end, "DESC")
        return Counts(seqs, work, earlier, first, last, (start, end), forgotten, meanings)
    finally:
        database.close()


def _first_at(database: sqlite3.Connection, at: int) -> int:
    """Number of the first leaf at or after an instant; instants rise with the numbers."""
    row = database.execute(
        "SELECT seq FROM disclosure WHERE at >= ? ORDER BY at LIMIT 1", (at,)
    ).fetchone()
    if row is None:
        row = database.execute("SELECT max(seq) + 1 FROM disclosure").fetchone()
    return int(row[0] or 0)


@dataclass(frozen=True, slots=True)
class Touches:
    """The index's touches of one selection. ``nobody``: of a recipient no record names."""

    database: sqlite3.Connection
    chosen: dict[str, bytes]
    nobody: bool

    def read(self, start: int, end: int) -> tuple[array[int], Work]:
        """Numbers of the leaves, rising, and what was done: in one passage that keeps no row."""
        seqs, work, last = array("Q"), defaultdict[Any, Touched](Touched), -1
        columns = "seq, act, subject, record, what"
        for seq, act, subject, record, what in self._select(columns, start, end, " ORDER BY seq"):
            if seq != last:
                seqs.append(seq)
                last = seq
            touched = work[act, what]
            touched.subjects.add(subject)
            touched.records.add(record)
        return seqs, work

    def opened(self, start: int, end: int, order: str) -> int | None:
        """Number of the first leaf that opened something, or of the last one."""
        more = f" AND act <> {WRITES} ORDER BY seq {order} LIMIT 1"
        return next((seq for (seq,) in self._select("seq", start, end, more)), None)

    def _select(self, columns: str, start: int, end: int, more: str = "") -> Iterable[Any]:
        if self.nobody or start >= end:
            return ()
        where = "".join(f" AND {column} = ?" for column in self.chosen)
        return self.database.execute(
            f"SELECT {columns} FROM touch WHERE seq >= ? AND seq < ?{where}{more}",
            (start, end, *map(number, self.chosen.values())),
        )


def _subjects(work: Work, names: Iterable[tuple[int, int | None]]) -> set[int]:
    return {one for name in names for one in work[name].subjects if one is not None}


def _measured(
    house: House, wanted: PerimeterAsk, establishment: bytes | None, chosen: dict[str, bytes],
    counts: Counts,
) -> Measured:  # fmt: skip
    same = own_files(house, wanted.end)
    persons, staff = _persons(counts, counts.work, same)
    earlier, _staff = _persons(counts, counts.earlier, same)
    kinds, fields, altered, gone = _records(counts)
    held = held_persons(house, wanted.end, establishment)
    gaps = gaps_within(house, wanted.start - WIDENED_SECONDS * 1_000_000, wanted.end)
    erased = {number(tag) for tag, _body in house.store.erasures()}
    return Measured(
        persons=len(persons),
        staff=len(staff),
        appointments=sum(kind == "appointment" for kind in kinds.values()),
        records=len(kinds),
        fields={name: len(fields[name]) for name in sorted(fields)},
        possible=len(earlier - persons),
        held=held,
        erased=len({same.get(one, one) for one in erased} & (persons | earlier)),
        altered=len(altered - gone),
        unaltered=len(kinds.keys() - altered - gone),
        unavailable=len(gone),
        first=_instant(house, counts.opened_first),
        last=_instant(house, counts.opened_last),
        leaves=len(counts.seqs),
        leaves_digest=digest_of_leaves(counts.seqs),
        first_leaf=counts.bounds[0],
        last_leaf=counts.bounds[1] - 1,
        forgotten=counts.forgotten,
        lease=LEASE_SECONDS,
        widened=WIDENED_SECONDS,
        isolated=house.isolated,
        gaps=gaps,
        alarms=_alarms(house, wanted, chosen),
        checkpoint=house.signed(),
        reachable=len(_on_sheets_alone(counts.work, same)),
    )


def _same(subjects: set[int], same: dict[int, int]) -> set[int]:
    """Persons: a file and its person's own account are one."""
    linked = subjects & same.keys()
    return (subjects - linked) | {same[one] for one in linked}


def _persons(counts: Counts, work: Work, same: dict[int, int]) -> tuple[set[int], set[int]]:
    """Distinct persons to whom something was opened, and members of staff apart from them."""
    of_staff = {one for one, what in counts.meanings.items() if what.subject_kind == "staff"}
    opened = [name for name in work if name[0] != WRITES]
    staff = _subjects(work, (name for name in opened if name[1] in of_staff))
    others = _subjects(work, (name for name in opened if name[1] not in of_staff))
    return _same(others, same), staff


def _on_sheets_alone(work: Work, same: dict[int, int]) -> set[int]:
    """Persons read onto continuity sheets and opened no other way."""
    on_sheets = [name for name in work if name[0] == SHEETS]
    if not on_sheets:
        return set()
    seen = _subjects(work, (name for name in work if name[0] not in (SHEETS, WRITES)))
    return _same(_subjects(work, on_sheets), same) - _same(seen, same)


def _records(
    counts: Counts,
) -> tuple[dict[int, str], dict[str, set[int]], set[int], set[int]]:
    """Kind of each record opened, records of each field, records written over, records deleted."""
    kinds: dict[int, str] = {}
    fields: dict[str, set[int]] = {}
    altered: set[int] = set()
    gone: set[int] = set()
    for (act, what), touched in counts.work.items():
        if what is None:  # an access without records
            continue
        meant = counts.meanings[what]
        records = {one for one in touched.records if one is not None}
        if act != WRITES:
            kinds.update(dict.fromkeys(records, meant.kind))
            for name in meant.fields:
                if name not in NOT_FIELDS:
                    fields.setdefault(f"{meant.kind}.{name}", set()).update(records)
            continue
        if meant.replaced:
            altered |= records
        if "deleted" in meant.fields:
            gone |= records
    return kinds, fields, altered, gone


def own_files(house: House, end: int) -> dict[int, int]:
    """Files whose person had linked the own account before an instant: file → account."""
    rows = house.store.database.execute(
        "SELECT account, file, body FROM link WHERE own AND at < ? ORDER BY account DESC", (end,)
    )
    return {number(file): _account(house, account, file, body) for account, file, body in rows}


def _account(house: House, account: bytes, file: bytes, body: bytes) -> int:
    """The number of a link's account, read once."""
    known = house.own_accounts.get(account)
    if known is None:
        plain = house.store.open_body(body, account + file)
        link = msgspec.msgpack.decode(plain, type=LinkRow)
        known = number(house.store.subject_tag(link.account))
        house.own_accounts[account] = known
    return known


def held_persons(house: House, end: int, establishment: bytes | None) -> int:
    """Persons held by an instant: a file and its person's own account are one person."""
    if establishment is not None:
        return house.index.held(end, house.store.subject_tag(establishment))
    return house.index.held(end, None) - house.store.own_links(end)


def gaps_within(house: House, start: int, end: int) -> list[Gap]:
    """Stretches of a window for which the ledger that came back has no records."""
    found = []
    for seq, body in house.index.recoveries():
        row = told(house, seq, body, {})
        [item] = row.items
        facts = dict(zip(item.fields, item.after, strict=True))
        since = int(facts.get("possible_since", b"0") or b"0")
        if since < end and row.at > start:
            found.append(Gap(seq, since, row.at))
    return found


def _alarms(house: House, wanted: PerimeterAsk, chosen: dict[str, bytes]) -> list[Alarm]:
    return [
        Alarm(seq, row.at, name)
        for seq, body in house.index.alarms_within(wanted.start, wanted.end, chosen)
        for row in [told(house, seq, body, {})]
        for item in row.items
        for name in item.fields
    ]


def _instant(house: House, seq: int | None) -> int:
    return 0 if seq is None else house.index.instant(seq)


def digest_of_leaves(seqs: array[int]) -> bytes:
    """SHA-256 over the numbers of the leaves, eight bytes each, big-endian, rising."""
    numbers = seqs[:]
    if byteorder == "little":
        numbers.byteswap()
    return hashlib.sha256(numbers.tobytes()).digest()

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
from bisect import bisect_left
from dataclasses import dataclass
from operator import itemgetter
from sys import byteorder

import msgspec

from serment.keeper.house import NOBODY, AskUnusable, House
from serment.keeper.measured import Alarm, Gap, Measured
from serment.keeper.recorder import Access
from serment.keeper.store import LinkRow
from serment.keeper.telling import WIDENED_SECONDS, allowed_establishment, selectors, told
from serment.keeper.touches import SHEETS, WRITES, What, number
from serment.keeper.wire import Body, PerimeterAsk, Request
from serment.keeper.words import KIND_QUERY, LEASE_SECONDS, NOT_FIELDS


@dataclass(frozen=True, slots=True)
class Counts:
    """What the touches of a selection say, before anything is known of persons."""

    seqs: list[int]
    opened: set[tuple[int | None, int | None, int | None]]
    earlier: set[tuple[int | None, int | None, int | None]]
    written: set[tuple[int | None, int | None, int | None]]
    opened_first: int | None
    opened_last: int | None
    bounds: tuple[int, int]
    forgotten: int
    meanings: dict[int, What]
    on_sheets: set[int | None]
    seen: set[int | None]
    """Subjects opened otherwise than onto a sheet; left out where nobody is on one."""


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
        rows = [] if wanted.recipient else _rows(database, begin, end, chosen)
        (forgotten,) = database.execute(
            "SELECT count(*) FROM disclosure WHERE kind = 'forgotten' AND seq >= ? AND seq < ?",
            (start, end),
        ).fetchone()
        meanings = house.recorder.whats.read(database.execute("SELECT number, body FROM what"))
        return _sorted_out(rows, start, (start, end), forgotten, meanings)
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


def _rows(
    database: sqlite3.Connection, begin: int, end: int, chosen: dict[str, bytes]
) -> list[tuple[int, int, int | None, int | None, int | None]]:
    """(seq, act, subject, record, what) of the selection, in order."""
    where = "".join(f" AND {column} = ?" for column in chosen)
    return database.execute(
        f"SELECT seq, act, subject, record, what FROM touch WHERE seq >= ? AND seq < ?{where}"
        " ORDER BY seq",
        (begin, end, *map(number, chosen.values())),
    ).fetchall()


_TOUCHED = itemgetter(2, 3, 4)


def _sorted_out(
    rows: list[tuple[int, int, int | None, int | None, int | None]],
    start: int,
    bounds: tuple[int, int],
    forgotten: int,
    meanings: dict[int, What],
) -> Counts:
    middle = bisect_left(rows, start, key=itemgetter(0))
    inside = rows[middle:]
    combined = set(map(itemgetter(1, 2, 3, 4), inside))
    opened = [row for row in combined if row[0] != WRITES]
    first = next((row[0] for row in inside if row[1] != WRITES), None)
    last = next((row[0] for row in reversed(inside) if row[1] != WRITES), None)
    return Counts(
        list(dict.fromkeys(map(itemgetter(0), rows))),
        {row[1:] for row in opened},
        {_TOUCHED(row) for row in rows[:middle] if row[1] != WRITES},
        {row[1:] for row in combined if row[0] == WRITES},
        first, last, bounds, forgotten, meanings, *_by_sheet(opened),
    )  # fmt: skip


def _by_sheet(
    opened: list[tuple[int, int | None, int | None, int | None]],
) -> tuple[set[int | None], set[int | None]]:
    """Subjects on continuity sheets, and, where there are any, those opened otherwise."""
    on_sheets = {row[1] for row in opened if row[0] == SHEETS}
    return on_sheets, {row[1] for row in opened if row[0] != SHEETS} if on_sheets else set()


def _measured(
    house: House, wanted: PerimeterAsk, establishment: bytes | None, chosen: dict[str, bytes],
    counts: Counts,
) -> Measured:  # fmt: skip
    same = own_files(house, wanted.end)
    persons, staff = _persons(counts, counts.opened, same)
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
        reachable=len(_same(counts.on_sheets, same) - _same(counts.seen, same)),
    )


def _same(subjects: set[int | None], same: dict[int, int]) -> set[int]:
    return {same.get(one, one) for one in subjects if one is not None}


def _persons(
    counts: Counts,
    touched: set[tuple[int | None, int | None, int | None]],
    same: dict[int, int],
) -> tuple[set[int], set[int]]:
    """Distinct persons, and members of staff apart from them."""
    staff_work = {one for one, what in counts.meanings.items() if what.subject_kind == "staff"}
    persons: set[int] = set()
    staff: set[int] = set()
    for subject, _record, what in touched:
        if subject is not None:
            (staff if what in staff_work else persons).add(subject)
    return {same.get(one, one) for one in persons}, staff


def _records(
    counts: Counts,
) -> tuple[dict[int, str], dict[str, set[int]], set[int], set[int]]:
    """Kind of each record opened, records of each field, records written over, records deleted."""
    kinds: dict[int, str] = {}
    fields: dict[str, set[int]] = {}
    names = {
        one: [f"{what.kind}.{name}" for name in what.fields if name not in NOT_FIELDS]
        for one, what in counts.meanings.items()
    }
    for _subject, record, what in counts.opened:
        if record is not None and what is not None:
            kinds[record] = counts.meanings[what].kind
            for name in names[what]:
                fields.setdefault(name, set()).add(record)
    meant = [
        (record, counts.meanings[what])
        for _subject, record, what in counts.written
        if record is not None and what is not None
    ]
    altered = {record for record, what in meant if what.replaced}
    gone = {record for record, what in meant if "deleted" in what.fields}
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


def digest_of_leaves(seqs: list[int]) -> bytes:
    """SHA-256 over the numbers of the leaves, eight bytes each, big-endian, rising."""
    numbers = array("Q", seqs)
    if byteorder == "little":
        numbers.byteswap()
    return hashlib.sha256(numbers.tobytes()).digest()

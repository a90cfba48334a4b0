"""op ``measure``: a perimeter's figures, counted beside the care that goes on.

Counted over the index (``counting``) in a thread with a connection of its own, so that a question
over ten million accesses stops nobody. The asking is recorded first; by then every leaf whose
instant is before it lies in the index.
"""

from __future__ import annotations

import asyncio

import msgspec

from serment.keeper.counts import Asked, Counts, count
from serment.keeper.house import NOBODY, AskUnusable, House
from serment.keeper.leaves import Access
from serment.keeper.measured import Alarm, Gap, Measured
from serment.keeper.policy.officers_reading import officer_reads
from serment.keeper.store import LinkRow
from serment.keeper.telling import WIDENED_SECONDS, allowed_establishment, selectors, told
from serment.keeper.touches import number
from serment.keeper.wire import Body, PerimeterAsk, Request
from serment.keeper.words import KIND_QUERY, LEASE_SECONDS


async def measure(house: House, ask: Request, peer: int) -> Body:
    """op ``measure``: persons, records and fields of a selection, and how sure each is."""
    wanted = msgspec.msgpack.decode(ask.body, type=PerimeterAsk)
    if wanted.end <= wanted.start:
        raise AskUnusable
    establishment = allowed_establishment(house, ask, peer, wanted.establishment)
    chosen = selectors(house, wanted, establishment)
    asked = Access(None, establishment or NOBODY, [], KIND_QUERY)
    await house.recorder.record(ask, peer, [asked, *officer_reads(house, ask)])
    index, beside = house.index, asked_of(house, wanted, chosen)
    index.readers += 1
    try:
        counts = await asyncio.to_thread(counted, house, beside)
    finally:
        index.readers -= 1
    return measured(house, wanted, establishment, chosen, counts)


def asked_of(house: House, wanted: PerimeterAsk, chosen: dict[str, bytes]) -> Asked:
    """A question as the counting thread takes it."""
    erased = {number(tag) for tag, _body in house.store.erasures()}
    same = own_files(house, wanted.end)
    return Asked(wanted.start, wanted.end, chosen, same, erased)


def counted(house: House, asked: Asked) -> Counts:
    """In its own thread: no object of the keeper but the index's file and closed bodies."""
    database = house.index.reader()
    try:
        return count(database, house.recorder.leaves.whats, asked)
    finally:
        database.close()


def measured(
    house: House, wanted: PerimeterAsk, establishment: bytes | None, chosen: dict[str, bytes],
    counts: Counts,
) -> Measured:  # fmt: skip
    """The answer: what was counted, and what else the keeper knows of the window."""
    records = counts.records
    return Measured(
        persons=counts.persons,
        staff=counts.staff,
        appointments=records.appointments,
        records=records.opened,
        fields=records.fields,
        possible=counts.possible,
        held=held_persons(house, wanted.end, establishment),
        erased=counts.erased,
        altered=records.altered,
        unaltered=records.unaltered,
        unavailable=records.gone,
        first=_instant(house, counts.opened_first),
        last=_instant(house, counts.opened_last),
        leaves=counts.leaves.count,
        leaves_digest=counts.leaves.digest(),
        first_leaf=counts.bounds[0],
        last_leaf=counts.bounds[1] - 1,
        forgotten=counts.forgotten,
        lease=LEASE_SECONDS,
        widened=WIDENED_SECONDS,
        isolated=house.isolated,
        gaps=gaps_within(house, wanted.start - WIDENED_SECONDS * 1_000_000, wanted.end),
        alarms=_alarms(house, wanted, chosen),
        checkpoint=house.signed(),
        reachable=counts.reachable,
    )


def own_files(house: House, end: int) -> dict[int, int]:
    """Files whose person had linked the own account before an instant: file → account; and files
    that were joined by then: file → who stands for them."""
    rows = house.store.database.execute(
        "SELECT account, file, body FROM link WHERE own AND at < ? ORDER BY account DESC", (end,)
    )
    same = {number(file): _account(house, account, file, body) for account, file, body in rows}
    tag = house.store.subject_tag
    for file, person in house.joined.persons(end).items():
        same[number(tag(file))] = number(tag(person))
    return same


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
    joined = house.joined.fewer(end, establishment)
    if establishment is not None:
        return house.index.held(end, house.store.subject_tag(establishment)) - joined
    return house.index.held(end, None) - house.store.own_links(end) - joined


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

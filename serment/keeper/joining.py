"""Acts of the identity watch: two files joined or parted, told apart, found alike, found marked.

It is refused where two accounts are people's own: one of the two may be somebody else's. Of one
account that reads one of the two, a join makes no more than it was. Each act is a leaf of each
file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Final

import msgspec

from serment.keeper.house import NOBODY, AskUnusable, House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.policy.admitting import admit
from serment.keeper.reading import accesses_of, must_have_purpose
from serment.keeper.resemblance import pairs, reasons
from serment.keeper.rights import Reach, check, staff_of
from serment.keeper.store import RecordRow
from serment.keeper.wire import Body, Bytes16, Ids, Item, Nothing, Request, Word
from serment.keeper.words import KIND_SEARCH, KIND_WRITE

JOINERS: Final = frozenset({"practitioner"})
"""Who joins and parts; whoever works at the desk says that two are two."""

PAIRS_MAX: Final = 50
FOUND_MAX: Final = 200
AT_ONCE: Final = 500
"""Pairs looked at before others get their turn."""

ACT: Final = {"join": "joined", "part": "parted", "apart": "told_apart"}


class JoinAsk(Body):
    """ops ``join`` and ``tell_apart``: what is done with two; ``file`` is the one that goes."""

    file: Bytes16
    other: Bytes16
    act: Word


class MarkAsk(Body):
    """op ``marked``: files whose identity carries this mark."""

    mark: Word


class HoldersAsk(Body):
    """op ``holders``: one file of the own establishment, or two that may be one person."""

    files: Annotated[list[Bytes16], msgspec.Meta(min_length=1, max_length=2)]


class Holders(Body):
    """Answer of ``holders``: how many read each file as its person's own, how many of them sign in
    as that person (the others act for somebody made up), and whether every one of them reaches all
    of these files, and what is joined to them."""

    accounts: list[int]
    all_reached: bool
    people: list[int] = []


class Alike(Body):
    """Two files that may be one person, and why."""

    one: bytes
    other: bytes
    reasons: list[str]


class AlikePairs(Body):
    """Answer of ``alike``: ``more`` says that there are others."""

    pairs: Annotated[list[Alike], msgspec.Meta(max_length=PAIRS_MAX)]
    more: bool = False


async def join(house: House, ask: Request, peer: int) -> Body:
    """ops ``join`` (join or part) and ``tell_apart``, which is another role's right: recorded, also
    where it already is so; but nothing is recorded as parted that was not joined."""
    must_have_purpose(ask)
    wanted = msgspec.msgpack.decode(ask.body, type=JoinAsk)
    if wanted.act not in ACT or (wanted.act == "apart") is not (ask.op == "tell_apart"):
        raise AskUnusable
    rows = _both(house, ask, peer, wanted)
    if wanted.act == "part" and _is_parted(house, wanted):
        return Nothing()
    counted, alarms = await admit(house, ask, peer, rows)
    done = [(row, Item(row.record, row.kind, [ACT[wanted.act]])) for row in rows]
    await house.recorder.record(
        ask, peer, [*accesses_of(house, done, KIND_WRITE, counted), *alarms]
    )
    _both(house, ask, peer, wanted)  # another may have joined them meanwhile
    with house.store.transaction():
        if wanted.act == "apart":
            house.joined.tell_apart(wanted.file, wanted.other)
        elif wanted.act == "part":
            house.joined.part(wanted.file, wanted.other, house.now())
        elif not house.joined.holds(wanted.file, wanted.other):
            house.joined.join(wanted.file, wanted.other, house.now())
    return Nothing()


def _both(house: House, ask: Request, peer: int, wanted: JoinAsk) -> list[RecordRow]:
    """Their rows, where this may be done. Raises NoAccess, AskUnusable."""
    capability = staff_of(house, ask, peer)
    if wanted.act != "apart" and capability.role not in JOINERS:
        raise NoAccess
    reach, found = Reach(house, ask, capability), []
    for file in (wanted.file, wanted.other):
        row = house.store.record(file)
        if row is None or row.kind != "patient" or row.subject != file or not reach.opens(row):
            raise NoAccess
        found.append(row)
    if wanted.act != "apart":
        _must_be_open(house, found)
    if wanted.act == "join":
        _must_join(house, wanted)
    elif wanted.act == "part" and not _are_of_one(house, wanted):
        raise NoAccess
    return found


def _are_of_one(house: House, wanted: JoinAsk) -> bool:
    """Is neither of the two joined to a third?"""
    two = {wanted.file, wanted.other}
    return {house.joined.kept(file) for file in two} <= two


def _is_parted(house: House, wanted: JoinAsk) -> bool:
    """Is there nothing to part? Whichever was joined to the other, they may be named in any order;
    of what is not joined no record says that it was parted."""
    one, other = wanted.file, wanted.other
    return not (house.joined.holds(one, other) or house.joined.holds(other, one))


def _must_be_open(house: House, rows: list[RecordRow]) -> None:
    """NoAccess where one is erased or frozen: parted, the other would no longer be."""
    now = house.now()
    closed = any(house.standing.subject_frozen(row, now) for row in rows)
    if closed or house.store.any_erased(row.subject for row in rows):
        raise NoAccess


def _must_join(house: House, wanted: JoinAsk) -> None:
    """AskUnusable where they cannot be one file."""
    joined = house.joined
    if joined.holds(wanted.file, wanted.other):
        return
    elsewhere = joined.kept(wanted.file) != wanted.file or joined.kept(wanted.other) != wanted.other
    if wanted.file == wanted.other or elsewhere or joined.has_others(wanted.file):
        raise AskUnusable
    owners = joined.accounts(wanted.file) | joined.accounts(wanted.other)
    if len(owners) > 1 or owners & _acting(house, wanted):
        raise AskUnusable


def _acting(house: House, wanted: JoinAsk) -> set[bytes]:
    """Accounts that act, or acted, for whom one of the files is: nobody acts for themself."""
    files = house.joined.all_of(wanted.file) | house.joined.all_of(wanted.other)
    links = (link for file in files for link in house.store.links(file=file))
    return {link.account for link in links if link.relation != "self"}


async def alike(house: House, ask: Request, peer: int) -> Body:
    """op ``alike``: pairs of files of the own establishment that may be one person. Recorded for
    each file shown; no field of them is opened, so nothing counts."""
    must_have_purpose(ask)
    tenant = staff_of(house, ask, peer).establishment or NOBODY
    found = await _pairs(house, tenant)
    found.sort(key=lambda pair: (-len(pair.reasons), pair.one, pair.other))
    shown = found[:PAIRS_MAX]
    await _list(
        house, ask, peer, tenant, (file for pair in shown for file in (pair.one, pair.other))
    )
    return AlikePairs(shown, len(found) > len(shown))


async def _pairs(house: House, tenant: bytes) -> list[Alike]:
    found: dict[tuple[bytes, bytes], Alike | None] = {}
    for number, pair in enumerate(pairs(house.search.groups(tenant, "patient"))):
        if number % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
        if pair not in found:
            why = reasons(house.search.tokens, *pair)
            proposed = bool(why) and _may_be_proposed(house, pair)
            found[pair] = Alike(*pair, why) if proposed else None
    return [alike for alike in found.values() if alike is not None]


def _may_be_proposed(house: House, pair: tuple[bytes, bytes]) -> bool:
    """Both are there, neither is joined or frozen, and nobody said that they are two."""
    now = house.now()
    rows = [house.store.record(file) for file in pair]
    if any(row is None or house.standing.subject_frozen(row, now) for row in rows):
        return False
    alone = all(house.joined.kept(file) == file for file in pair)
    return alone and not house.joined.are_apart(*pair)


async def marked(house: House, ask: Request, peer: int) -> Body:
    """op ``marked``: files of the own establishment whose identity carries a mark."""
    must_have_purpose(ask)
    wanted = msgspec.msgpack.decode(ask.body, type=MarkAsk)
    tenant = staff_of(house, ask, peer).establishment or NOBODY
    now = house.now()
    files = [
        file
        for file in house.search.carrying(tenant, "patient", wanted.mark)
        if (row := house.store.record(file)) and not house.standing.subject_frozen(row, now)
    ][:FOUND_MAX]
    await _list(house, ask, peer, tenant, files)
    return Ids(files)


async def holders(house: House, ask: Request, peer: int) -> Body:
    """op ``holders``: does somebody sign in for these files? Nobody is named; recorded for each."""
    must_have_purpose(ask)
    wanted = msgspec.msgpack.decode(ask.body, type=HoldersAsk)
    capability = staff_of(house, ask, peer)
    reach = Reach(house, ask, capability)
    rows = [house.store.record(file) for file in wanted.files]
    if not all(row and row.kind == "patient" and reach.opens(row) for row in rows):
        raise NoAccess
    await _list(house, ask, peer, capability.establishment or NOBODY, wanted.files)
    joined = house.joined
    owners = [joined.accounts(file) for file in wanted.files]
    people = [sum(not _is_made_up(house, one) for one in some) for some in owners]
    return Holders([len(some) for some in owners], joined.are_reached(wanted.files), people)


def _is_made_up(house: House, account: bytes) -> bool:
    row = house.store.record(account)
    return row is not None and row.kind == "dependant"


async def _list(
    house: House, ask: Request, peer: int, tenant: bytes, files: Iterable[bytes]
) -> None:
    rows = [row for file in dict.fromkeys(files) if (row := house.store.record(file)) is not None]
    listed = accesses_of(
        house, [(row, Item(row.record, row.kind, ["listed"])) for row in rows], KIND_SEARCH
    )
    await house.recorder.record(ask, peer, listed or [Access(None, tenant, [], KIND_SEARCH)])
    check(house, ask, peer)


Act = Callable[[House, Request, int], Awaitable[Body]]
ACTS: Final[dict[str, Act]] = {
    "join": join,
    "tell_apart": join,
    "alike": alike,
    "marked": marked,
    "holders": holders,
}

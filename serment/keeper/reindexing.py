"""op ``reindex``: the disclosure index made anew from the ledger, while care goes on or stopped.

A second file is filled beside the index; when it has caught up it takes the index's place in one
rename, between two answers. The ledger is the truth. A crash before the rename leaves the former
index, one after it the new one; an index that promised more than the ledger holds stops the act.
"""

from __future__ import annotations

import asyncio
import sqlite3
from itertools import islice
from pathlib import Path
from typing import Final

from serment.keeper.house import NOBODY, House, enter
from serment.keeper.index import Index
from serment.keeper.leaves import Access
from serment.keeper.unlocking import KeyPlaces
from serment.keeper.wire import Body, Item, Request
from serment.keeper.words import KIND_QUERY
from serment.ledger.segment import Segment, SegmentShorter, read

NAME: Final = "index.sqlite"
FRESH: Final = "index.new.sqlite"
ASIDE: Final = "index.sqlite.replaced"
GROUP: Final = 100
"""Leaves read between two looks at who else waits: some ten milliseconds."""
READERS_WAIT_SECONDS: Final = 0.02


class Reindexed(Body):
    """op ``reindex``'s answer: leaves indexed."""

    leaves: int


async def reindex(house: House, ask: Request, peer: int) -> Body:
    """op ``reindex``: by the keeper's own system user; recorded, and answered when it stands."""
    told = Access(None, NOBODY, [Item(bytes(16), "index", ["rebuilt"])], KIND_QUERY)
    await house.recorder.record(ask, peer, [told])
    async with house.tending:  # nobody is forgotten meanwhile
        return Reindexed(await rebuild(house))


async def rebuild(house: House) -> int:
    """Fill a second index from the ledger and put it in the first one's place; its leaves."""
    former, folder = house.index, house.folder
    _remove(folder / FRESH)
    fresh = Index(folder / FRESH)
    former.followed = []
    try:
        frames = islice(read(house.segment.path), former.size)
        while group := [house.recorder.leaves.replay(frame) for frame in islice(frames, GROUP)]:
            fresh.add(group)
            await asyncio.sleep(0)
        while former.readers:
            await asyncio.sleep(READERS_WAIT_SECONDS)
        fresh.add(former.followed)
    except BaseException:
        fresh.close()
        _remove(folder / FRESH)
        raise
    finally:
        former.followed = None
    if fresh.size != former.size:
        fresh.close()
        raise SegmentShorter(f"The index knew {former.size} records, the ledger {fresh.size}.")
    fresh.close()
    former.close()
    (folder / FRESH).replace(folder / NAME)
    house.index = Index(folder / NAME)
    house.recorder.tell(house.index)
    return house.index.size


def rebuild_stopped(folder: Path, places: KeyPlaces) -> int:
    """The same for a keeper that does not run; its leaves.

    Raises SegmentDamaged where one runs, SegmentShorter where the ledger lost what the index knew.
    """
    segment = Segment(folder / "segment.log")
    size = segment.size
    segment.close()
    promised = _promised(folder / NAME)
    if size < promised:
        raise SegmentShorter
    for side in ("", "-wal", "-shm"):
        if (folder / f"{NAME}{side}").exists():
            (folder / f"{NAME}{side}").replace(folder / f"{ASIDE}{side}")
    try:
        house = enter(folder, places=places)
    except BaseException:
        _remove(folder / NAME)
        for side in ("", "-wal", "-shm"):
            if (folder / f"{ASIDE}{side}").exists():
                (folder / f"{ASIDE}{side}").replace(folder / f"{NAME}{side}")
        raise
    house.index.close()
    house.segment.close()
    _remove(folder / ASIDE)
    return size


def _promised(path: Path) -> int:
    """How many leaves the index knew; 0 where it cannot be read, which is why one is made anew."""
    if not path.exists():
        return 0
    try:
        with sqlite3.connect(path) as database:
            (last,) = database.execute("SELECT max(seq) FROM disclosure").fetchone()
        database.close()
    except sqlite3.DatabaseError:
        return 0
    return 0 if last is None else int(last) + 1


def _remove(path: Path) -> None:
    for side in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{side}").unlink(missing_ok=True)

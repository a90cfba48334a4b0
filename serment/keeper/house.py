"""All the keeper holds, opened together: root key, store, ledger, index, search."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from serment.errors import Refused
from serment.keeper.aliases import AliasCount
from serment.keeper.index import Index
from serment.keeper.keys import Box, KeyRing, derive, load_root
from serment.keeper.recorder import KeeperClock, Recorder
from serment.keeper.search import SearchIndex, tokens_of
from serment.keeper.store import Store
from serment.ledger.segment import Segment, read

NOBODY: Final = bytes(16)
"""The tenant of accounts: no establishment, the operator keeps them."""

REPLAY_GROUP: Final = 1_000


class NoAccess(Refused):
    """Not there, not yours, or not now: the three look alike."""


class SessionOver(Refused):
    """This session has ended. Please sign in again."""


class AskUnusable(Refused):
    """The keeper cannot use what it was asked."""


@dataclass(slots=True)
class House:
    """One keeper's state. Everything in it belongs to the event loop's thread."""

    store: Store
    keys: KeyRing
    search: SearchIndex
    index: Index
    segment: Segment
    recorder: Recorder
    folder: Path
    drill: bool
    isolated: bool = False
    capabilities: dict[bytes, object] = field(default_factory=dict)
    aliases: AliasCount = field(default_factory=AliasCount)

    @property
    def origin(self) -> str:
        """Name of the log; a throw-away instance never passes for a real one."""
        return "serment/drill" if self.drill else "serment"

    def now(self) -> int:
        """The keeper's instant (µs)."""
        return self.recorder.clock.now()


def enter(
    folder: Path, *, drill: bool = False, on_fatal: Callable[[], None] | None = None
) -> House:
    """Open a keeper's folder, making a new one at the first start; replay what the index lacks.

    Raises SegmentDamaged or SegmentShorter for a ledger that is not the one last closed, and
    RootKeyUnusable where a store exists without its key.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    root = load_root(folder / "root.key", may_create=not (folder / "store.sqlite").exists())
    store = Store(folder / "store.sqlite", root)
    keys = KeyRing(root, store)
    segment = Segment(folder / "segment.log")
    index = Index(folder / "index.sqlite")
    segment.must_hold(index.size)
    recorder = Recorder(
        segment, index, store, keys, Box(derive(root, "index")), on_fatal or _end_process,
        KeeperClock(last=index.latest()),
    )  # fmt: skip
    _replay(recorder)
    search = SearchIndex()
    for name, row in store.searchable():
        search.put(row.record, name, (row.tenant, row.kind), tokens_of(row.search, row.text))
    for newcomer in store.newcomers():
        search.newcomer(newcomer.record, newcomer.at)
    store.drop_expired(recorder.clock.now())
    return House(store, keys, search, index, segment, recorder, folder, drill)


def _replay(recorder: Recorder) -> None:
    """Bring the index up to the segment."""
    done = recorder.index.size
    if done == recorder.segment.size:
        return
    rows = [recorder.replay(frame) for frame in read(recorder.segment.path) if frame.seq >= done]
    for place in range(0, len(rows), REPLAY_GROUP):
        recorder.index.add(rows[place : place + REPLAY_GROUP])
    recorder.clock.last = recorder.index.latest()


def _end_process() -> None:
    """A failed sync: nothing more can be promised, so nothing more is answered."""
    os._exit(74)

"""Every access becomes a durable leaf before anything leaves: released ⊆ durable.

``record`` returns only after one write and one sync that carried its leaves, and what its act put
into the store was synced before them. While a sync runs in its own thread, the next group gathers:
group commit without timers. The index is told behind the sync and writes beside the answers. An
error of any of them ends the process through ``on_fatal``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec

from serment.keeper.index import Index, IndexRow
from serment.keeper.index_writer import BEHIND_MAX
from serment.keeper.keeper_clock import KeeperClock
from serment.keeper.keys import AUDIT, Box, KeyRing
from serment.keeper.leaves import Access, Leaf, Leaves
from serment.keeper.store import Store
from serment.keeper.wire import Request
from serment.ledger.segment import Segment

QUICK_SECONDS: Final = 0.001
"""A disk that syncs within it is waited for in the loop's thread."""


class Waiting(msgspec.Struct):
    """Leaves of one request, and who waits for them."""

    leaves: list[Leaf]
    done: asyncio.Future[int]


@dataclass(slots=True)
class Recorder:
    """Groups leaves, makes them durable, tells the index."""

    segment: Segment
    index: Index
    store: Store
    keys: KeyRing
    box: Box
    on_fatal: Callable[[], None]
    clock: KeeperClock = field(default_factory=KeeperClock)
    unpublished: list[bytes] | None = None
    """Durable leaves that wait to be made public; None where nothing is published."""
    leaves: Leaves = field(init=False)
    _waiting: list[Waiting] = field(default_factory=list)
    _alone: bool = False
    _busy: bool = False
    _draining: asyncio.Task[None] | None = None
    _sync_seconds: float = QUICK_SECONDS
    """How long a sync took of late."""
    _disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "ledger"))

    def __post_init__(self) -> None:
        self.leaves = Leaves(self.store, self.keys, self.box, self.clock)
        self.tell(self.index)

    def tell(self, index: Index) -> None:
        """From now on this index is told what is recorded."""
        self.index = index
        index.writer.on_fatal = self.on_fatal

    async def record(self, ask: Request, peer: int, accesses: Sequence[Access]) -> int:
        """Make the accesses durable, one leaf each; the sequence number of the first."""
        return await self.write(self.prepare(ask, peer, accesses))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Rows of the store and the leaves prepared among them: both, or neither.

        Keys made meanwhile are forgotten with the rows where the block fails. ``write`` comes
        directly behind the block.
        """
        try:
            with self.store.gathered():
                yield
        except BaseException:
            self.keys.forget_fresh()
            raise
        self.keys.keep_fresh()

    def prepare(self, ask: Request, peer: int, accesses: Sequence[Access]) -> list[Leaf]:
        """The leaves of these accesses; LeafTooLarge before anything is stored or queued."""
        return self.leaves.of(ask, peer, accesses)

    def prepare_opening(self, ask: Request, peer: int, accesses: Sequence[Access]) -> list[Leaf]:
        """The same of an act that stores nothing itself: where each subject has its audit key
        already, nothing is written to the store at all."""
        tag, box = self.store.subject_tag, self.keys.box
        if all(box(tag(one.subject or one.tenant), AUDIT, None) for one in accesses):
            return self.prepare(ask, peer, accesses)
        with self.together():
            return self.prepare(ask, peer, accesses)

    def close(self) -> None:
        """End the thread that syncs."""
        self._disk.shutdown()

    async def write(self, leaves: list[Leaf]) -> int:
        """Make prepared leaves durable; the sequence number of the first."""
        loop = asyncio.get_running_loop()
        waiting = Waiting(leaves, loop.create_future())
        self._waiting.append(waiting)
        if not self._busy:
            # All who ask within this turn of the loop are one group.
            self._busy = True
            loop.call_soon(self._record_waiting)
        return await waiting.done

    def _record_waiting(self) -> None:
        """One group, here or in a thread.

        Here where the disk is quick, or where request after request comes alone: a thread would
        make no sync shorter, and handing over to one costs more than the loop loses. Whoever comes
        meanwhile would have waited for the end of this sync too.
        """
        before, self._alone = self._alone, len(self._waiting) == 1
        if self._sync_seconds < QUICK_SECONDS or (before and self._alone):
            group, self._waiting = self._waiting, []
            with self._fatal(group):
                self.store.settle()
                self._answer(group, self._append(_records(group)))
            if self.index.writer.behind <= BEHIND_MAX:
                self._busy = False
                return
        self._draining = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        """Group after group, synced in a thread, until nobody waits."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                if self.index.writer.behind > BEHIND_MAX:
                    await asyncio.to_thread(self.index.writer.wait)
                if not self._waiting:
                    return
                group, self._waiting = self._waiting, []
                with self._fatal(group):
                    self.store.settle()
                    append = loop.run_in_executor(self._disk, self._append, _records(group))
                    self._answer(group, await append)
        finally:
            self._busy = False

    @contextmanager
    def _fatal(self, group: list[Waiting]) -> Iterator[None]:
        """A ledger that cannot sync promises nothing; an index with a gap would hide it."""
        try:
            yield
        except Exception as fault:
            self.on_fatal()
            self._busy = False
            for waiting in group + self._waiting:
                if not waiting.done.done():
                    waiting.done.set_exception(fault)
            raise

    def _append(self, records: list[tuple[bytes, bytes]]) -> int:
        """Write and sync: on return they are durable. The number of the first."""
        began = time.perf_counter()
        first = self.segment.append(records)
        self._sync_seconds += (time.perf_counter() - began - self._sync_seconds) / 8
        return first

    def _answer(self, group: list[Waiting], first: int) -> None:
        """Their leaves are durable: tell the index, then whoever waits."""
        rows: list[IndexRow] = []
        for waiting in group:
            for seq, leaf in enumerate(waiting.leaves, first + len(rows)):
                leaf.row.seq = seq
                rows.append(leaf.row)
                if self.unpublished is not None:
                    self.unpublished.append(leaf.leaf)
        self.index.put(rows)
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_result(first)
            first += len(waiting.leaves)


def _records(group: list[Waiting]) -> list[tuple[bytes, bytes]]:
    return [(leaf.leaf, leaf.opening) for waiting in group for leaf in waiting.leaves]

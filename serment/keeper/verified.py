"""How much of the ledger was read and found right, so that a start reads only what came since.

A row of the store, closed under the store's key, keeps the edge of the tree (which is the last
known checkpoint), where in the file it stands, and a digest chained over every leaf and opening.
``segment.marks`` beside the segment, whose digest is in the row, tells where frames begin.

A start reads what lies behind that edge: checksums, order, and each opening against its leaf. It
reads everything before it serves anybody where no edge is known, where the file is not as a clean
stop left it, or where the last whole reading found something else; and soon after, beside the
serving, when the last run was cut short or a day has passed (``whole_is_due``).
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from serment.errors import Broken
from serment.keeper.leaves import Opening
from serment.keeper.store import Store
from serment.ledger import commitment, durable
from serment.ledger.segment import HEAD, MARKED, Beginning, Frame, Segment, SegmentShorter
from serment.ledger.tree import Frontier, leaf_hash

NAME: Final = "segment.log"
MARKS: Final = "segment.marks"
WHOLE_EVERY_US: Final = 86_400_000_000
REMEMBER_EVERY_LEAVES: Final = 100_000
GROUP: Final = 100
PAUSE_SECONDS: Final = 0.002
"""Between two groups of a reading beside the serving: care goes first."""

_NOTHING: Final = bytes(32)


class LedgerAltered(Broken):
    """The access ledger on disk is not the one that was verified here; the keeper refuses it."""


class Edge(msgspec.Struct, array_like=True, frozen=True):
    """What was verified: ``size`` frames, ending at an offset, with their tree and digest.

    ``whole``: when all of it was last read (µs; 0: something was found wrong). ``file``: the file
    as a clean stop left it, empty while a keeper runs.
    """

    size: int
    end: int
    last: bytes
    digest: bytes
    peaks: list[tuple[int, bytes]]
    marks: bytes
    whole: int
    file: list[int]

    @property
    def frontier(self) -> Frontier:
        """The edge of the tree."""
        return Frontier(self.size, list(self.peaks))


@dataclass(slots=True)
class Reading:
    """How far a reading came."""

    size: int = 0
    end: int = len(HEAD)
    last: bytes = _NOTHING
    digest: bytes = _NOTHING
    frontier: Frontier = field(default_factory=Frontier)
    marks: array[int] = field(default_factory=lambda: array("Q"))

    def take(self, end: int, frame: Frame) -> None:
        """The next frame. Raises LedgerAltered where its opening is not its leaf's."""
        if _leaf_of(frame.opening) != frame.leaf:
            raise LedgerAltered
        if frame.seq % MARKED == 0:
            self.marks.append(self.end)
        self.frontier.append(leaf_hash(frame.leaf))
        self.digest = hashlib.sha256(self.digest + frame.leaf + frame.opening).digest()
        self.size, self.end, self.last = frame.seq + 1, end, frame.leaf

    def must_lead_to(self, edge: Edge) -> None:
        """Raises LedgerAltered where, at the edge's size, this reading found anything else."""
        found = (self.end, self.digest, self.frontier.root())
        if found != (edge.end, edge.digest, edge.frontier.root()):
            raise LedgerAltered

    def edge(self, whole: int, file: list[int]) -> Edge:
        """As it is remembered."""
        marks = hashlib.sha256(self.marks.tobytes()).digest()
        return Edge(
            self.size, self.end, self.last, self.digest, list(self.frontier.peaks), marks, whole,
            file,
        )  # fmt: skip


class Verified:
    """One keeper's segment and what is known of it. Belongs to the event loop's thread."""

    def __init__(self, folder: Path, store: Store) -> None:
        """Open the segment and verify what a start has to.

        Raises SegmentDamaged, SegmentShorter and LedgerAltered.
        """
        self._path = folder / NAME
        self._marks = folder / MARKS
        self._store = store
        self._edge = self._known()
        self._reading = self._begun()
        # A stop cancels who waits for a reading, not its thread.
        self._alone = threading.Lock()
        self._over = threading.Event()
        self.began_at = self._reading.size
        """How many leaves this start did not read again."""
        begun = self._reading
        self.segment = Segment(self._path, Beginning(begun.size, begun.end, begun.marks.tobytes()))
        try:
            self._read_on()
        except BaseException:
            self.segment.close()
            raise

    def _known(self) -> Edge | None:
        """The row; None at a first start, and where two persons ordered to go on from less."""
        plain = self._store.ledger_edge()
        if plain is None or self._store.recovery_waits() is not None:
            return None
        return msgspec.msgpack.decode(plain, type=Edge)

    def _begun(self) -> Reading:
        """Where this start may begin to read."""
        edge = self._edge
        if edge is None or not edge.whole or edge.file not in ([], _as_it_lies(self._path)):
            return Reading()
        if self._length() < edge.end:
            return Reading()  # cut: how much is left is told
        try:
            raw = self._marks.read_bytes()[: -(-edge.size // MARKED) * 8]
        except FileNotFoundError:
            return Reading()
        if hashlib.sha256(raw).digest() != edge.marks:
            return Reading()
        return Reading(edge.size, edge.end, edge.last, edge.digest, edge.frontier, array("Q", raw))

    def _length(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _read_on(self) -> None:
        """Read what a start reads; afterwards the row says that a keeper runs."""
        edge, reading = self._edge, self._reading
        if edge is not None and self.segment.size < edge.size:
            raise older(self.segment.size, edge.size)
        whole = reading.size == 0
        for _ in _read(self.segment, reading, edge if whole else None):
            pass
        self._whole = _now() if whole or edge is None else edge.whole
        # A run that was cut short says nothing of what became of the file since.
        self._cut_short = not whole and edge is not None and not edge.file
        self._put(self._edge_now() if whole or edge is None else edge)

    def _edge_now(self) -> Edge:
        return self._reading.edge(self._whole, [])

    def _put(self, edge: Edge, file: list[int] | None = None) -> None:
        self._edge = msgspec.structs.replace(edge, whole=self._whole, file=file or [])
        with self._store.transaction():
            self._store.put_ledger_edge(msgspec.msgpack.encode(self._edge))

    @property
    def edge(self) -> Edge | None:
        """What was verified and remembered; None before anything was."""
        return self._edge

    def waits(self) -> bool:
        """Whether so much was added since that it should be remembered."""
        known = 0 if self._edge is None else self._edge.size
        return self.segment.size - known >= REMEMBER_EVERY_LEAVES

    async def remember(self) -> None:
        """Verify what was added and remember it. Raises LedgerAltered, OSError, sqlite3.Error."""
        if await asyncio.to_thread(self._verify_added, PAUSE_SECONDS):
            self._put(self._edge_now())

    def close(self) -> None:
        """Remember all, and the file as it lies, at a clean stop."""
        self._over.set()
        self._verify_added(0)
        self._put(self._edge_now(), [] if self._cut_short else _as_it_lies(self._path))

    def _verify_added(self, pause: float) -> bool:
        """Whether it came to the end, and its marks are on disk."""
        with self._alone:
            for _ in _read(self.segment, self._reading):
                if pause and self._over.wait(pause):
                    return False
            durable.write(self._marks, self._reading.marks.tobytes(), 0o600)
        return True

    def whole_is_due(self) -> bool:
        """Whether everything should be read again."""
        return self._cut_short or not 0 <= _now() - self._whole < WHOLE_EVERY_US

    async def verify_whole(self) -> int:
        """Read everything again, beside the serving; how many leaves. Raises LedgerAltered and
        SegmentDamaged: the next start then reads everything before it serves."""
        edge, fresh = self._edge, Reading()
        try:
            await asyncio.to_thread(self._read_gently, fresh, edge)
        except Broken:  # what a start shall not pass over
            self._whole = 0
            if edge is not None:
                self._put(edge)
            raise
        self._whole, self._cut_short = _now(), False
        if self._edge is not None:
            self._put(self._edge)
        return fresh.size

    def _read_gently(self, reading: Reading, edge: Edge | None) -> None:
        for _ in _read(self.segment, reading, edge):
            if self._over.wait(PAUSE_SECONDS):
                return


def _read(segment: Segment, reading: Reading, edge: Edge | None = None) -> Iterator[None]:
    """Read on, a turn a group; compare with an edge where the reading passes it."""
    frames = segment.frames(reading.size)
    while group := list(islice(frames, GROUP)):
        for end, frame in group:
            reading.take(end, frame)
            if edge is not None and reading.size == edge.size:
                reading.must_lead_to(edge)
        yield
    if edge is not None and reading.size < edge.size:
        raise SegmentShorter


def older(size: int, known: int) -> SegmentShorter:
    """A ledger from before, and what one may do."""
    return SegmentShorter(
        f"This ledger ({size} records) is older than the one last kept here ({known})."
        " To go on with it all the same: serment restore --recover."
    )


def _leaf_of(packed: bytes) -> bytes:
    """The leaf that an opening's two hashes lead to; nothing where it is none."""
    try:
        opening = msgspec.msgpack.decode(packed, type=Opening)
    except msgspec.MsgspecError:
        return b""
    return commitment.leaf_of(opening.actor_hash, opening.patient_hash)


def _as_it_lies(path: Path) -> list[int]:
    """Which file this is and when it was last written: nobody sets the last of these by a call."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return []
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _now() -> int:
    return time.time_ns() // 1_000

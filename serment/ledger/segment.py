"""One append-only file that is the truth of the access ledger.

Layout: a 16-byte head, then frames of ``length u32 | crc u32 | seq u64 | head_crc u32 | leaf (32) |
opening``, big-endian. ``length`` counts leaf and opening; ``crc`` covers both; ``head_crc`` covers
length, crc and seq, so that a flipped bit in a length is seen as damage and never as a short file.

Durable: what ``append`` returned has been written and synced. A crash leaves whole frames and at
most one incomplete last frame, which the next start cuts off: nobody was answered for it. Any
error while writing or syncing ends the segment's life in this process (``SyncFailed``): after a
failed sync the kernel may call the next one a success (PostgreSQL's "fsyncgate"), so nothing is
tried again. One writer: the file is locked while open.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import zlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serment.errors import Broken

HEAD: Final = b"serment-ledger-1"
LEAF_BYTES: Final = 32
OPENING_BYTES_MAX: Final = 1 << 20
_PREFIX: Final = struct.Struct(">IIQ")
_HEAD_CRC: Final = struct.Struct(">I")
FRAME_HEAD_BYTES: Final = _PREFIX.size + _HEAD_CRC.size
MARKED: Final = 64
"""The offset of each 64th frame is kept in memory: one frame is found by reading at most 64."""


class SegmentDamaged(Broken):
    """The access ledger on disk is damaged; the keeper does not start on it."""


class SegmentShorter(Broken):
    """The access ledger on disk is shorter than the keeper remembers; it does not start on it."""


class SyncFailed(Broken):
    """The access ledger could not be written to disk; nothing was opened."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One record: its place, its public commitment and its sealed opening."""

    seq: int
    leaf: bytes
    opening: bytes


def encode(frame: Frame) -> bytes:
    """The bytes of one frame."""
    if len(frame.leaf) != LEAF_BYTES or len(frame.opening) > OPENING_BYTES_MAX:
        raise ValueError("A leaf has 32 bytes and an opening at most 1 MiB.")
    body = frame.leaf + frame.opening
    prefix = _PREFIX.pack(len(body), zlib.crc32(body), frame.seq)
    return prefix + _HEAD_CRC.pack(zlib.crc32(prefix)) + body


def scan(view: memoryview, at: int = len(HEAD), expected: int = 0) -> Iterator[tuple[int, Frame]]:
    """Whole frames of a segment's bytes, each with the offset behind it; stops at a short tail.

    From the frame ``expected``, which begins at an offset, on. Raises SegmentDamaged for a wrong
    head, checksum or order.
    """
    if bytes(view[: len(HEAD)]) != HEAD[: len(view)]:
        raise SegmentDamaged
    while (found := _frame_at(view, at, expected)) is not None:
        yield found
        at, expected = found[0], expected + 1


def _frame_at(view: memoryview, at: int, expected: int) -> tuple[int, Frame] | None:
    """The frame there, behind the offset at which it ends; None where the bytes end before."""
    if len(view) - at < FRAME_HEAD_BYTES:
        return None
    prefix = bytes(view[at : at + _PREFIX.size])
    length, crc, seq = _PREFIX.unpack(prefix)
    (head_crc,) = _HEAD_CRC.unpack(view[at + _PREFIX.size : at + FRAME_HEAD_BYTES])
    if zlib.crc32(prefix) != head_crc or seq != expected or length < LEAF_BYTES:
        raise SegmentDamaged
    end = at + FRAME_HEAD_BYTES + length
    if end > len(view):
        return None
    body = bytes(view[at + FRAME_HEAD_BYTES : end])
    if zlib.crc32(body) != crc:
        raise SegmentDamaged
    return end, Frame(seq, body[:LEAF_BYTES], body[LEAF_BYTES:])


def read(path: Path) -> Iterator[Frame]:
    """Every whole frame of a segment file, without locking it."""
    with path.open("rb") as file, _mapped(file.fileno()) as data:
        for _end, frame in scan(data):
            yield frame


@dataclass(frozen=True, slots=True)
class Beginning:
    """A beginning of a segment that was read before: its frames, where they end, their marks."""

    size: int = 0
    end: int = len(HEAD)
    marks: bytes = b""


class Segment:
    """The open segment: one writer, appends only."""

    def __init__(self, path: Path, known: Beginning | None = None) -> None:
        """Open or create; cut an incomplete last frame; remember the size.

        What is ``known`` is not read again. Raises SegmentDamaged and SegmentShorter.
        """
        self.path = path
        fresh = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as busy:
            raise SegmentDamaged("Another keeper holds this ledger.") from busy
        known = known or Beginning()
        self.size = known.size
        self._end = known.end
        self._failed = False
        self._marks = array("Q", known.marks)
        try:
            self._recover()
        except BaseException:
            os.close(self._file)
            raise
        if fresh:
            _sync_folder(path.parent)

    def _recover(self) -> None:
        with _mapped(self._file) as data:
            if self.size and len(data) < self._end:
                raise SegmentShorter
            for end, frame in scan(data, self._end, self.size):
                self._mark(frame.seq, self._end)
                self._end, self.size = end, frame.seq + 1
            headless = len(data) < len(HEAD)
        if headless:
            os.pwrite(self._file, HEAD, 0)
        os.ftruncate(self._file, self._end)
        os.fdatasync(self._file)
        os.lseek(self._file, self._end, os.SEEK_SET)

    def must_hold(self, size: int) -> None:
        """Refuse a segment that lost frames somebody was answered for (rollback, cut file)."""
        if self.size < size:
            raise SegmentShorter

    def append(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        """Write (leaf, opening) pairs and sync once; the sequence number of the first.

        On return they are durable. Raises SyncFailed, and from then on always.
        """
        if self._failed:
            raise SyncFailed
        first = self.size
        frames = [
            encode(Frame(first + place, leaf, opening))
            for place, (leaf, opening) in enumerate(records)
        ]
        data = b"".join(frames)
        try:
            self._write(data)
            os.fdatasync(self._file)
        except OSError as fault:
            self._failed = True
            raise SyncFailed from fault
        for place, one in enumerate(frames):
            self._mark(first + place, self._end)
            self._end += len(one)
        self.size = first + len(records)
        return first

    def _mark(self, seq: int, offset: int) -> None:
        if seq % MARKED == 0:
            self._marks.append(offset)

    def frame(self, seq: int) -> Frame | None:
        """One durable frame; None past the end. Raises SegmentDamaged. Any thread may ask."""
        if not 0 <= seq < self.size:
            return None
        number = seq // MARKED
        start = self._marks[number]
        end = self._marks[number + 1] if number + 1 < len(self._marks) else self._end
        data = memoryview(os.pread(self._file, end - start, start))
        at = 0
        for expected in range(number * MARKED, seq + 1):
            found = _frame_at(data, at, expected)
            if found is None:
                raise SegmentDamaged
            at, frame = found
        return frame

    def frames(self, start: int = 0) -> Iterator[tuple[int, Frame]]:
        """Durable frames from a number on, each with the offset behind it, up to the present last.

        Raises SegmentDamaged. Any thread may ask.
        """
        size, number = self.size, start // MARKED
        if start >= size:
            return
        with self.path.open("rb") as file, _mapped(file.fileno()) as data:
            for found in scan(data, self._marks[number], number * MARKED):
                if found[1].seq >= start:
                    yield found
                if found[1].seq + 1 == size:
                    return
        raise SegmentDamaged

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]

    @property
    def length_bytes(self) -> int:
        """Bytes that are durable: what a copy has to take."""
        return self._end

    def close(self) -> None:
        """Let go of the file and its lock; once, for its number is soon somebody else's."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)


@contextmanager
def _mapped(file: int) -> Iterator[memoryview]:
    """A file's bytes without reading it whole into memory."""
    if os.fstat(file).st_size == 0:
        yield memoryview(b"")
        return
    with mmap.mmap(file, 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
        yield view


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

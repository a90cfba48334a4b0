"""The keeper's side of publication: bundles of commitments and signed checkpoints, in a folder.

    bundle/<first leaf, 20 digits>   commitments of 32 bytes, one after the other
    signed                           the newest signed checkpoint
    frontier                         what the keeper needs to go on without reading everything

Order of each publication: bundles, then ``signed``, each durable before the next; ``frontier``
may be behind. A crash between leaves a bundle that no checkpoint covers; the next publication
starts at the same leaf and replaces it. The worker (``tiling``) reads no further than ``signed``.

A log must not sign two histories: a segment that is shorter than what was signed, or leads to
another root, is refused (``LedgerForked``).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from serment.errors import Broken
from serment.ledger import checkpoint, durable
from serment.ledger.checkpoint import Checkpoint
from serment.ledger.note import Signer
from serment.ledger.tree import EMPTY_ROOT, HASH_BYTES, Frontier, leaf_hash

BUNDLE_LEAVES_MAX: Final = 1 << 16
FRONTIER_EVERY_LEAVES: Final = 10_000
SIGNED: Final = "signed"
BUNDLES: Final = "bundle"
_FRONTIER: Final = "frontier"
_HEAD: Final = struct.Struct(">16sQ32s")
_MAGIC: Final = b"serment-frontier"
_PEAK: Final = struct.Struct(">B32s")

LeavesFrom = Callable[[int], Iterator[bytes]]
"""Gives the segment's commitments from an index on."""


class LedgerForked(Broken):
    """The ledger on disk is not the one whose checkpoints were signed; nothing more is signed."""


class LeavesMissing(Broken):
    """Commitments that the worker needs are not in the keeper's public folder; republish them."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A beginning of the tree that somebody else vouches for, with its last leaf."""

    frontier: Frontier = field(default_factory=Frontier)
    last: bytes = b""


class Publisher:
    """Publishes one log. One instance, one thread at a time."""

    def __init__(
        self, folder: Path, signer: Signer, leaves: LeavesFrom, known: Begun | None = None
    ) -> None:
        """Go on where the last run ended; sign the empty tree at the very first start.

        With ``known`` the remembered frontier of this folder is distrusted: the segment is hashed
        from there on, or from its first leaf where less than that was signed.
        Raises LedgerForked, NoteUnusable or SignatureWrong (a key of another log).
        """
        self.folder = folder
        self._signer = signer
        data = _read(folder / SIGNED)
        if data is None:
            self.signed = Checkpoint(signer.verifier.name, 0, EMPTY_ROOT)
            self._frontier, self._last = Frontier(), bytes(HASH_BYTES)
            self._sign()
        else:
            self.signed = checkpoint.open_signed(data, [signer.verifier]).checkpoint
            self._frontier, self._last = self._catch_up(leaves, known)
        self._drop_unsigned()
        self._unsigned_left = False
        self._saved_at = -1
        self._save_frontier()

    def publish(self, entries: Sequence[bytes]) -> Checkpoint:
        """Make the next commitments public; the checkpoint that covers them.

        ``entries`` begin at ``signed.size``. On return bundle and checkpoint are durable. Raises
        OSError; nothing half-written is ever visible, and the same call may be made again.
        """
        if not entries:
            return self.signed
        if any(len(entry) != HASH_BYTES for entry in entries):
            raise ValueError("A commitment has 32 bytes.")
        if self._unsigned_left:
            self._drop_unsigned()
        self._unsigned_left = True
        self._write_bundles(self.signed.size, iter(entries))
        grown = self._frontier.copy()
        grown.extend(map(leaf_hash, entries))
        former, self.signed = self.signed, Checkpoint(self.signed.origin, grown.size, grown.root())
        try:
            self._sign()
        except OSError:
            self.signed = former
            raise
        self._unsigned_left = False
        self._frontier, self._last = grown, entries[-1]
        if grown.size - self._saved_at >= FRONTIER_EVERY_LEAVES:
            self._save_frontier()
        return self.signed

    def republish(self, leaves: LeavesFrom, first: int = 0) -> None:
        """Write the bundles from a leaf on again, for a worker that lost its tiles."""
        self._write_bundles(first, islice(leaves(first), self.signed.size - first))

    def discard(self, tiled: int) -> None:
        """Drop bundles whose leaves are all in tiles that are durable (``tiling.built``)."""
        starts = bundle_starts(self.folder)
        for start, after in zip(starts, [*starts, self.signed.size][1:], strict=True):
            if after <= min(tiled, self.signed.size):
                durable.remove(bundle_path(self.folder, start))

    def close(self) -> None:
        """Remember the frontier, so that the next start reads nothing twice."""
        self._save_frontier()

    def _write_bundles(self, first: int, entries: Iterator[bytes]) -> None:
        while part := list(islice(entries, BUNDLE_LEAVES_MAX)):
            durable.write(bundle_path(self.folder, first), b"".join(part))
            first += len(part)

    def _drop_unsigned(self) -> None:
        """Bundles of a publication that did not come to its checkpoint."""
        for start in bundle_starts(self.folder):
            if start >= self.signed.size:
                durable.remove(bundle_path(self.folder, start))

    def _sign(self) -> None:
        durable.write(self.folder / SIGNED, checkpoint.sign(self.signed, self._signer))

    def _catch_up(self, leaves: LeavesFrom, known: Begun | None) -> tuple[Frontier, bytes]:
        """The frontier at the signed size, with its last leaf."""
        if known is None:
            frontier, last = self._remembered()
        elif known.frontier.size <= self.signed.size:
            frontier, last = known.frontier.copy(), known.last
        else:
            frontier, last = Frontier(), b""
        start = max(frontier.size - 1, 0)
        for entry in islice(leaves(start), self.signed.size - start):
            if start < frontier.size:
                if entry != last:
                    raise LedgerForked
                start += 1
                continue
            frontier.append(leaf_hash(entry))
            last = entry
            start += 1
        if start != self.signed.size or frontier.root() != self.signed.root:
            raise LedgerForked
        return frontier, last

    def _remembered(self) -> tuple[Frontier, bytes]:
        """The frontier of an earlier publication; empty where it is unusable."""
        data = _read(self.folder / _FRONTIER) or b""
        if len(data) < _HEAD.size or (len(data) - _HEAD.size) % _PEAK.size:
            return Frontier(), b""
        magic, size, last = _HEAD.unpack(data[: _HEAD.size])
        found = Frontier()
        try:
            for height, peak in _PEAK.iter_unpack(data[_HEAD.size :]):
                found.append(peak, height)
        except ValueError:
            return Frontier(), b""
        if magic != _MAGIC or found.size != size or size > self.signed.size:
            return Frontier(), b""
        return found, last

    def _save_frontier(self) -> None:
        frontier = self._frontier
        peaks = b"".join(_PEAK.pack(height, peak) for height, peak in frontier.peaks)
        head = _HEAD.pack(_MAGIC, frontier.size, self._last or bytes(HASH_BYTES))
        durable.write(self.folder / _FRONTIER, head + peaks)
        self._saved_at = frontier.size


def bundle_path(folder: Path, first: int) -> Path:
    """Where the bundle that begins at a leaf lies."""
    return folder / BUNDLES / f"{first:020d}"


def bundle_starts(folder: Path) -> list[int]:
    """First leaves of the bundles that are there, ascending."""
    if not (folder / BUNDLES).is_dir():
        return []
    return sorted(int(path.name) for path in (folder / BUNDLES).iterdir() if path.name.isdecimal())


def published_leaves(folder: Path, first: int, end: int) -> Iterator[bytes]:
    """Commitments ``first`` to ``end`` from the bundles. Raises LeavesMissing where one lacks."""
    starts = [start for start in bundle_starts(folder) if start < end]
    at = first
    for place, start in enumerate(starts):
        after = starts[place + 1] if place + 1 < len(starts) else end
        if after <= at:
            continue
        if start > at:
            raise LeavesMissing
        data = _read(bundle_path(folder, start)) or b""
        stop = min(after, end)
        if len(data) < (stop - start) * HASH_BYTES:
            raise LeavesMissing
        for leaf in range(at - start, stop - start):
            yield data[leaf * HASH_BYTES : (leaf + 1) * HASH_BYTES]
        at = stop
    if at < end:
        raise LeavesMissing


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None

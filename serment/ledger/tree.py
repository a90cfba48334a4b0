"""The Merkle tree of RFC 6962: hashes, roots at any size, proofs and their verification.

Pure arithmetic on 32-byte hashes; no file, no clock. A *height* counts from the leaves (0); the
perfect subtree ``(height, index)`` covers leaves ``index << height`` to ``(index + 1) << height``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from serment.errors import Broken

HASH_BYTES: Final = 32
SIZE_MAX: Final = 2**63 - 1
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
PROOF_HASHES_MAX: Final = 63

ReadHash = Callable[[int, int], bytes]
"""Gives the hash of the perfect subtree ``(height, index)``."""

_sha256 = hashlib.sha256


class ProofWrong(Broken):
    """A proof of the access ledger does not hold."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry (RFC 6962, section 2.1)."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two neighbouring subtrees."""
    return _sha256(b"\x01" + left + right).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Hashes of many entries, in order."""
    sha256 = _sha256
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def parents(hashes: Sequence[bytes]) -> list[bytes]:
    """The level above; an odd last hash has no parent yet and is left out."""
    sha256 = _sha256
    pairs = zip(hashes[::2], hashes[1::2], strict=False)
    return [sha256(b"\x01" + left + right).digest() for left, right in pairs]


@dataclass(slots=True)
class Frontier:
    """A tree that only grows: the roots of its largest perfect subtrees, left to right."""

    size: int = 0
    peaks: list[tuple[int, bytes]] = field(default_factory=list)

    def append(self, subtree: bytes, height: int = 0) -> None:
        """Add one leaf hash, or a perfect subtree that fits at this place.

        Raises ValueError where the place does not admit a subtree of that height.
        """
        if self.size & ((1 << height) - 1):
            raise ValueError("A subtree of this height does not fit here.")
        self.size += 1 << height
        peaks = self.peaks
        while peaks and peaks[-1][0] == height:
            subtree = _sha256(b"\x01" + peaks.pop()[1] + subtree).digest()
            height += 1
        peaks.append((height, subtree))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """Root hash at the present size."""
        if not self.peaks:
            return EMPTY_ROOT
        found = self.peaks[-1][1]
        for _height, peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found

    def copy(self) -> Frontier:
        """The same tree, free to grow elsewhere."""
        return Frontier(self.size, list(self.peaks))

    @classmethod
    def of(cls, size: int, read: ReadHash) -> Frontier:
        """The frontier at a size, from stored subtree hashes."""
        found = cls()
        for height in reversed(range(size.bit_length())):
            if size >> height & 1:
                found.append(read(height, found.size >> height), height)
        return found


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Root of a list of leaf hashes."""
    frontier = Frontier()
    frontier.extend(hashes)
    return frontier.root()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Root of a power of two of hashes, level by level: the fast way through a full tile."""
    level = list(hashes)
    while len(level) > 1:
        level = parents(level)
    return level[0]


def _split(size: int) -> int:
    """Largest power of two below a size of at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def range_hash(start: int, end: int, read: ReadHash) -> bytes:
    """Hash of leaves ``start`` to ``end`` (not included), as RFC 6962 splits them."""
    size = end - start
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return read(height, start >> height)
    middle = start + _split(size)
    return node_hash(range_hash(start, middle, read), range_hash(middle, end, read))


def root_at(size: int, read: ReadHash) -> bytes:
    """Root of the first ``size`` leaves."""
    return range_hash(0, size, read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: ReadHash) -> list[bytes]:
    """Audit path of a leaf, the leaf's sibling first (RFC 6962, section 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError("The tree has no such leaf.")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_hash(middle, end, read))
            end = middle
        else:
            proof.append(range_hash(start, middle, read))
            start = middle
    proof.reverse()
    return proof


def consistency_proof(old: int, new: int, read: ReadHash) -> list[bytes]:
    """Proof that the tree of ``old`` leaves is a beginning of the tree of ``new`` (2.1.2)."""
    if not 0 <= old <= new:
        raise ValueError("A tree does not shrink.")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end, whole = 0, new, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_hash(middle, end, read))
            end = middle
        else:
            proof.append(range_hash(start, middle, read))
            start, whole = middle, False
    if not whole:
        proof.append(range_hash(start, end, read))
    proof.reverse()
    return proof


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check an audit path (RFC 9162, section 2.1.3.2). Raises ProofWrong."""
    if not 0 <= index < size:
        raise ProofWrong
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofWrong
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            if not place & 1:
                while not place & 1 and place:
                    place >>= 1
                    last >>= 1
        else:
            found = node_hash(found, sibling)
        place >>= 1
        last >>= 1
    if last != 0 or found != root:
        raise ProofWrong


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that one tree extends another (RFC 9162, section 2.1.4.2). Raises ProofWrong."""
    if not 0 <= old <= new:
        raise ProofWrong
    for size, root in ((old, old_root), (new, new_root)):
        if size == 0 and root != EMPTY_ROOT:
            raise ProofWrong
    if old in (0, new):
        if proof or (old == new and old_root != new_root):
            raise ProofWrong
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofWrong
    first, second = _climb(old - 1, new - 1, path)
    if first != old_root or second != new_root:
        raise ProofWrong


def _climb(place: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Both roots that a consistency path leads to."""
    while place & 1:
        place >>= 1
        last >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofWrong
        if place & 1 or place == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        place >>= 1
        last >>= 1
    if last != 0:
        raise ProofWrong
    return first, second

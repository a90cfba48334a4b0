"""RFC 6962 written down word for word: slow, recursive, and sharing no line with the product."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from serment.ledger.tree import ReadHash


def entries(count: int, salt: bytes = b"leaf") -> list[bytes]:
    """Entries of 32 bytes, different from each other."""
    return [hashlib.sha256(salt + b"%d" % place).digest() for place in range(count)]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def root(data: Sequence[bytes]) -> bytes:
    """MTH(D[n])."""
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = _split(len(data))
    return _node(root(data[:k]), root(data[k:]))


def path(index: int, data: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(data) <= 1:
        return []
    k = _split(len(data))
    if index < k:
        return [*path(index, data[:k]), root(data[k:])]
    return [*path(index - k, data[k:]), root(data[:k])]


def consistency(old: int, data: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """PROOF(m, D[n]) by way of SUBPROOF."""
    if old == len(data):
        return [] if whole else [root(data)]
    k = _split(len(data))
    if old <= k:
        return [*consistency(old, data[:k], whole), root(data[k:])]
    return [*consistency(old - k, data[k:], False), root(data[:k])]


def root_reached(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Where a path leads, whatever it should lead to."""
    if size == 1:
        return leaf
    k = _split(size)
    if index < k:
        return _node(root_reached(index, k, leaf, proof[:-1]), proof[-1])
    return _node(proof[-1], root_reached(index - k, size - k, leaf, proof[:-1]))


def reader(hashes: Sequence[bytes]) -> ReadHash:
    """Any perfect subtree of a list of leaf hashes."""

    def read(height: int, index: int) -> bytes:
        if height == 0:
            return hashes[index]
        return _node(read(height - 1, 2 * index), read(height - 1, 2 * index + 1))

    return read

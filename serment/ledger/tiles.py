"""The tree as static files, 256 hashes each (c2sp.org/tlog-tiles): names, contents, a reader.

``tile/<L>/<N>[.p/<W>]`` holds hashes, ``tile/entries/<N>[.p/<W>]`` the entries themselves: each a
big-endian uint16 length and that many bytes. Our entries are the 32-byte commitments, so a full
bundle has 8,704 bytes. Level L's tile N covers leaves ``N·256^(L+1)`` to ``(N+1)·256^(L+1)``.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from serment.errors import Broken
from serment.ledger import tree
from serment.ledger.tree import HASH_BYTES

WIDTH: Final = 256
HEIGHT: Final = 8
ENTRY_BYTES: Final = 32
ENTRIES: Final = -1
"""The level under which entry bundles go here; in paths it is written ``entries``."""
_LENGTH: Final = struct.Struct(">H")
FRAMED_BYTES: Final = _LENGTH.size + ENTRY_BYTES
_PREFIX: Final = _LENGTH.pack(ENTRY_BYTES)


class TileMissing(Broken):
    """A part of the published access ledger is missing."""


class TileWrong(Broken):
    """A part of the published access ledger is not what it must be."""


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The name of one tile: level (−1 for entries), index in the level, how many hashes."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies under the log's prefix."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{number_path(self.index)}{partial}"

    @property
    def end(self) -> int:
        """First leaf behind a full tile of this place."""
        return (self.index + 1) << HEIGHT * (max(self.level, 0) + 1)


def number_path(index: int) -> str:
    """Index in groups of three digits, all but the last marked: 1234067 is x001/x234/067."""
    parts = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        parts.append(f"x{index % 1000:03d}")
    return "/".join(reversed(parts))


def levels_of(size: int) -> int:
    """How many levels of tiles a tree has."""
    return (max(size.bit_length() - 1, 0)) // HEIGHT + 1 if size else 0


def tiles_of(size: int, old: int = 0) -> Iterator[Tile]:
    """Every hash tile that a tree has and its beginning of ``old`` leaves has not, bottom up."""
    for level in range(levels_of(size)):
        hashes, had = size >> HEIGHT * level, old >> HEIGHT * level
        if hashes == had:
            continue
        for index in range(had // WIDTH, hashes // WIDTH):
            yield Tile(level, index)
        if hashes % WIDTH:
            yield Tile(level, hashes // WIDTH, hashes % WIDTH)


def bundles_of(size: int, old: int = 0) -> Iterator[Tile]:
    """The entry bundles beside the level-0 tiles."""
    for tile in tiles_of(size, old):
        if tile.level == 0:
            yield Tile(ENTRIES, tile.index, tile.width)


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """An entry bundle. Raises ValueError for an entry that is no commitment."""
    if any(len(entry) != ENTRY_BYTES for entry in entries):
        raise ValueError("An entry of the ledger has 32 bytes.")
    return b"".join([_PREFIX + entry for entry in entries])


def decode_entries(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle that must hold ``width`` of them. Raises TileWrong."""
    if len(data) != width * FRAMED_BYTES:
        raise TileWrong
    found = []
    for at in range(0, len(data), FRAMED_BYTES):
        if data[at : at + 2] != _PREFIX:
            raise TileWrong
        found.append(data[at + 2 : at + FRAMED_BYTES])
    return found


def decode_hashes(data: bytes, width: int) -> list[bytes]:
    """The hashes of a tile that must hold ``width`` of them. Raises TileWrong."""
    if len(data) != width * HASH_BYTES:
        raise TileWrong
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def beginning(full: bytes, tile: Tile) -> bytes:
    """A partial tile, cut from the full one that took its place."""
    each = FRAMED_BYTES if tile.level == ENTRIES else HASH_BYTES
    return full[: each * tile.width]


Fetch = Callable[[Tile], bytes]
"""Gives a tile's bytes, or raises TileMissing."""


class TileReader:
    """Hashes of any perfect subtree of a published tree of a given size.

    Keeps the tiles it used last, with the levels inside them worked out, so that proofs from
    known tiles cost no hashing. Trusts the tiles: compare the root with a checkpoint.
    """

    def __init__(self, size: int, fetch: Fetch, kept_max: int = 1024) -> None:
        self.size = size
        self._fetch = fetch
        self._kept: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()
        self._kept_max = kept_max

    def __call__(self, height: int, index: int) -> bytes:
        """The hash of subtree ``(height, index)``; raises TileMissing or TileWrong."""
        level, inside = divmod(height, HEIGHT)
        tile, place = divmod(index, WIDTH >> inside)
        return self._levels(level, tile)[inside][place]

    def _levels(self, level: int, index: int) -> list[list[bytes]]:
        found = self._kept.get((level, index))
        if found is None:
            width = min(WIDTH, (self.size >> HEIGHT * level) - index * WIDTH)
            found = [decode_hashes(self._fetch(Tile(level, index, width)), width)]
            while len(found[-1]) > 1 and len(found) < HEIGHT:
                found.append(tree.parents(found[-1]))
            self._kept[(level, index)] = found
            if len(self._kept) > self._kept_max:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end((level, index))
        return found

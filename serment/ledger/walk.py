"""One pass over a published ledger's tiles: entries give leaves, leaves tiles, tiles the root."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from serment.errors import Broken
from serment.ledger import tree
from serment.ledger.report import Report
from serment.ledger.source import Source, fetch_tile
from serment.ledger.tiles import (
    ENTRIES,
    HEIGHT,
    WIDTH,
    Tile,
    TileReader,
    TileWrong,
    beginning,
    decode_entries,
    decode_hashes,
    levels_of,
)
from serment.ledger.tree import Frontier

MISSING_MAX: Final = 100_000
"""After so many files that are not there nobody looks for more: whoever made up a checkpoint of a
size like 2⁶⁰ would otherwise be searched for ever. Pruned ones do not count."""


class Walk:
    """One pass over all tiles, bottom up; keeps the hashes of full tiles and the right edge."""

    def __init__(
        self, source: Source, size: int, report: Report, minimum: int, wanted: set[int]
    ) -> None:
        self.segment: Iterator[bytes] | None = None
        self._source = source
        self._size = size
        self._report = report
        self._minimum = minimum
        self._wanted = {one // WIDTH for one in (*wanted, size)}
        self._leaves: dict[int, list[bytes | None]] = {}
        self._levels: list[list[bytes | None]] = [[]]
        self._missing = 0

    def go(self) -> None:
        """Read and compare everything, unless too much of it is missing."""
        above: list[bytes | None] = []
        for index in range((self._size + WIDTH - 1) // WIDTH):
            if self._missing > MISSING_MAX:
                self._report.incomplete("So much is missing that nobody looked for the rest.")
                return
            width = min(WIDTH, self._size - index * WIDTH)
            leaves = self._bottom(index, width)
            if index in self._wanted:
                self._leaves[index] = leaves
            if width == WIDTH:
                above.append(_parent(leaves))
        for level in range(1, levels_of(self._size)):
            self._levels.append(above)
            above = self._level(level, above)

    def root(self, size: int | None = None) -> bytes | None:
        """Root of the first leaves (all by default); None where something needed is missing."""
        size = self._size if size is None else size
        if levels_of(self._size) > len(self._levels):
            return None
        frontier = Frontier()
        for level in reversed(range(levels_of(size))):
            end = size >> HEIGHT * level
            start = end // WIDTH * WIDTH
            if level:
                hashes = self._levels[level][start:end]
            else:
                hashes = self._leaves.get(end // WIDTH, [])[: end - start]
            for one in hashes:
                if one is None:
                    return None
                frontier.append(one, HEIGHT * level)
        return frontier.root() if frontier.size == size else None

    def _bottom(self, index: int, width: int) -> list[bytes | None]:
        """Leaf hashes of one level-0 tile, from the entries where they are there."""
        bundle, hashes = Tile(ENTRIES, index, width), Tile(0, index, width)
        data = self._read(bundle)
        entries: list[bytes] | None = None
        if data is not None:
            try:
                entries = decode_entries(data, width)
            except TileWrong:
                self._report.tampered(f"{bundle.path} is not a bundle of {width} entries.")
        if self.segment is not None:
            self._compare_segment(index, width, entries)
        computed = [None] * width if entries is None else tree.leaf_hashes(entries)
        self._report.entries_checked += 0 if entries is None else width
        return self._tile(hashes, list(computed))

    def _compare_segment(self, index: int, width: int, entries: list[bytes] | None) -> None:
        assert self.segment is not None  # noqa: S101 -- asked by the caller
        try:
            own = list(islice(self.segment, width))
        except Broken:
            self._report.tampered("The keeper's own ledger is damaged.")
            self.segment = None
            return
        if len(own) < width:
            self._report.tampered("The keeper's own ledger is shorter than what was signed.")
            self.segment = None
        elif entries is not None and own != entries:
            self._report.tampered(
                f"Entries from {index * WIDTH} on are not those of the keeper's own ledger."
            )

    def _level(self, level: int, hashes: list[bytes | None]) -> list[bytes | None]:
        """Compare the tiles of one level with the hashes from below; the level above."""
        above: list[bytes | None] = []
        for start in range(0, len(hashes), WIDTH):
            below = hashes[start : start + WIDTH]
            found = self._tile(Tile(level, start // WIDTH, len(below)), below)
            hashes[start : start + WIDTH] = found
            if len(found) == WIDTH:
                above.append(_parent(found))
        return above

    def _tile(self, tile: Tile, computed: list[bytes | None]) -> list[bytes | None]:
        """A tile's hashes: those worked out from below; gaps filled from the tile itself."""
        data = self._read(tile)
        if data is None:
            return computed
        try:
            said = decode_hashes(data, tile.width)
        except TileWrong:
            self._report.tampered(f"{tile.path} is not a tile of {tile.width} hashes.")
            return computed
        self._report.tiles_checked += 1
        if computed != said:
            if any(one not in (None, other) for one, other in zip(computed, said, strict=True)):
                self._report.tampered(f"{tile.path} does not fit what lies below it.")
            return [
                other if one is None else one for one, other in zip(computed, said, strict=True)
            ]
        return computed

    def _read(self, tile: Tile) -> bytes | None:
        """A tile's bytes; None for a missing one, which is told unless it may be pruned."""
        try:
            data = self._source.read(tile.path)
            if data is None and tile.width < WIDTH:
                # A log may drop a partial tile once the full one is there.
                full = self._source.read(Tile(tile.level, tile.index).path)
                data = None if full is None else beginning(full, tile)
        except TileWrong:
            self._report.tampered(f"{tile.path} is far too long.")
            return None
        if data is None:
            if tile.width == WIDTH and tile.end <= self._minimum:
                self._report.pruned_below = max(self._report.pruned_below, tile.end)
            else:
                self._missing += 1
                self._report.incomplete(f"{tile.path} is missing.")
        return data


def _parent(hashes: list[bytes | None]) -> bytes | None:
    """Hash of a full tile, where all of it is known."""
    known = [one for one in hashes if one is not None]
    return tree.perfect_root(known) if len(known) == WIDTH else None


def along_path(source: Source, size: int, index: int, root: bytes) -> None:
    """Check one entry and every tile between it and the root, each whole; for spot checks.

    Raises TileWrong or TileMissing.
    """
    below: bytes | None = None
    for level in range(levels_of(size)):
        place = index >> HEIGHT * level
        hashes = size >> HEIGHT * level
        if place >= hashes:
            break  # the entry lies under a partial tile of the level below
        number, slot = divmod(place, WIDTH)
        width = min(WIDTH, hashes - number * WIDTH)
        found = decode_hashes(fetch_tile(source, Tile(level, number, width)), width)
        if level == 0:
            bundle = fetch_tile(source, Tile(ENTRIES, number, width))
            if tree.leaf_hashes(decode_entries(bundle, width)) != found:
                raise TileWrong
        elif found[slot] != below:
            raise TileWrong
        if width < WIDTH:
            break
        below = tree.perfect_root(found)
    reader = TileReader(size, lambda tile: fetch_tile(source, tile))
    if tree.root_at(size, reader) != root:
        raise TileWrong

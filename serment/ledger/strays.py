"""Files of a ledger's folder that its checkpoint does not ask for: older partial tiles, or others.

An older partial tile must be the beginning of the tile that took its place. Tiles behind the
checkpoint are those of a later one that was not announced yet; they are counted and not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from serment.ledger.source import Source
from serment.ledger.tiles import (
    ENTRIES,
    FRAMED_BYTES,
    HEIGHT,
    WIDTH,
    Tile,
    TileWrong,
    number_path,
)
from serment.ledger.tree import HASH_BYTES

_PATH: Final = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/(?P<number>(?:x\d{3}/)*\d{3})"
    r"(?:\.p/(?P<width>[1-9]\d{0,2}))?",
    re.ASCII,
)


def parse_path(path: str) -> Tile | None:
    """The tile that a path names, None for any other file."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    index = int(found["number"].replace("x", "").replace("/", ""))
    width = int(found["width"] or WIDTH)
    level = ENTRIES if found["level"] == "entries" else int(found["level"])
    whole = number_path(index) == found["number"]
    fits = width < WIDTH if found["width"] else True
    return Tile(level, index, width) if whole and fits else None


def check_strays(source: Source, size: int, tampered: Callable[[str], None]) -> int:
    """Judge every file that the checkpoint does not ask for; how many are behind it."""
    listing = source.listing()
    behind = 0
    for path in listing or ():
        tile = parse_path(path)
        if tile is None:
            tampered(f"{path} is no file of a ledger.")
            continue
        has = (size >> HEIGHT * max(tile.level, 0)) - tile.index * WIDTH
        if has <= 0:
            behind += 1
        elif tile.width != min(has, WIDTH):
            behind += tile.width > has
            _check_beginning(source, tile, Tile(tile.level, tile.index, min(has, WIDTH)), tampered)
    return behind


def _check_beginning(
    source: Source, tile: Tile, asked: Tile, tampered: Callable[[str], None]
) -> None:
    """One of the two must begin as the other does."""
    try:
        own, other = source.read(tile.path), source.read(asked.path)
    except TileWrong:
        own, other = b"", b"wrong"
    each = FRAMED_BYTES if tile.level == ENTRIES else HASH_BYTES
    if own is None or len(own) != each * tile.width:
        tampered(f"{tile.path} does not hold {tile.width} of what it should.")
        return
    if other is None:
        return
    length = each * min(tile.width, asked.width)
    if own[:length] != other[:length]:
        tampered(f"{tile.path} does not fit {asked.path}.")

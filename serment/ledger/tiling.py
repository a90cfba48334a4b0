"""The worker's side of publication: the keeper's bundles become tiles, then a public checkpoint.

Two folders: the keeper's (``publish``), only read, and the site's, which is served as it lies:

    tile/…        the tiles (``tiles``)
    built         the newest signed checkpoint whose tiles are all durable: where to go on
    checkpoint    what readers start from: never ahead of ``built``, with its witnesses' lines

Nothing is written before the bundles were seen to lead to the signed root. A crash leaves tiles
that no checkpoint covers; the next run writes the same bytes again. One writer a site.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from serment.errors import Broken
from serment.ledger import checkpoint, durable, publish, tree
from serment.ledger.checkpoint import Checkpoint, Signed
from serment.ledger.note import Signature, Verifier
from serment.ledger.source import CHECKPOINT, Folder, fetch_tile
from serment.ledger.tiles import (
    ENTRIES,
    WIDTH,
    Tile,
    TileReader,
    TileWrong,
    decode_entries,
    decode_hashes,
    encode_entries,
    levels_of,
    tiles_of,
)
from serment.ledger.tree import Frontier, leaf_hash

BUILT: Final = "built"


class BundlesWrong(Broken):
    """The keeper's commitments do not lead to the checkpoint it signed; nothing was published."""


class Site:
    """One published ledger, as its writer sees it."""

    def __init__(self, folder: Path, log: Verifier) -> None:
        self.folder = folder
        self.log = log

    def built(self) -> Signed | None:
        """The newest checkpoint whose tiles are all durable."""
        return self._signed(BUILT)

    def announced(self) -> Signed | None:
        """The checkpoint that readers get."""
        return self._signed(CHECKPOINT)

    def reader(self, size: int) -> TileReader:
        """Subtree hashes of the tree at a size, for proofs."""
        source = Folder(self.folder)
        return TileReader(size, lambda tile: fetch_tile(source, tile))

    def entry(self, index: int, size: int) -> bytes:
        """One commitment."""
        number, place = divmod(index, WIDTH)
        width = min(WIDTH, size - number * WIDTH)
        data = fetch_tile(Folder(self.folder), Tile(ENTRIES, number, width))
        return decode_entries(data, width)[place]

    def build(self, inbox: Path) -> Signed | None:
        """Bring the tiles up to what the keeper signed; None where it signed nothing yet.

        Idempotent. Raises NoteUnusable or SignatureWrong for a false checkpoint, LeavesMissing,
        BundlesWrong, and TileWrong for a site whose own tiles were altered.
        """
        try:
            data = (inbox / publish.SIGNED).read_bytes()
        except FileNotFoundError:
            return None
        wanted = checkpoint.open_signed(data, [self.log])
        built = self.built()
        old = built.checkpoint.size if built else 0
        new = wanted.checkpoint
        frontier = self._frontier(built.checkpoint if built else None)
        if new.size < old or (new.size == old and frontier.root() != new.root):
            raise BundlesWrong
        if built and new.size == old:
            return built
        self._check(inbox, frontier, new)
        self._write_tiles(publish.published_leaves(inbox, old, new.size), old, new.size)
        durable.write(self.folder / BUILT, data)
        return wanted

    def announce(self, signed: Signed, cosignatures: Sequence[Signature] = ()) -> None:
        """Publish a checkpoint whose tiles are durable, with its witnesses' lines."""
        built, former = self.built(), self.announced()
        size = signed.checkpoint.size
        if built is None or size > built.checkpoint.size:
            raise ValueError("A checkpoint is published after its tiles.")
        if former and former.checkpoint.size > size:
            raise ValueError("A published checkpoint does not go back.")
        base = former.note if former and former.checkpoint == signed.checkpoint else signed.note
        durable.write(self.folder / CHECKPOINT, base.with_lines(cosignatures).encode())
        self._drop_partial(former.checkpoint.size if former else 0, size)

    def _signed(self, name: str) -> Signed | None:
        data = Folder(self.folder).read(name)
        return None if data is None else checkpoint.open_signed(data, [self.log])

    def _frontier(self, built: Checkpoint | None) -> Frontier:
        """Where the tree stands, worked out from the site's own tiles."""
        if built is None:
            return Frontier()
        found = Frontier.of(built.size, self.reader(built.size))
        if found.root() != built.root:
            raise TileWrong
        return found

    @staticmethod
    def _check(inbox: Path, frontier: Frontier, new: Checkpoint) -> None:
        """See that the bundles lead to the signed root, before anything is written."""
        grown = frontier.copy()
        for entry in publish.published_leaves(inbox, frontier.size, new.size):
            grown.append(leaf_hash(entry))
        if grown.root() != new.root:
            raise BundlesWrong

    def _write_tiles(self, entries: Iterable[bytes], old: int, new: int) -> None:
        writer = _Levels(self, old)
        for entry in entries:
            writer.add(entry)
        writer.write_partial(new, old)

    def write(self, tile: Tile, data: bytes) -> None:
        """Put one tile in place, durably; the same bytes twice are written once."""
        if Folder(self.folder).read(tile.path) != data:
            durable.write(self.folder / tile.path, data)

    def _drop_partial(self, old: int, new: int) -> None:
        """Partial tiles go once the full one is there (the specification allows it)."""
        for tile in tiles_of(new, old):
            if tile.width == WIDTH:
                for level in {tile.level, ENTRIES} if tile.level == 0 else {tile.level}:
                    full = self.folder / Tile(level, tile.index).path
                    folder = full.with_name(f"{full.name}.p")
                    if folder.is_dir():
                        for path in folder.iterdir():
                            durable.remove(path)
                        folder.rmdir()

    def prune(self, minimum: int) -> int:
        """Take away full tiles that end at or below a leaf; how many files went.

        Everything at or above ``minimum`` stays provable. Raises ValueError past the checkpoint.
        """
        announced = self.announced()
        if announced is None or minimum > announced.checkpoint.size:
            raise ValueError("Only leaves under a published checkpoint can be pruned.")
        gone = 0
        for hashes in tiles_of(minimum):
            beside = [Tile(ENTRIES, hashes.index)] if hashes.level == 0 else []
            for tile in [hashes, *beside]:
                path = self.folder / tile.path
                if hashes.width == WIDTH and tile.end <= minimum and path.exists():
                    durable.remove(path)
                    gone += 1
        return gone


class _Levels:
    """The unfinished right edge while leaves come in: one list of hashes a level."""

    def __init__(self, site: Site, size: int) -> None:
        self._site = site
        self._open: list[list[bytes]] = [[]]
        self._entries: list[bytes] = []
        self._full: list[int] = [0]
        for level in range(levels_of(size)):
            hashes = size >> 8 * level
            width = hashes % WIDTH
            self._grow(level)
            self._full[level] = hashes // WIDTH
            if width:
                self._open[level] = decode_hashes(self._read(level, width), width)
        if self._open[0]:
            width = len(self._open[0])
            self._entries = decode_entries(self._read(ENTRIES, width), width)

    def _read(self, level: int, width: int) -> bytes:
        index = self._full[max(level, 0)]
        return fetch_tile(Folder(self._site.folder), Tile(level, index, width))

    def _grow(self, level: int) -> None:
        while len(self._open) <= level:
            self._open.append([])
            self._full.append(0)

    def add(self, entry: bytes) -> None:
        """Take one commitment; write every tile that it completes."""
        self._entries.append(entry)
        if len(self._entries) == WIDTH:
            bundle = Tile(ENTRIES, self._full[0])
            self._site.write(bundle, encode_entries(self._entries))
            self._entries = []
        level, added = 0, leaf_hash(entry)
        while True:
            self._grow(level)
            hashes = self._open[level]
            hashes.append(added)
            if len(hashes) < WIDTH:
                return
            self._site.write(Tile(level, self._full[level]), b"".join(hashes))
            added = tree.perfect_root(hashes)
            self._open[level] = []
            self._full[level] += 1
            level += 1

    def write_partial(self, new: int, old: int) -> None:
        """Write the partial tiles on the right edge that changed."""
        for tile in tiles_of(new, old):
            if tile.width < WIDTH:
                self._site.write(tile, b"".join(self._open[tile.level]))
                if tile.level == 0:
                    bundle = Tile(ENTRIES, tile.index, tile.width)
                    self._site.write(bundle, encode_entries(self._entries))

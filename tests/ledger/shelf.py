"""A published ledger in memory, to be altered a hundred thousand times."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from serment.ledger.tiles import TileWrong


class Shelf:
    """A source whose files are a dictionary."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    @classmethod
    def of(cls, folder: Path) -> Shelf:
        """What a folder publishes."""
        names = ["checkpoint", *(p.relative_to(folder) for p in (folder / "tile").rglob("*"))]
        return cls({str(n): (folder / n).read_bytes() for n in names if (folder / n).is_file()})

    def read(self, path: str) -> bytes | None:
        """As a folder does."""
        data = self.files.get(path)
        if data is not None and len(data) > 1 << 17:
            raise TileWrong
        return data

    def listing(self) -> Iterator[str] | None:
        """As a folder does."""
        return iter(sorted(name for name in self.files if name.startswith("tile/")))

    def with_file(self, name: str, data: bytes | None) -> Shelf:
        """The same with one file exchanged or taken away."""
        files = {one: held for one, held in self.files.items() if one != name}
        return Shelf(files if data is None else files | {name: data})

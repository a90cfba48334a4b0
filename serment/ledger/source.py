"""Where a published ledger is read from: a folder, or an address on the web.

Both give files by their path under the log's prefix. Nothing read here is trusted.
"""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from serment.errors import Broken, Unusable
from serment.ledger.tiles import Tile, TileMissing, TileWrong, beginning

FILE_BYTES_MAX: Final = 1 << 17
TIMEOUT_SECONDS: Final = 20
CHECKPOINT: Final = "checkpoint"


class SourceUnusable(Unusable):
    """The published ledger is neither a folder nor an address that starts with https:// or http://."""


class SourceDown(Broken):
    """The published ledger's address does not answer. Please try again later."""


class Source(Protocol):
    """A published ledger."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, None where there is none. Raises SourceDown or TileWrong."""
        ...

    def listing(self) -> Iterator[str] | None:
        """Every file below ``tile/``, or None where files cannot be listed."""
        ...


class Folder:
    """A ledger on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; a file larger than any of a ledger is TileWrong.

        What is no file is not there: a pipe that nobody writes to would be waited for, for ever.
        """
        found = self.folder / path
        try:
            if not found.is_file():
                return None
            with found.open("rb") as file:
                data = file.read(FILE_BYTES_MAX + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        if len(data) > FILE_BYTES_MAX:
            raise TileWrong
        return data

    def listing(self) -> Iterator[str] | None:
        """Every file below ``tile/``; those that a writer has not finished are left out."""
        return self._files()

    def _files(self) -> Iterator[str]:
        for path in sorted((self.folder / "tile").rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(self.folder).as_posix()


class Address:
    """A ledger on the web, read over one connection that is kept open."""

    def __init__(self, prefix: str) -> None:
        try:
            parts = urlsplit(prefix)
            host, port = parts.hostname, parts.port
        except ValueError as wrong:
            raise SourceUnusable from wrong
        if parts.scheme not in ("https", "http") or not host:
            raise SourceUnusable
        self._path = parts.path.rstrip("/")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._line = kind(host, port, timeout=TIMEOUT_SECONDS)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file. Raises SourceDown, also for an answer that points elsewhere."""
        try:
            status, data = self._ask(path)
        except (OSError, HTTPException):
            # A server may close a line that was idle; a fresh one decides.
            self._line.close()
            try:
                status, data = self._ask(path)
            except (OSError, HTTPException) as fault:
                self._line.close()
                raise SourceDown from fault
        if status in (404, 410):
            return None
        if status != 200:
            raise SourceDown(f"The published ledger's address answers with status {status}.")
        if len(data) > FILE_BYTES_MAX:
            raise TileWrong
        return data

    def _ask(self, path: str) -> tuple[int, bytes]:
        headers = {"User-Agent": "serment-ledger", "Accept-Encoding": "identity"}
        self._line.request("GET", f"{self._path}/{path}", headers=headers)
        answer = self._line.getresponse()
        data = answer.read(FILE_BYTES_MAX + 1)
        if not answer.isclosed():
            self._line.close()  # the rest of something too long would stand before the next answer
        return answer.status, data

    def listing(self) -> Iterator[str] | None:
        """The web does not list files."""
        return None


def open_source(where: str) -> Source:
    """A folder or an address, as a person names it. Raises SourceUnusable."""
    if where.startswith(("https://", "http://")):
        return Address(where)
    if not Path(where).is_dir():
        raise SourceUnusable
    return Folder(Path(where))


def fetch_tile(source: Source, tile: Tile) -> bytes:
    """A tile's bytes; a partial one that is gone is cut from the full one that replaced it.

    Raises TileMissing, TileWrong or SourceDown.
    """
    found = source.read(tile.path)
    if found is not None:
        return found
    full = source.read(Tile(tile.level, tile.index).path)
    if full is None:
        raise TileMissing
    return beginning(full, tile)

"""The keeper's continuous key backup: on another disk before anybody is answered.

A folder holds a copy of the store as it once was (``base-N.sqlite``), journals of every row
written since (``journal-N.log`` and higher) to the tables that are kept (``tables``), and the
vault's copy. A journal is synced before the
store commits, so it knows at least every row that somebody was answered for. It may know more:
a row whose act never ended opens nothing.

Frame: ``length u32 | crc u32 | MessagePack [op, table, …]``, big-endian.
"""

from __future__ import annotations

import os
import re
import sqlite3
import struct
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from serment.errors import Broken, Refused, SettingWrong
from serment.keeper.root_key.files import destroy_file, replace_file, sync_folder
from serment.keeper.tables import ENDED, KEPT, SCHEMA

INSTANCE: Final = "instance"
BYTES_MAX: Final = 64 << 20
_HEAD: Final = struct.Struct(">II")
_JOURNAL: Final = re.compile(r"journal-(\d{8})\.log")
_BASE: Final = re.compile(r"base-(\d{8})\.sqlite")
_COLUMN: Final = re.compile(r"[a-z]+")


class KeyBackupAway(SettingWrong):
    """The folder of the key backup is not there, or cannot be written. Is its disk mounted?"""


class KeyBackupOfAnother(SettingWrong):
    """The folder of the key backup belongs to another instance."""


class KeyBackupFailed(Broken):
    """A new key could not be written to the key backup; nothing was opened."""


class KeyBackupUnusable(Refused):
    """This key backup is incomplete or damaged."""


class KeyJournal:
    """The open journal: one writer, appends only, a sync before each answer that needs it."""

    def __init__(self, folder: Path, instance: bytes) -> None:
        """Start the next journal. Raises KeyBackupAway and KeyBackupOfAnother."""
        self.folder = folder
        self._pending: list[bytes] = []
        self._failed = False
        self._synced_at = time.monotonic()
        self._file = -1
        try:
            _claim(folder, instance)
            self.number = max(_numbers(folder, _JOURNAL), default=0)
            self.begin()
        except OSError as fault:
            raise KeyBackupAway from fault

    def begin(self) -> int:
        """A new journal; what lies in the store from now on belongs to a base of its number."""
        self.sync()
        if self._file >= 0:
            os.close(self._file)
        self.number += 1
        path = self.folder / f"journal-{self.number:08}.log"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self.length_bytes = 0
        sync_folder(self.folder)
        self._synced_at = time.monotonic()
        return self.number

    def put(self, table: str, values: Sequence[Any]) -> None:
        """A row was stored."""
        self._pending.append(_frame(["put", table, *values]))

    def drop(self, table: str, where: Mapping[str, Any]) -> None:
        """Rows were deleted."""
        self._pending.append(_frame(["drop", table, *where.keys(), *where.values()]))

    def mark(self) -> int:
        """How much waits for the next sync."""
        return len(self._pending)

    def forget(self, mark: int) -> None:
        """The act since that mark failed."""
        del self._pending[mark:]

    def sync(self) -> None:
        """Make durable what waits. Raises KeyBackupFailed, and from then on always."""
        if self._failed:
            raise KeyBackupFailed
        if not self._pending:
            return
        data = b"".join(self._pending)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]
            os.fdatasync(self._file)
        except OSError as fault:
            self._failed = True
            raise KeyBackupFailed from fault
        self.length_bytes += len(data)
        self._synced_at = time.monotonic()
        self._pending.clear()

    @property
    def idle_seconds(self) -> float:
        """How long nothing was written here; nothing had to be, or the keeper would have ended."""
        return time.monotonic() - self._synced_at

    def close(self) -> None:
        """Let go of the file; once, for its number is soon somebody else's."""
        self.sync()
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)


def copy_base(store: Path, folder: Path, number: int) -> None:
    """Copy the store as it is now, then forget older bases and journals; for a thread.

    The copy reads one state of the store while others write. It holds no deleted rows.
    """
    base = folder / f"base-{number:08}.sqlite"
    part = base.with_suffix(".part")
    destroy_file(part)
    part.touch(mode=0o600)
    reading = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        reading.execute("VACUUM INTO ?", (str(part),))
    finally:
        reading.close()
    handle = os.open(part, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    part.replace(base)
    sync_folder(folder)
    for name, pattern in (("base-{:08}.sqlite", _BASE), ("journal-{:08}.log", _JOURNAL)):
        for older in _numbers(folder, pattern):
            if older < number:
                destroy_file(folder / name.format(older))


def rebuild(folder: Path, store: Path) -> int:
    """Make a store from base and journals; how many rows the journals brought.

    Raises KeyBackupUnusable. An incomplete last frame is where the power went: nobody was
    answered for it. Sessions end: which of them ended since the base, no journal tells.
    """
    numbers = _numbers(folder, _BASE)
    if not numbers:
        raise KeyBackupUnusable("This folder holds no key backup.")
    newest = max(numbers)
    store.unlink(missing_ok=True)
    store.touch(mode=0o600)
    store.write_bytes((folder / f"base-{newest:08}.sqlite").read_bytes())
    database = sqlite3.connect(store, isolation_level=None)
    try:
        database.executescript(SCHEMA)  # a base of before may lack tables that were added since
        database.execute("BEGIN")
        count = 0
        for number in sorted(one for one in _numbers(folder, _JOURNAL) if one >= newest):
            for entry in read(folder / f"journal-{number:08}.log"):
                _apply(database, entry)
                count += 1
        for table in ENDED:
            database.execute(f"DELETE FROM {table}")
        database.execute("COMMIT")
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise KeyBackupUnusable
    except (sqlite3.Error, msgspec.MsgspecError) as fault:
        raise KeyBackupUnusable from fault
    finally:
        database.close()
    return count


def read(path: Path) -> Iterator[list[Any]]:
    """Whole entries of one journal. Raises KeyBackupUnusable for a wrong checksum."""
    data, at = path.read_bytes(), 0
    while len(data) - at >= _HEAD.size:
        length, crc = _HEAD.unpack_from(data, at)
        body = data[at + _HEAD.size : at + _HEAD.size + length]
        if len(body) < length:
            return
        if zlib.crc32(body) != crc:
            raise KeyBackupUnusable
        yield msgspec.msgpack.decode(body, type=list[Any])
        at += _HEAD.size + length


def _apply(database: sqlite3.Connection, entry: list[Any]) -> None:
    op, table, *rest = entry
    if table not in KEPT:
        raise KeyBackupUnusable
    if op == "put":
        marks = ",".join("?" for _ in rest)
        database.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rest)
        return
    half = len(rest) // 2
    columns = [str(one) for one in rest[:half]]
    if op != "drop" or not columns or not all(_COLUMN.fullmatch(one) for one in columns):
        raise KeyBackupUnusable
    wanted = " AND ".join(f"{column} = ?" for column in columns)
    database.execute(f"DELETE FROM {table} WHERE {wanted}", rest[half:])


def _frame(entry: list[Any]) -> bytes:
    body = msgspec.msgpack.encode(entry)
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def _claim(folder: Path, instance: bytes) -> None:
    """The folder is ours, or becomes ours where it was nobody's. It is never made here."""
    if not folder.is_dir():
        raise KeyBackupAway
    folder.chmod(0o700)
    marker = folder / INSTANCE
    if not marker.exists():
        if _numbers(folder, _JOURNAL) or _numbers(folder, _BASE):
            raise KeyBackupOfAnother
        replace_file(marker, instance.hex().encode())
    elif marker.read_text() != instance.hex():
        raise KeyBackupOfAnother


def _numbers(folder: Path, pattern: re.Pattern[str]) -> list[int]:
    return [int(match[1]) for path in folder.iterdir() if (match := pattern.fullmatch(path.name))]

"""Backup: a copy of store, index and segment that belong together; the root key stays behind."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Annotated, Final

import msgspec

from serment.errors import Broken, Refused
from serment.keeper.house import AskUnusable, House
from serment.keeper.root_key.vault import Known
from serment.keeper.tending import remember_size
from serment.keeper.wire import Body, FolderAsk, Request, Text
from serment.ledger.segment import read

FILES: Final = ("store.sqlite", "index.sqlite", "segment.log")
MANIFEST: Final = "keeper.json"


class BackupUnusable(Refused):
    """This backup of the keeper is incomplete or was altered."""


class BackupOlder(Refused):
    """This backup is older than the ledger that was here: a restore would hide accesses.

    Where nothing newer is left, --recover with two names goes on from it and says so in the log.
    """


class Manifest(msgspec.Struct):
    """What a backup holds."""

    origin: str
    size: int
    last_leaf: str
    sha256: dict[str, str]


async def backup(house: House, ask: Request, _peer: int) -> Body:
    """op ``backup``: copy into an empty folder; the store first, so that the segment knows it.

    The root key is not part of a backup: kept beside the copy it would unlock it.
    """
    folder = Path(msgspec.msgpack.decode(ask.body, type=FolderAsk).folder)
    if not folder.is_dir() or any(folder.iterdir()):
        raise AskUnusable  # nothing is ever overwritten, the keeper's own files least of all
    house.store.settle()
    for name, database in (
        ("store.sqlite", house.store.database),
        ("index.sqlite", house.index.database),
    ):
        _copy_database(database, folder / name)
    length = house.segment.length_bytes
    await asyncio.to_thread(_copy_prefix, house.segment.path, folder / "segment.log", length)
    manifest = await asyncio.to_thread(_manifest, folder, house.origin)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    remember_size(house)
    return Text(str(manifest.size))


class MarkAsk(Body):
    """op ``backup_mark``: SHA-256 of the manifest of a whole backup."""

    digest: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


async def backup_mark(house: House, ask: Request, _peer: int) -> Body:
    """op ``backup_mark``: that this instance made this backup, database included.

    Restoring a database runs what its dump says. Whoever may write where backups lie could
    otherwise put another one there, with a manifest that fits.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=MarkAsk)
    return Text(mark_of(house.vault.contents.tags, wanted.digest))


def mark_of(tags: bytes, digest: bytes) -> str:
    """The mark under a key of the vault, which lies in no backup; hexadecimal."""
    return hmac.digest(tags, b"backup manifest\0" + digest, "sha256").hex()


def _copy_database(database: sqlite3.Connection, to: Path) -> None:
    to.unlink(missing_ok=True)
    copy = sqlite3.connect(to)
    try:
        to.chmod(0o600)
        database.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    finally:
        copy.close()


def _copy_prefix(source: Path, to: Path, length: int) -> None:
    with source.open("rb") as file, to.open("wb") as copy:
        to.chmod(0o600)
        while length > 0:
            part = file.read(min(length, 1 << 20))
            if not part:
                raise Broken
            copy.write(part)
            length -= len(part)
        copy.flush()
        os.fsync(copy.fileno())


def _manifest(folder: Path, origin: str) -> Manifest:
    size, last = 0, b""
    for frame in read(folder / "segment.log"):
        size, last = frame.seq + 1, frame.leaf
    return Manifest(origin, size, last.hex(), {name: _digest(folder / name) for name in FILES})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(folder: Path) -> Manifest:
    """Check a backup whole: files, sums, every frame. Raises BackupUnusable."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        found = _manifest(folder, manifest.origin)
    except (OSError, msgspec.MsgspecError, Broken) as fault:
        raise BackupUnusable from fault
    if found != manifest:
        raise BackupUnusable
    return manifest


def must_not_be_older(manifest: Manifest, state: Path, known: Known | None) -> None:
    """Compare a backup with the ledger in place and with the length the vault knows of.

    Raises BackupOlder where records would be missing, or where the two are not one log.
    """
    if known is not None and (known.origin != manifest.origin or known.size > manifest.size):
        raise BackupOlder
    here = state / "segment.log"
    if not here.exists():
        return
    size, same = 0, manifest.size == 0
    for frame in read(here):
        size = frame.seq + 1
        same = same or (size == manifest.size and frame.leaf.hex() == manifest.last_leaf)
    if size > manifest.size or (size == manifest.size and not same):
        raise BackupOlder


def restore(
    folder: Path, state: Path, *, known: Known | None = None, recovering: bool = False
) -> Manifest:
    """Put a verified backup in place of a stopped keeper's files. The root key must be there.

    Raises BackupOlder (``must_not_be_older``), unless the caller orders a recovery, which the log
    will tell of. The files that were there are kept beside as ``*.replaced``.
    """
    manifest = verify(folder)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not recovering:
        must_not_be_older(manifest, state, known)
    for name in FILES:
        for side in ("-wal", "-shm"):
            (state / f"{name}{side}").unlink(missing_ok=True)
        if (state / name).exists():
            (state / name).replace(state / f"{name}.replaced")
        shutil.copyfile(folder / name, state / name)
        (state / name).chmod(0o600)
    return manifest

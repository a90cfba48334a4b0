"""Small secret files: replaced in one step, their old bytes overwritten, their names synced."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Put new bytes in a file's place in one step, and overwrite the old ones where they lay."""
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    old = os.open(path, os.O_WRONLY | os.O_CLOEXEC) if path.exists() else -1
    part.replace(path)
    sync_folder(path.parent)
    if old >= 0:
        overwrite(old)


def make_whole(path: Path, data: bytes) -> None:
    """A new file that is there whole or not at all. Raises FileExistsError."""
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.link(part, path)
    part.unlink()
    sync_folder(path.parent)


def overwrite(handle: int) -> None:
    """Zeros over an unlinked file's bytes, synced. What a disk keeps elsewhere is not reached."""
    try:
        os.pwrite(handle, bytes(os.fstat(handle).st_size), 0)
        os.fsync(handle)
    finally:
        os.close(handle)


def destroy_file(path: Path) -> None:
    """Unlink a file and overwrite what it held; nothing where there is none."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    path.unlink()
    sync_folder(path.parent)
    overwrite(handle)


def sync_folder(folder: Path) -> None:
    """Make a folder's names durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""What a backup holds: every file with its SHA-256."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from pathlib import Path

import msgspec

from serment.errors import Refused, Unusable
from serment.keeper import upkeep

NAME = "manifest.json"
MARK = "manifest.mark"
DUMP = "database.dump"
FORMAT = 1


class NoBackup(Unusable):
    """This folder holds no backup of Serment."""


class BackupUnfinished(NoBackup):
    """This backup was stopped before its end and cannot be restored; take another."""


class BackupDamaged(Refused):
    """This backup is damaged: a file is missing or was changed."""


class BackupNotOurs(Refused):
    """This backup does not carry the mark of this instance's keeper: what it would put into the
    database anybody may have written. For one made before there were marks: --unmarked."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``files`` maps a path inside the backup to its SHA-256 in hexadecimal."""

    format: int
    taken_at: datetime
    postgres_major: int
    size: int
    files: dict[str, str]


def describe(folder: Path, taken_at: datetime, postgres_major: int) -> Manifest:
    """The manifest of what lies in ``folder`` now."""
    files = {str(path.relative_to(folder)): path for path in _files(folder)}
    return Manifest(
        format=FORMAT,
        taken_at=taken_at,
        postgres_major=postgres_major,
        size=sum(path.stat().st_size for path in files.values()),
        files={name: digest(path) for name, path in files.items()},
    )


def write(folder: Path, manifest: Manifest) -> None:
    """Lay the manifest down last: a backup without one is not a backup."""
    (folder / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")


def verified(folder: Path) -> Manifest:
    """The manifest, every file read again. Raises NoBackup and BackupDamaged."""
    try:
        manifest = msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError) as none:
        raise (BackupUnfinished if (folder / DUMP).exists() else NoBackup) from none
    except msgspec.MsgspecError as unreadable:
        raise BackupDamaged from unreadable
    if manifest.format != FORMAT:
        raise NoBackup(f"This backup has format {manifest.format}, which this version cannot read.")
    present = {str(path.relative_to(folder)) for path in _files(folder)}
    for name, wanted in manifest.files.items():
        if name not in present:
            raise BackupDamaged(f"This backup is damaged: {name} is missing.")
        if digest(folder / name) != wanted:
            raise BackupDamaged(f"This backup is damaged: {name} was changed or cut off.")
    return manifest


def must_be_marked(folder: Path, tags: bytes) -> None:
    """Did this instance's keeper see this very manifest? Raises BackupNotOurs."""
    try:
        said = (folder / MARK).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as none:
        raise BackupNotOurs from none
    wanted = upkeep.mark_of(tags, bytes.fromhex(digest(folder / NAME)))
    if not hmac.compare_digest(said, wanted):
        raise BackupNotOurs


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    beside = (folder / NAME, folder / MARK)
    return sorted(path for path in folder.rglob("*") if path.is_file() and path not in beside)

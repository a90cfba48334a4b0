"""Takes a backup. The database goes first, so that every key it needs is in the keeper's copy.

The keeper's root key is no part of it: beside the copy it would unlock it. It is kept apart.
Rows are put in order before they are copied (docs/decisions/0004); large tables keep last night's.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from serment import clock
from serment.config import keeper_probe
from serment.config.backup import cluster, manifest
from serment.config.database import binaries
from serment.config.database.row_order import RowOrder
from serment.config.database.upkeep import owner
from serment.config.environment import Environment
from serment.errors import Unusable
from serment.keeper import upkeep


class FolderInUse(Unusable):
    """The folder for the backup is not empty; name a new one."""


class FolderInside(Unusable):
    """The folder lies inside the state folder and would be lost with it; name one elsewhere."""


class NothingThere(Unusable):
    """There is no instance to back up in this state folder."""


def take(env: Environment, folder: Path) -> manifest.Manifest:
    """Back up a running or stopped instance into a new folder, and read everything back.

    A backup that fails or is stopped leaves nothing behind in the folder.
    Raises FolderInUse, FolderInside, NothingThere, Broken.
    """
    folder = folder.absolute()
    if folder.exists() and any(folder.iterdir()):
        raise FolderInUse
    if folder.resolve().is_relative_to(env.state.resolve()):
        raise FolderInside
    keeper = env.state / "keeper"
    if not keeper.exists() or not (env.state / "postgres").exists():
        raise NothingThere
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    try:
        _dump(env, folder / manifest.DUMP)
        (folder / "keeper").mkdir(mode=0o700)
        with cluster.keeping(env) as socket:
            asyncio.run(keeper_probe.back_up(socket, folder / "keeper"))
            upkeep.verify(folder / "keeper")
            manifest.write(folder, manifest.describe(folder, clock.now(), binaries.find().major))
            _mark(socket, folder)
        return manifest.verified(folder)
    except BaseException:  # Ctrl-C too: half a backup must not lie there like a whole one
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _mark(socket: Path, folder: Path) -> None:
    """Have the keeper mark the whole: a restore asks whether this instance made it."""
    digest = bytes.fromhex(manifest.digest(folder / manifest.NAME))
    mark = asyncio.run(keeper_probe.backup_mark(socket, digest))
    (folder / manifest.MARK).write_text(f"{mark}\n", "ascii")


def _dump(env: Environment, file: Path) -> None:
    with cluster.answering(env):
        with owner(env) as connection:
            RowOrder().restore(connection, clock.now())
        cluster.run(
            env, "pg_dump", "--format=custom", "--file", file, "--dbname", env.database_name
        )
    file.chmod(0o600)
    cluster.run(env, "pg_restore", "--list", file)

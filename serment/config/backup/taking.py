"""Takes a backup. The database goes first, so that every key it needs is in the keeper's copy."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from serment import clock
from serment.config import keeper_probe
from serment.config.backup import cluster, manifest
from serment.config.database import binaries
from serment.config.doctor import examination
from serment.config.environment import Environment
from serment.config.supervisor.up import alone
from serment.errors import Unusable


class FolderInUse(Unusable):
    """The folder for the backup is not empty; name a new one."""


class NothingThere(Unusable):
    """There is no instance to back up in this state folder."""


def take(env: Environment, folder: Path) -> manifest.Manifest:
    """Back up a running or stopped instance into a new folder, and read everything back.

    Raises FolderInUse, NothingThere, Broken.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FolderInUse
    keeper = env.state / "keeper"
    if not keeper.exists() or not (env.state / "postgres").exists():
        raise NothingThere
    folder = folder.absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _dump(env, folder / "database.dump")
    if examination.running(env.state):
        asyncio.run(keeper_probe.back_up(env.keeper_socket, folder / "keeper"))
    else:
        with alone(env.state):
            shutil.copytree(keeper, folder / "keeper")
    manifest.write(folder, manifest.describe(folder, clock.now(), binaries.find().major))
    return manifest.verified(folder)


def _dump(env: Environment, file: Path) -> None:
    with cluster.answering(env):
        cluster.run(
            env, "pg_dump", "--format=custom", "--file", file, "--dbname", env.database_name
        )
    file.chmod(0o600)
    cluster.run(env, "pg_restore", "--list", file)

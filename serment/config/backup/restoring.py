"""Puts a backup in the place of a stopped instance; what was there is moved aside, not deleted."""

from __future__ import annotations

import shutil
from pathlib import Path

from serment import clock
from serment.config import postgres
from serment.config.backup import cluster, manifest
from serment.config.doctor import examination
from serment.config.environment import Environment
from serment.config.supervisor.up import AlreadyRunning, alone
from serment.errors import Refused, SettingWrong
from serment.keeper import upkeep


class SomethingThere(Refused):
    """This state folder already holds an instance; --force moves it aside and restores."""


class NoRootKey(SettingWrong):
    """The keeper's root key is not here and is in no backup; name its file with --root-key."""


def restore(
    env: Environment, folder: Path, *, force: bool, root_key: Path | None = None
) -> manifest.Manifest:
    """Restore both stores.

    Raises NoBackup, BackupDamaged, AlreadyRunning, SomethingThere, NoRootKey; BackupOlder where
    the ledger in place holds more records than the backup, unless forced.
    """
    told = manifest.verified(folder)
    upkeep.verify(folder / "keeper")
    if examination.running(env.state):
        raise AlreadyRunning
    present = (env.state / "postgres").exists() or (env.state / "keeper" / "segment.log").exists()
    if present and not force:
        raise SomethingThere
    postgres.make_private(env.state)
    with alone(env.state):
        _place_root_key(env.state / "keeper", root_key)
        upkeep.restore(folder / "keeper", env.state / "keeper", accept_older=force)
        if (env.state / "postgres").exists():
            aside = env.state / f"postgres-replaced-{clock.now():%Y%m%dT%H%M%S}"
            (env.state / "postgres").rename(aside)
        with cluster.answering(env):
            cluster.run(
                env, "pg_restore", "--exit-on-error", "--single-transaction",
                "--dbname", env.database_name, folder / "database.dump",
            )  # fmt: skip
    return told


def _place_root_key(keeper: Path, given: Path | None) -> None:
    place = keeper / "root.key"
    if place.exists():
        return
    if given is None or not given.is_file():
        raise NoRootKey
    postgres.make_private(keeper)
    place.touch(mode=0o600)
    shutil.copyfile(given, place)

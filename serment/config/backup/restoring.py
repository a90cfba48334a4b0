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
from serment.errors import Refused

STORES = ("postgres", "keeper")


class SomethingThere(Refused):
    """This state folder already holds an instance; --force moves it aside and restores."""


def restore(env: Environment, folder: Path, *, force: bool) -> manifest.Manifest:
    """Restore both stores. Raises NoBackup, BackupDamaged, AlreadyRunning, SomethingThere."""
    told = manifest.verified(folder)
    if examination.running(env.state):
        raise AlreadyRunning
    present = [env.state / store for store in STORES if (env.state / store).exists()]
    if present and not force:
        raise SomethingThere
    postgres.make_private(env.state)
    with alone(env.state):
        aside = env.state / f"replaced-{clock.now():%Y%m%dT%H%M%S}"
        for store in present:
            aside.mkdir(mode=0o700, exist_ok=True)
            store.rename(aside / store.name)
        _fill(env, folder)
    return told


def _fill(env: Environment, folder: Path) -> None:
    with cluster.answering(env):
        cluster.run(
            env, "pg_restore", "--exit-on-error", "--single-transaction",
            "--dbname", env.database_name, folder / "database.dump",
        )  # fmt: skip
    shutil.copytree(folder / "keeper", env.state / "keeper")
    for path in (env.state / "keeper", *(env.state / "keeper").rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)

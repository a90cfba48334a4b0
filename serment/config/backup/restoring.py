"""Puts a backup in the place of a stopped instance; what was there is moved aside, not deleted.

The backup and the root key are proved before anything is touched. From the first change until the
last a mark lies in the state folder: an interrupted restore is never taken for an instance.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from serment import clock
from serment.config import postgres
from serment.config.backup import cluster, manifest
from serment.config.doctor import examination, instance
from serment.config.environment import Environment
from serment.config.supervisor.up import AlreadyRunning, alone
from serment.errors import Refused, SettingWrong
from serment.keeper import upkeep
from serment.keeper.keys import RootKeyUnusable, load_root
from serment.keeper.store import Store


class SomethingThere(Refused):
    """This state folder already holds an instance; --force moves it aside and restores."""


class NoRootKey(SettingWrong):
    """The keeper's root key is not here and is in no backup; name its file with --root-key."""


class OtherRootKey(SettingWrong):
    """This root key does not open this backup: it belongs to another instance."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and where what stood there before now lies."""

    manifest: manifest.Manifest
    aside: tuple[Path, ...]


def restore(
    env: Environment, folder: Path, *, force: bool, root_key: Path | None = None
) -> Restored:
    """Restore both stores.

    Raises NoBackup, BackupDamaged, AlreadyRunning, SomethingThere, NoRootKey, OtherRootKey with
    nothing changed; BackupOlder where the ledger in place holds more records than the backup,
    unless forced.
    """
    told = manifest.verified(folder)
    upkeep.verify(folder / "keeper")
    if examination.running(env.state):
        raise AlreadyRunning
    half = env.state / instance.HALF_RESTORED
    present = (env.state / "postgres").exists() or (env.state / "keeper" / "segment.log").exists()
    if present and not force and not half.exists():
        raise SomethingThere
    key = _root_key(env.state / "keeper", root_key)
    _must_open(key, folder / "keeper" / "store.sqlite")
    postgres.make_private(env.state)
    with alone(env.state):
        half.touch(mode=0o600)
        aside = [*_place_root_key(env.state / "keeper", key)]
        upkeep.restore(folder / "keeper", env.state / "keeper", accept_older=force)
        aside += _set_aside(env.state / "postgres")
        with cluster.answering(env):
            cluster.run(
                env, "pg_restore", "--exit-on-error", "--single-transaction",
                "--dbname", env.database_name, folder / manifest.DUMP,
            )  # fmt: skip
        half.unlink()
    return Restored(told, (*aside, *sorted((env.state / "keeper").glob("*.replaced"))))


def _root_key(keeper: Path, given: Path | None) -> Path:
    key = given or keeper / "root.key"
    if not key.is_file():
        raise NoRootKey(f"There is no root key at {given}." if given else "")
    return key


def _must_open(key: Path, store: Path) -> None:
    """Whether this key is the one the copy was sealed under; tried on a copy of the copy."""
    with tempfile.TemporaryDirectory(prefix="serment-key-") as name:
        tried = Path(name)
        for source, copy in ((key, tried / "root.key"), (store, tried / "store.sqlite")):
            copy.touch(mode=0o600)
            shutil.copyfile(source, copy)
        try:
            root = load_root(tried / "root.key", may_create=False)
            Store(tried / "store.sqlite", root).database.close()
        except RootKeyUnusable as other:
            raise OtherRootKey from other


def _place_root_key(keeper: Path, key: Path) -> list[Path]:
    """Lay the key where the keeper looks; another one that lay there is kept beside."""
    place = keeper / "root.key"
    data = key.read_bytes()
    aside: list[Path] = []
    if place.exists():
        if place.read_bytes() == data:
            return aside
        aside = _set_aside(place)
    postgres.make_private(keeper)
    place.touch(mode=0o600)
    place.write_bytes(data)
    return aside


def _set_aside(path: Path) -> list[Path]:
    if not path.exists():
        return []
    aside = path.with_name(f"{path.name}-replaced-{clock.now():%Y%m%dT%H%M%S%f}")
    path.rename(aside)
    return [aside]

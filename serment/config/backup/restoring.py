"""Puts a backup in the place of a stopped instance; what was there is moved aside, not deleted.

The backup and the root key are proved before anything is touched. From the first change until the
last a mark lies in the state folder: an interrupted restore is never taken for an instance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from serment.config import postgres
from serment.config.backup import cluster, manifest, restored_keys
from serment.config.backup.restored_keys import NoRootKey, NoVault, OtherRootKey
from serment.config.doctor import examination, instance
from serment.config.environment import TRIAL, Environment
from serment.config.supervisor.up import AlreadyRunning, alone
from serment.errors import Refused
from serment.keeper import key_backup as key_backups
from serment.keeper import recovery, upkeep
from serment.keeper.root_key.source import Ask, asking_terminal

__all__ = ["NoRootKey", "NoVault", "OtherRootKey", "Restored", "SomethingThere", "restore"]


OTHER_PLACE: Final = "A trial and a real instance never take each other's folder; name another one."


class SomethingThere(Refused):
    """This state folder already holds an instance; --force moves it aside and restores."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, where what stood there before now lies, and whether a new origin begins."""

    manifest: manifest.Manifest
    aside: tuple[Path, ...]
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What a restore may be given: key and key backup, and who approves that records are missing.

    ``approved`` empty: an older backup is refused.
    """

    root_key: Path | None = None
    key_backup: Path | None = None
    approved: Sequence[str] = ()
    ask: Ask = asking_terminal
    unmarked: bool = False
    """Whoever made the backup is believed: one from before there were marks."""
    trial: bool = False
    """A copy to try the backup with: beside the living instance, never in its place."""


def restore(
    env: Environment,
    folder: Path,
    *,
    force: bool,
    root_key: Path | None = None,
    given: Given | None = None,
) -> Restored:
    """Restore both stores.

    Raises NoBackup, BackupDamaged, BackupNotOurs, AlreadyRunning, SomethingThere, NoRootKey,
    NoVault, OtherRootKey, ApprovalsMissing, KeyBackupUnusable, and BackupOlder where the ledger
    that was here held more records than the backup and no recovery is ordered, all with nothing
    changed.
    """
    given = given or Given(root_key)
    told = manifest.verified(folder)
    kept = upkeep.verify(folder / "keeper")
    half, keeper = env.state / instance.HALF_RESTORED, env.state / "keeper"
    _must_have_room(env.state, trial=given.trial, force=force or half.exists())
    approved = recovery.must_be_approved(list(given.approved)) if given.approved else []
    proved = restored_keys.prove(
        env, folder / "keeper", given.root_key, given.key_backup, given.ask
    )
    if not given.unmarked:
        manifest.must_be_marked(folder, proved.contents.tags)
    older = not given.trial and _older(kept, keeper, proved, approved)
    if given.trial:
        env = replace(env, keeper_keys=None, key_backup=None, trial=True)
    postgres.make_private(env.state)
    with alone(env.state):
        half.touch(mode=0o600)
        if given.trial:
            (env.state / TRIAL).touch(mode=0o600)
        aside = restored_keys.place(proved, env.keys)
        upkeep.restore(folder / "keeper", keeper, recovering=True)
        if given.key_backup is not None:
            key_backups.rebuild(given.key_backup, keeper / "store.sqlite")
        if older:
            restored_keys.order_recovery(proved, keeper, kept.origin, approved)
        aside += restored_keys.set_aside(env.state / "postgres")
        with cluster.answering(env):
            cluster.run(
                env, "pg_restore", "--exit-on-error", "--single-transaction",
                "--dbname", env.database_name, folder / manifest.DUMP,
            )  # fmt: skip
        half.unlink()
    replaced = sorted(keeper.glob("*.replaced"))
    return Restored(told, (*aside, *replaced), recovered=older)


def _must_have_room(state: Path, *, trial: bool, force: bool) -> None:
    """A stopped instance only where --force moves it; a trial and the living never change places.

    Raises AlreadyRunning, SomethingThere.
    """
    if examination.running(state):
        raise AlreadyRunning
    if not (state / "postgres").exists() and not (state / "keeper" / "segment.log").exists():
        return
    if (state / TRIAL).exists() != trial:
        raise SomethingThere(OTHER_PLACE)
    if not force:
        raise SomethingThere


def _older(
    kept: upkeep.Manifest, keeper: Path, proved: restored_keys.Proved, approved: Sequence[str]
) -> bool:
    """Would records be missing? BackupOlder where nobody approved that."""
    try:
        upkeep.must_not_be_older(kept, keeper, proved.contents.known)
    except upkeep.BackupOlder:
        if not approved:
            raise
        return True
    return False

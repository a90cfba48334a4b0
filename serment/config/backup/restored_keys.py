"""The keys of a backup: found, proved on a copy, laid where the keeper looks.

A root key alone opens nothing: beside it lies the vault with the secrets of the epochs. The vault
of the folder that is restored into is the newest; else the key backup's copy; else the one that
was kept beside the root key.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from serment import clock
from serment.config import postgres
from serment.config.environment import Environment
from serment.errors import SettingWrong
from serment.keeper import key_backup as key_backups
from serment.keeper import recovery
from serment.keeper.keys import KeyRing
from serment.keeper.root_key import vault as vaults
from serment.keeper.root_key.closing import RootKeyUnusable
from serment.keeper.root_key.source import (
    ASKS,
    ROOT_FILE,
    Ask,
    FromFile,
    Surroundings,
    open_source,
)
from serment.keeper.store import Store
from serment.keeper.unlocking import must_be_alive


class NoRootKey(SettingWrong):
    """The keeper's root key is not here and is in no backup; name its file with --root-key."""


class OtherRootKey(SettingWrong):
    """This root key does not open this backup: it belongs to another instance."""


class NoVault(SettingWrong):
    """keys.vault is missing and in no backup: lay it beside the root key, or name --key-backup.

    The root key alone opens only what was made before there were vaults.
    """


@dataclass(frozen=True, slots=True)
class Proved:
    """Keys that open the backup: their files, by the names they are to have, and the contents."""

    files: dict[str, Path]
    contents: vaults.Contents


def prove(
    env: Environment, keeper: Path, root_key: Path | None, key_backup: Path | None, ask: Ask
) -> Proved:
    """Find the keys that open this copy of a keeper.

    Every candidate is tried on a copy of the copy; a key backup's store is tried too. Raises
    NoRootKey, NoVault, OtherRootKey, StoreTooOld, and what a source says that has to be asked.
    """
    if root_key is not None and not root_key.is_file():
        raise NoRootKey(f"There is no root key at {root_key}.")
    candidates = list(_candidates(env, root_key, key_backup))
    if not candidates:
        raise NoRootKey
    fault: RootKeyUnusable | None = None
    for files in candidates:
        try:
            contents = _opened(files, keeper / "store.sqlite", env, ask)
        except RootKeyUnusable as other:
            if _asks(files):  # what was answered, or that nobody answered, is the fault to tell
                raise
            fault = other
            continue
        if key_backup is not None:
            _must_rebuild(key_backup, contents)
        return Proved(files, contents)
    if not any(vaults.NAME in files for files in candidates):
        raise NoVault from fault
    raise OtherRootKey from fault


def _asks(files: dict[str, Path]) -> bool:
    """Does somebody have to answer before these keys open anything?"""
    vault = files.get(vaults.NAME)
    return vault is not None and isinstance(vaults.source_of(vault.parent), ASKS)


def _candidates(
    env: Environment, root_key: Path | None, key_backup: Path | None
) -> Iterator[dict[str, Path]]:
    folders = [env.keys, key_backup, root_key.parent if root_key else None]
    for folder in folders:
        if folder is None or not vaults.exists(folder):
            continue
        files = {vaults.NAME: folder / vaults.NAME}
        source = vaults.source_of(folder)
        if isinstance(source, FromFile):
            key = root_key or env.keys / source.name
            if not key.is_file():
                continue
            files[source.name] = key
        yield files
    key = root_key or env.keys / ROOT_FILE
    if key.is_file():
        yield {ROOT_FILE: key}


def _opened(files: dict[str, Path], store: Path, env: Environment, ask: Ask) -> vaults.Contents:
    with tempfile.TemporaryDirectory(prefix="serment-key-") as name:
        tried = Path(name)
        for copy, source in (*files.items(), ("store.sqlite", store)):
            (tried / copy).touch(mode=0o600)
            shutil.copyfile(source, tried / copy)
        at = Surroundings(tried, env.credentials, ask)
        if not vaults.exists(tried):
            contents = vaults.contents_of_before(open_source(FromFile(), at), 0)
            _store(tried / "store.sqlite", contents).database.close()
            return contents
        vault = vaults.Vault.open(at)
        opened = _store(tried / "store.sqlite", vault.contents)
        try:
            must_be_alive(opened, KeyRing(vault, opened))
        finally:
            opened.database.close()
        return vault.contents


def _store(path: Path, contents: vaults.Contents) -> Store:
    return Store(path, tags=contents.tags, key=contents.store)


def _must_rebuild(key_backup: Path, contents: vaults.Contents) -> None:
    with tempfile.TemporaryDirectory(prefix="serment-key-") as name:
        store = Path(name) / "store.sqlite"
        key_backups.rebuild(key_backup, store)
        try:
            _store(store, contents).database.close()
        except RootKeyUnusable as other:
            raise OtherRootKey from other


def place(proved: Proved, keys: Path) -> list[Path]:
    """Lay the keys where the keeper looks; others that lay there are kept beside."""
    aside: list[Path] = []
    for name, source in proved.files.items():
        there, data = keys / name, source.read_bytes()
        if there.exists() and there.read_bytes() == data:
            continue
        aside += set_aside(there)
        postgres.make_private(keys)
        there.touch(mode=0o600)
        there.write_bytes(data)
    if vaults.NAME not in proved.files:
        aside += set_aside(keys / vaults.NAME)
    return aside


def order_recovery(proved: Proved, keeper: Path, origin: str, approved: list[str]) -> None:
    """Have the next start begin a new origin of the log, which says what is missing."""
    store = _store(keeper / "store.sqlite", proved.contents)
    try:
        recovery.order(
            store, keeper / "segment.log", lost=proved.contents.known, approved=approved,
            drill=origin.endswith("/drill"), at=time.time_ns() // 1_000,
        )  # fmt: skip
    finally:
        store.database.close()


def set_aside(path: Path) -> list[Path]:
    """Move what lies there aside, with the time in its name."""
    if not path.exists():
        return []
    aside = path.with_name(f"{path.name}-replaced-{clock.now():%Y%m%dT%H%M%S%f}")
    path.rename(aside)
    return [aside]

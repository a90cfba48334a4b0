"""What a start does with keys before anything else: vault, store, and what was left half done."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serment.errors import Broken
from serment.keeper.key_backup import KeyJournal
from serment.keeper.keys import AUDIT, Box, KeyGone, KeyRing
from serment.keeper.root_key import vault as vaults
from serment.keeper.root_key.files import destroy_file
from serment.keeper.root_key.source import (
    ROOT_FILE,
    Ask,
    FromFile,
    Surroundings,
    asking_terminal,
    make_file,
    open_source,
)
from serment.keeper.root_key.vault import Contents, Vault
from serment.keeper.store import Store, search_key
from serment.keeper.words import ZONES

MICROSECONDS_A_DAY: Final = 86_400_000_000
_ZONE_OF_SEARCH: Final = {"phone": "contact", "email": "contact"}


class StoreTooOld(Broken):
    """The keys of this store were destroyed on schedule: this backup is past its time."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long what is kept, in days."""

    epoch_days: float = 7
    backup_days: float = 30
    record_days: float = 1_095

    @property
    def epoch(self) -> int:
        """An epoch's length (µs)."""
        return int(self.epoch_days * MICROSECONDS_A_DAY)

    @property
    def backup(self) -> int:
        """How long a backup can be restored (µs)."""
        return int(self.backup_days * MICROSECONDS_A_DAY)

    @property
    def record(self) -> int:
        """How long the record of an erased person's accesses is kept (µs)."""
        return int(self.record_days * MICROSECONDS_A_DAY)


@dataclass(frozen=True, slots=True)
class KeyPlaces:
    """Where keys lie; ``folder`` None: in the keeper's own folder."""

    folder: Path | None = None
    credentials: Path | None = None
    ask: Ask = asking_terminal
    backup: Path | None = None


@dataclass(frozen=True, slots=True)
class Unlocked:
    """Vault, store and keys of one keeper, fitting together."""

    vault: Vault
    store: Store
    keys: KeyRing


def unlock(folder: Path, places: KeyPlaces) -> Unlocked:
    """Open vault and store; a first start makes both.

    Raises RootKeyUnusable, StoreTooOld, and what a missing key backup raises.
    """
    at = Surroundings(places.folder or folder, places.credentials, places.ask)
    database = folder / "store.sqlite"
    if vaults.exists(at.folder):
        vault = Vault.open(at)
        store = _store(database, vault.contents)
    elif database.exists():
        root = open_source(FromFile(), at)
        contents = vaults.contents_of_before(root, _now())
        store = _store(database, contents)
        vault = Vault.make(at.folder, root, FromFile(), contents)
    else:
        vault = new_vault(at)
        store = _store(database, vault.contents)
    if places.backup is not None:
        store.journal = KeyJournal(places.backup, store.tag("instance", b""))
        vault.mirror_to(places.backup)
    keys = KeyRing(vault, store)
    must_be_alive(store, keys)
    rewrap_establishments(store, keys, vault)
    _close_search_rows(store, keys)
    _forget_again(store, vault)
    return Unlocked(vault, store, keys)


def new_vault(at: Surroundings) -> Vault:
    """The vault of a new keeper, whose root key lies in a file."""
    if (at.folder / ROOT_FILE).exists():
        root, source = open_source(FromFile(), at), FromFile()
    else:
        root, source = make_file(at.folder)
    return Vault.make(at.folder, root, source, vaults.fresh_contents(_now()))


def _store(path: Path, contents: Contents) -> Store:
    return Store(path, tags=contents.tags, key=contents.store)


def must_be_alive(store: Store, keys: KeyRing) -> None:
    """A backup past its time opens nothing: better said than found out. Raises StoreTooOld."""
    wrapped = store.establishment_keys()
    if wrapped and not any(_opens(keys, tenant, epoch) for tenant, epoch, _key in wrapped):
        raise StoreTooOld


def _opens(keys: KeyRing, tenant: bytes, epoch: int) -> bool:
    try:
        keys.establishment(tenant, epoch)
    except KeyGone:
        return False
    return True


def rewrap_establishments(store: Store, keys: KeyRing, vault: Vault) -> None:
    """Bring establishment keys under the present root key; they are few.

    Safe to stop anywhere: until the vault forgets the former root key both open them. A store
    from before a change may come back at any start, so every start asks.
    """
    known = vault.contents
    if not (known.rewrap or known.former or known.legacy):
        return
    with store.transaction():
        for tenant, epoch, wrapped in store.establishment_keys():
            with suppress(KeyGone):
                closed = keys.rewrapped(tenant, epoch, wrapped)
                if closed is not None:
                    store.put_establishment_key(tenant, epoch, closed)
    if vault.contents.rewrap:
        for one in vault.contents.former:
            if one.file:
                destroy_file(vault.folder / one.file)
        with vault.changing() as contents:
            contents.rewrap = False
            for one in contents.former:
                one.file = ""


def _close_search_rows(store: Store, keys: KeyRing) -> None:
    """Search rows of a store from before go under their owners' keys."""
    with store.transaction():
        for subject, field, row in store.searchable_of_before():
            zone = _ZONE_OF_SEARCH.get(row.search, "identity")
            key = keys.zone_key(subject, zone, store.subject_tag(row.tenant))
            if key is not None:
                store.put_search(field, row, (subject, zone), Box(search_key(key)))


def _forget_again(store: Store, vault: Vault) -> None:
    """A restored store may hold keys that were destroyed after it was copied: not for long."""
    with store.transaction():
        for gone in vault.contents.forgotten:
            zones = (AUDIT,) if gone.audit else tuple(zone for zone in ZONES if zone != AUDIT)
            if store.drop_subject_keys(gone.subject, zones) or not store.is_erased(gone.subject):
                store.drop_search_of(gone.subject)
                store.put_erasure_body(gone.subject, gone.row)


def _now() -> int:
    return time.time_ns() // 1_000

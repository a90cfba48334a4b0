"""A store from before there were epochs: its first start brings it over, and nothing is lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest
from cryptography.exceptions import InvalidTag

from serment.keeper.keys import Box, derive
from serment.keeper.root_key import vault
from serment.keeper.root_key.closing import RootKeyUnusable
from serment.keeper.root_key.source import FromFile, make_file
from serment.keeper.store import SearchRow
from serment.keeper.unlocking import StoreTooOld
from tests.keeper.tended import HERE, NAME, Kept, copied


def as_it_was(folder: Path) -> list[tuple[bytes, bytes]]:
    """A folder as the first version left it: a root key in a file, every other key from it."""
    folder.mkdir()
    root, _source = make_file(folder)
    vault.Vault.make(folder, root, FromFile(), vault.contents_of_before(root, 1))
    keeper = Kept(folder).open()
    people = [(one, keeper.seal(one) or b"") for one in (os.urandom(16), os.urandom(16))]
    house = keeper.house
    assert house is not None
    store, wrap = house.store, Box(derive(root, "wrap"))
    with store.transaction():
        for tenant, epoch, wrapped in store.establishment_keys():
            place = b"establishment" + tenant
            key = house.vault.wraps(epoch)[0].open(wrapped, place)
            store.put_establishment_key(tenant, epoch, wrap.close(key, place))
        for subject, _sealed in people:
            tag = store.tag("record", subject)
            row = SearchRow(subject, HERE, "patient", "name", NAME)
            body = Box(derive(root, "store")).close(
                msgspec.msgpack.encode(row), tag + b"family_name"
            )
            store.database.execute(
                "UPDATE search SET body = ?, subject = NULL, zone = NULL WHERE record = ?",
                (body, tag),
            )
    keeper.close()
    (folder / vault.NAME).unlink()
    return people


def all_there(keeper: Kept, people: list[tuple[bytes, bytes]]) -> bool:
    assert keeper.house is not None
    found = keeper.house.search.find(HERE, "patient", NAME.lower()).records
    return len(found) == len(people) and all(keeper.opened(*one) == NAME for one in people)


def test_a_store_of_before_is_brought_over_at_its_start(tmp_path: Path) -> None:
    people = as_it_was(tmp_path / "k")
    before = copied(tmp_path / "k", tmp_path / "before")
    keeper = Kept(tmp_path / "k").open()
    assert all_there(keeper, people)
    assert keeper.house is not None
    store = keeper.house.store
    [(rows,)] = store.database.execute("SELECT count(*) FROM search WHERE subject IS NULL")
    assert rows == 0
    root = Box(derive((tmp_path / "k" / "root.key").read_bytes(), "wrap"))
    tenant, _epoch, wrapped = store.establishment_keys()[0]
    with pytest.raises(InvalidTag):
        root.open(wrapped, b"establishment" + tenant)
    keeper.close()
    # A backup of that time is still restored beside the vault of today.
    for path in (tmp_path / "k").glob("*.sqlite*"):
        path.unlink()
    for name in ("store.sqlite", "index.sqlite"):
        shutil.copy(before / name, tmp_path / "k" / name)
    assert all_there(keeper.open(), people)
    keeper.close()


def test_its_root_key_has_to_be_its_own(tmp_path: Path) -> None:
    as_it_was(tmp_path / "k")
    (tmp_path / "k" / "root.key").write_bytes(bytes(32))
    with pytest.raises(RootKeyUnusable):
        Kept(tmp_path / "k").open()
    assert not vault.exists(tmp_path / "k")


def test_a_backup_of_before_ends_with_the_first_epoch_here(tmp_path: Path) -> None:
    as_it_was(tmp_path / "k")
    before = copied(tmp_path / "k", tmp_path / "before")
    keeper = Kept(tmp_path / "k").open()
    for _ in range(6):
        keeper.pass_days(7.5)
        keeper.tend()
    keeper.close()
    shutil.copy(before / "store.sqlite", tmp_path / "k" / "store.sqlite")
    with pytest.raises(StoreTooOld):
        keeper.open()

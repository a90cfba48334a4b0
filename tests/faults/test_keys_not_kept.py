"""A sync of the key backup or of the vault that fails ends the keeper before anybody is answered.

A key that lies on one disk only, or a destroyed one that the other disk still has, is promised to
nobody: the act is refused, its rows are not there, and nothing more is answered.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.keeper.durable import Durable
from serment.keeper.key_backup import rebuild
from serment.keeper.store import LinkRow
from serment.keeper.unlocking import KeyPlaces
from tests.keeper.tended import NAME, Kept, copied

ACCOUNT, FILE, PERSON = b"a" * 16, b"f" * 16, b"p" * 16


class Ended(BaseException):
    """The process would be gone here."""


def _end() -> None:
    raise Ended


def _fails(*_: object) -> None:
    raise OSError(errno.EIO, "injected")


def _fail_on(journal: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fdatasync
    monkeypatch.setattr(
        os, "fdatasync", lambda handle: _fails() if handle == journal else real(handle)
    )


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Kept, bytes]]:
    """A keeper with a key backup that sealed a person's name and has its base."""
    (tmp_path / "disk").mkdir()
    keeper = Kept(tmp_path / "k", KeyPlaces(backup=tmp_path / "disk")).open()
    sealed = keeper.seal(PERSON)
    assert sealed is not None
    keeper.tend()
    assert keeper.house is not None
    keeper.house.store.on_fatal = keeper.house.vault.on_fatal = _end
    yield keeper, sealed
    keeper.close()


def _lost_and_rebuilt(keeper: Kept, tmp_path: Path) -> Kept:
    """What comes back from the key backup alone, the vault as it lies in the keeper's folder."""
    folder = copied(keeper.folder, tmp_path / "rebuilt")
    for path in folder.glob("store.sqlite*"):
        path.unlink()
    rebuild(tmp_path / "disk", folder / "store.sqlite")
    return Kept(folder).open()


def test_a_row_the_key_backup_could_not_take_is_refused(
    kept: tuple[Kept, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keeper, _sealed = kept
    assert keeper.house is not None
    store = keeper.house.store
    assert store.journal is not None
    synced = os.fstat(store.journal._file).st_size
    _fail_on(store.journal._file, monkeypatch)

    def link() -> None:
        with store.transaction():
            store.add_link(LinkRow(ACCOUNT, FILE, 1, "self"))

    with pytest.raises(Ended):
        link()
    assert not store.links(account=ACCOUNT)
    with pytest.raises(Ended):  # and from then on always, whether or not there are keys in it
        store.settle()
    # Negative control: a journal whose failure is passed over loses what was acknowledged.
    monkeypatch.setattr(Durable, "_sync_journal", lambda _self: None)
    link()
    assert store.links(account=ACCOUNT)
    os.truncate(store.journal._file, synced)  # the power goes: what was not synced is not there
    back = _lost_and_rebuilt(keeper, tmp_path)
    assert back.house is not None
    assert not back.house.store.links(account=ACCOUNT)
    back.close()


def test_an_act_that_failed_takes_nothing_out_of_the_key_backup(
    kept: tuple[Kept, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a transaction dropped before it failed must not be dropped with the next one."""
    keeper, sealed = kept
    assert keeper.house is not None
    store = keeper.house.store
    tag = store.subject_tag(PERSON)

    def fail() -> None:
        with store.transaction():
            store.drop_subject_keys(tag, ("identity", "audit"))
            raise ZeroDivisionError

    def fail_then_go_on() -> Kept:
        with pytest.raises(ZeroDivisionError):
            fail()
        store.settle()
        return _lost_and_rebuilt(keeper, tmp_path)

    back = fail_then_go_on()
    assert back.opened(PERSON, sealed) == NAME
    back.close()
    # Negative control: a journal that keeps what a failed act dropped loses the person's keys.
    monkeypatch.setattr(Durable, "_forget_journaled", lambda _self, _mark: None)
    back = fail_then_go_on()
    assert back.opened(PERSON, sealed) is None
    back.close()


def test_a_vault_that_could_not_be_written_ends_the_keeper(
    kept: tuple[Kept, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An erasure whose destruction is on no disk: nobody is told that it was done."""
    keeper, _sealed = kept
    assert keeper.house is not None
    monkeypatch.setattr(os, "fsync", _fails)
    with pytest.raises(Ended), keeper.house.vault.changing():
        pass
    # Negative control: without a hearer the failure is one act's only.
    keeper.house.vault.on_fatal = lambda: None
    with pytest.raises(OSError, match="injected"), keeper.house.vault.changing():
        pass

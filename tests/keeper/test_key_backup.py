"""Who was answered has the keys on the other disk; what the power cut short opens nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from serment.keeper import house, key_backup, wire
from serment.keeper.key_backup import (
    KeyBackupAway,
    KeyBackupOfAnother,
    KeyBackupUnusable,
    KeyJournal,
    read,
    rebuild,
)
from serment.keeper.unlocking import KeyPlaces
from serment.ledger.segment import SegmentDamaged
from tests.keeper.stepping import killed_at
from tests.keeper.tended import NAME, Kept, copied


def with_backup(tmp_path: Path) -> Kept:
    (tmp_path / "disk").mkdir()
    return Kept(tmp_path / "k", KeyPlaces(backup=tmp_path / "disk"))


def rebuilt(tmp_path: Path) -> Kept:
    """The keeper as it comes back when its store is lost: root key, vault's copy, key backup."""
    folder = copied(tmp_path / "k", tmp_path / "rebuilt")
    for path in folder.glob("store.sqlite*"):
        path.unlink()
    (folder / "keys.vault").write_bytes((tmp_path / "disk" / "keys.vault").read_bytes())
    rebuild(tmp_path / "disk", folder / "store.sqlite")
    return Kept(folder).open()


def test_a_lost_store_comes_back_with_all_that_was_answered(tmp_path: Path) -> None:
    keeper = with_backup(tmp_path).open()
    early = os.urandom(16)
    people = [(early, keeper.seal(early) or b"")]
    keeper.tend()  # a base is made; what follows lies in the journal only
    for _ in range(3):
        subject = os.urandom(16)
        people.append((subject, keeper.seal(subject) or b""))
    gone = os.urandom(16)
    sealed = keeper.seal(gone) or b""
    keeper.erase(gone)
    back = rebuilt(tmp_path)
    assert all(back.opened(*one) == NAME for one in people)
    assert back.house is not None
    assert len(back.house.search.find(b"e" * 16, "patient", "quatrev").records) == 4
    assert back.opened(gone, sealed) is None
    back.close()
    # Negative control: without the journals the later ones are lost.
    for path in (tmp_path / "disk").glob("journal-*"):
        path.unlink()
    back = rebuilt(tmp_path)
    assert [back.opened(*one) for one in people] == [NAME, None, None, None]
    back.close()
    keeper.close()


def test_a_base_takes_the_journals_place_when_keys_moved(tmp_path: Path) -> None:
    keeper = with_backup(tmp_path).open()
    subject = os.urandom(16)
    sealed = keeper.seal(subject) or b""
    keeper.tend()
    for _ in range(6):
        keeper.pass_days(7.5)
        keeper.tend()
    names = sorted(path.name for path in (tmp_path / "disk").iterdir())
    assert len([name for name in names if name.startswith("base-")]) == 1
    assert len([name for name in names if name.startswith("journal-")]) == 1
    back = rebuilt(tmp_path)
    assert back.opened(subject, sealed) == NAME
    back.close()
    keeper.close()


def story(tmp_path: Path) -> Callable[[], None]:
    """Seal five; each that was answered leaves its key and bytes in a file, synced."""

    def act() -> None:
        keeper = Kept(tmp_path / "k", KeyPlaces(backup=tmp_path / "disk")).open()
        for number in range(5):
            subject = bytes([number]) * 16
            sealed = keeper.seal(subject)
            assert sealed is not None
            with (tmp_path / "answered").open("ab") as file:
                file.write(subject + len(sealed).to_bytes(2, "big") + sealed)

    return act


def answered(tmp_path: Path) -> list[tuple[bytes, bytes]]:
    data, told = (tmp_path / "answered").read_bytes(), []
    while data:
        length = int.from_bytes(data[16:18], "big")
        told.append((data[:16], data[18 : 18 + length]))
        data = data[18 + length :]
    return told


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.torture)])
def test_killed_at_every_step_the_key_backup_has_what_was_answered(
    tmp_path: Path, stride: int
) -> None:
    with_backup(tmp_path).open().close()
    for name in ("k", "disk"):
        copied(tmp_path / name, tmp_path / f"{name}-fresh")
    most = 0
    for last in range(1, 2_000, stride):
        for name in ("k", "disk"):
            copied(tmp_path / f"{name}-fresh", tmp_path / name)
        (tmp_path / "answered").write_bytes(b"")
        killed = killed_at(last, story(tmp_path))
        given = answered(tmp_path)
        most = max(most, len(given))
        # The first base is made within the first minute; the journals begin with the store.
        if not list((tmp_path / "disk").glob("base-*")):
            (tmp_path / "disk" / "base-00000000.sqlite").write_bytes(empty_store(tmp_path))
        back = rebuilt(tmp_path)
        assert all(back.opened(*one) == NAME for one in given)
        back.close()
        if not killed:
            break
    assert most == 5


def empty_store(tmp_path: Path) -> bytes:
    return (tmp_path / "k-fresh" / "store.sqlite").read_bytes()


def test_a_journal_that_is_not_synced_first_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: with a journal that writes late, an answered key is missing."""
    monkeypatch.setattr(KeyJournal, "sync", lambda self: None)
    keeper = with_backup(tmp_path).open()
    subject = os.urandom(16)
    sealed = keeper.seal(subject)
    assert sealed is not None
    assert keeper.house is not None
    assert keeper.house.index.size  # whole: a start that fills it would need the missing key
    (tmp_path / "disk" / "base-00000000.sqlite").write_bytes(
        (copied(tmp_path / "k", tmp_path / "c") / "store.sqlite").read_bytes()
    )
    back = rebuilt(tmp_path)
    assert back.opened(subject, sealed) is None
    back.close()


@pytest.mark.parametrize("fault", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_gives_nothing_and_ends_the_keeper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    keeper = with_backup(tmp_path).open()
    house = keeper.house
    assert house is not None
    ended: list[bool] = []
    house.recorder.on_fatal = house.store.on_fatal = lambda: ended.append(True)
    assert house.store.journal is not None
    journal, real = house.store.journal._file, os.fdatasync

    def failing(handle: int) -> None:
        if handle == journal:
            raise OSError(fault, "injected")
        real(handle)

    monkeypatch.setattr(os, "fdatasync", failing)
    from tests.apart import apart

    value = wire.SealValue("family_name", "identity", NAME)
    item = wire.SealItem(b"x" * 16, "patient", b"x" * 16, [value])
    ask = wire.Request(
        b"r" * 16, "seal", wire.ActorWire("system", bytes(16)), tenant=b"e" * 16,
        body=wire.raw(wire.SealAsk([item])),
    )  # fmt: skip

    async def asked() -> wire.Reply | None:
        import asyncio

        try:
            async with asyncio.timeout(1):
                return await keeper.desk.answer(ask, 1)
        except TimeoutError:
            return None

    reply = apart(asked())
    assert reply is None or reply.error
    assert ended


def test_a_folder_that_is_away_or_anothers_is_refused(tmp_path: Path) -> None:
    keeper = Kept(tmp_path / "k", KeyPlaces(backup=tmp_path / "disk"))
    with pytest.raises(KeyBackupAway):
        keeper.open()
    (tmp_path / "disk").mkdir()
    keeper.open().close()
    keeper.open().close()
    with pytest.raises(KeyBackupOfAnother):
        Kept(tmp_path / "other", KeyPlaces(backup=tmp_path / "disk")).open()


def test_a_flipped_bit_is_told_and_a_torn_end_is_dropped(tmp_path: Path) -> None:
    keeper = with_backup(tmp_path).open()
    keeper.seal(os.urandom(16))
    keeper.tend()
    keeper.seal(os.urandom(16))
    keeper.close()
    [journal] = (tmp_path / "disk").glob("journal-*")
    whole = journal.read_bytes()
    count = len(list(read(journal)))
    journal.write_bytes(whole[:-3])
    assert len(list(read(journal))) == count - 1
    journal.write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
    with pytest.raises(KeyBackupUnusable):
        rebuild(tmp_path / "disk", tmp_path / "store.sqlite")
    assert issubclass(KeyBackupUnusable, Exception)


def test_a_journal_brings_rows_of_known_tables_only(tmp_path: Path) -> None:
    keeper = with_backup(tmp_path).open()
    keeper.tend()
    [journal] = (tmp_path / "disk").glob("journal-*")
    journal.write_bytes(key_backup._frame(["put", "capability", b"t", 1, b""]))
    with pytest.raises(KeyBackupUnusable):
        rebuild(tmp_path / "disk", tmp_path / "store.sqlite")
    journal.write_bytes(key_backup._frame(["drop", "record", "record = '' OR 1", b""]))
    with pytest.raises(KeyBackupUnusable):
        rebuild(tmp_path / "disk", tmp_path / "store.sqlite")
    keeper.close()


@pytest.mark.parametrize("guarded", [True, False])
def test_a_second_start_beside_a_keeper_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: looked for too late, it begins the journal that the first needs next."""
    if not guarded:
        monkeypatch.setattr(house, "alone", lambda _folder: nullcontext())
    backup = tmp_path / "backup"
    backup.mkdir()
    places = KeyPlaces(backup=backup)
    first = house.enter(tmp_path / "keeper", places=places)
    before = sorted(backup.iterdir())
    with pytest.raises(SegmentDamaged, match="Another keeper"):
        house.enter(tmp_path / "keeper", places=places)
    assert (sorted(backup.iterdir()) == before) == guarded
    assert first.store.journal is not None
    with nullcontext() if guarded else pytest.raises(FileExistsError):
        first.store.journal.begin()
    first.segment.close()

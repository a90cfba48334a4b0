"""An older store is never silently gone on with; ordered by two, the log says what is missing."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from serment.keeper import recovery, upkeep
from serment.keeper.recovery import ApprovalsMissing
from serment.keeper.root_key.source import Surroundings
from serment.keeper.root_key.vault import Known, Vault
from serment.keeper.store import Store
from serment.keeper.upkeep import FILES, BackupOlder
from serment.ledger.segment import SegmentShorter, read
from tests.keeper.tended import NAME, Kept

TWO = ["Anne Martin", "Jean Petit"]


def lived(tmp_path: Path) -> tuple[Kept, Path, tuple[bytes, bytes], tuple[bytes, bytes]]:
    """A keeper, a backup of its morning, somebody of the morning and somebody of the afternoon."""
    keeper = Kept(tmp_path / "k").open()
    morning, afternoon = os.urandom(16), os.urandom(16)
    first = morning, keeper.seal(morning) or b""
    backup = keeper.backup(tmp_path / "backup")
    second = afternoon, keeper.seal(afternoon) or b""
    keeper.tend()
    return keeper, backup, first, second


def ordered(keeper: Kept, approved: list[str]) -> None:
    vault = Vault.open(Surroundings(keeper.folder, None, lambda _question: ""))
    store = Store(
        keeper.folder / "store.sqlite", tags=vault.contents.tags, key=vault.contents.store
    )
    recovery.order(
        store, keeper.folder / "segment.log", lost=vault.contents.known, approved=approved,
        drill=True, at=keeper.now,
    )  # fmt: skip
    store.database.close()


def laid_back(keeper: Kept, backup: Path) -> None:
    """By hand, without any command: the files of an older copy."""
    for name in FILES:
        for path in keeper.folder.glob(f"{name}*"):
            path.unlink()
        shutil.copyfile(backup / name, keeper.folder / name)


def test_an_older_backup_is_refused_whether_the_newer_ledger_is_here_or_only_known(
    tmp_path: Path,
) -> None:
    keeper, backup, _first, _second = lived(tmp_path)
    keeper.close()
    with pytest.raises(BackupOlder):
        upkeep.restore(backup, keeper.folder)
    kept = upkeep.verify(backup)
    size, origin = kept.size, kept.origin
    empty = tmp_path / "empty"
    with pytest.raises(BackupOlder):
        upkeep.restore(backup, empty, known=Known(origin, size + 1))
    assert not (empty / "segment.log").exists()
    upkeep.restore(backup, empty, known=Known(origin, size))


def test_another_log_of_the_same_length_is_refused(tmp_path: Path) -> None:
    keeper, backup, _first, _second = lived(tmp_path)
    keeper.close()
    other = Kept(tmp_path / "other").open()
    size = upkeep.verify(backup).size
    while other.house is not None and other.house.segment.size < size:
        other.seal(os.urandom(16))
    other.close()
    with pytest.raises(BackupOlder):
        upkeep.restore(backup, other.folder)


def test_files_laid_back_by_hand_are_refused_at_the_start(tmp_path: Path) -> None:
    keeper, backup, first, _second = lived(tmp_path)
    keeper.close()
    laid_back(keeper, backup)
    with pytest.raises(SegmentShorter, match="--recover"):
        keeper.open()
    # Negative control: a vault that knows of no length would let it pass.
    vault = Vault.open(Surroundings(keeper.folder, None, lambda _question: ""))
    with vault.changing() as contents:
        contents.known = None
    assert keeper.open().opened(*first) == NAME
    keeper.close()


@pytest.mark.parametrize("approved", [[], ["Anne Martin"], ["Anne Martin", " anne  MARTIN "]])
def test_one_person_alone_recovers_nothing(tmp_path: Path, approved: list[str]) -> None:
    keeper, backup, _first, _second = lived(tmp_path)
    keeper.close()
    laid_back(keeper, backup)
    with pytest.raises(ApprovalsMissing):
        ordered(keeper, approved)
    with pytest.raises(SegmentShorter):
        keeper.open()


def test_a_recovery_begins_a_new_origin_that_embeds_the_old_log(tmp_path: Path) -> None:
    keeper, backup, first, second = lived(tmp_path)
    assert keeper.house is not None
    lost, former = keeper.house.segment.size, keeper.house.origin
    keeper.close()
    laid_back(keeper, backup)
    old = list(read(backup / "segment.log"))
    digest = hashlib.sha256((backup / "segment.log").read_bytes()).digest()
    ordered(keeper, TWO)
    keeper.open()
    house = keeper.house
    assert house is not None
    assert house.origin.endswith("/2/drill")
    assert house.segment.size == len(old) + 1
    [(_seq, body)] = house.index.window(0, 1 << 62, len(old) - 1, 9, {})
    actor, patient = house.recorder.leaves.parts(body)
    [item] = patient.items
    told = dict(zip(item.fields, item.after, strict=True))
    assert actor.kind == "recovered"
    assert told["old_origin"] == former.encode()
    assert told["old_size"] == str(len(old)).encode()
    assert told["old_last_leaf"] == old[-1].leaf
    assert told["old_segment"] == digest
    assert told["lost_size"] == str(lost).encode()
    assert int(told["possible_since"]) <= actor.at
    assert [fact.decode() for name, fact in zip(item.fields, item.after, strict=True)
            if name == "approved"] == TWO  # fmt: skip
    assert keeper.opened(*first) == NAME
    assert keeper.opened(*second) is None  # its key is lost: no key backup here
    keeper.tend()
    keeper.close()
    lying = (keeper.folder / "store.sqlite").read_bytes()
    assert b"Martin" not in lying
    keeper.open()  # once: the origin stands, no second leaf
    assert keeper.house is not None
    assert keeper.house.origin.endswith("/2/drill")
    assert keeper.house.store.recovery_waits() is None
    size = keeper.house.segment.size
    keeper.close()
    assert keeper.open().house is not None
    assert keeper.house is not None
    assert keeper.house.segment.size == size
    keeper.close()
    # The older log itself does not come back under its own name either.
    laid_back(keeper, backup)
    with pytest.raises(SegmentShorter):
        keeper.open()

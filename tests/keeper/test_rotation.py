"""Another root key without a pause: what was sealed opens before, during and after, kill -9 too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from serment.keeper.root_key import vault
from serment.keeper.root_key.changing import Wanted, change
from serment.keeper.root_key.closing import RootKeyUnusable
from serment.keeper.root_key.source import Surroundings
from serment.keeper.root_key.vault import ChangeUnfinished
from serment.keeper.unlocking import StoreTooOld
from tests.keeper.stepping import every_step
from tests.keeper.tended import DAY, NAME, Kept, copied

KEEP_UNTIL = 1 << 60


def to_another_file(folder: Path, until: int = KEEP_UNTIL) -> None:
    at = Surroundings(folder, None, lambda _question: "")
    change(Wanted("file"), at, lambda _lines: None, until=until)


def filled(folder: Path) -> tuple[Kept, list[tuple[bytes, bytes]]]:
    keeper = Kept(folder).open()
    people = [os.urandom(16) for _ in range(3)]
    return keeper, [(one, keeper.seal(one) or b"") for one in people]


def all_open(keeper: Kept, people: list[tuple[bytes, bytes]]) -> bool:
    return all(keeper.opened(subject, sealed) == NAME for subject, sealed in people)


def test_a_running_keeper_takes_the_new_key_over_and_serves_all_the_while(tmp_path: Path) -> None:
    keeper, people = filled(tmp_path / "k")
    former = (tmp_path / "k" / "root.key").read_bytes()
    to_another_file(tmp_path / "k")
    assert all_open(keeper, people)  # it does not know yet
    assert keeper.house is not None
    wrapped = keeper.house.store.establishment_keys()
    keeper.tend()
    assert all_open(keeper, people)
    assert keeper.house.store.establishment_keys() != wrapped
    assert not (tmp_path / "k" / "root.key").exists()
    people.append((subject := os.urandom(16), keeper.seal(subject) or b""))
    keeper.close()
    assert all_open(keeper.open(), people)
    keeper.close()
    # Negative control: the former key alone opens neither vault nor store any more.
    (tmp_path / "k" / "root.key").write_bytes(former)
    (tmp_path / "k" / "root.key").chmod(0o600)
    (tmp_path / "k" / vault.NAME).unlink()
    with pytest.raises(RootKeyUnusable):
        keeper.open()


def test_a_second_change_waits_for_the_first(tmp_path: Path) -> None:
    keeper, people = filled(tmp_path / "k")
    to_another_file(tmp_path / "k")
    with pytest.raises(ChangeUnfinished):
        to_another_file(tmp_path / "k")
    keeper.tend()
    to_another_file(tmp_path / "k")
    keeper.tend()
    assert all_open(keeper, people)
    keeper.close()


def test_a_backup_made_under_the_former_key_is_restored_until_its_time_is_over(
    tmp_path: Path,
) -> None:
    keeper, people = filled(tmp_path / "k")
    keeper.close()
    before = copied(tmp_path / "k", tmp_path / "before")
    keeper.open()
    to_another_file(tmp_path / "k", until=keeper.now + 30 * DAY)
    keeper.tend()
    keeper.close()
    older = copied(tmp_path / "k", tmp_path / "older")
    (older / "store.sqlite").write_bytes((before / "store.sqlite").read_bytes())
    restored = Kept(older, now=keeper.now).open()
    assert all_open(restored, people)
    restored.close()
    keeper.open()
    keeper.pass_days(31)
    keeper.tend()
    keeper.close()
    older = copied(tmp_path / "k", tmp_path / "older")
    (older / "store.sqlite").write_bytes((before / "store.sqlite").read_bytes())
    with pytest.raises(StoreTooOld):
        Kept(older, now=keeper.now).open()


def changed_and_taken_over(folder: Path) -> None:
    """The command's part, then the keeper's, as a start does it."""
    to_another_file(folder)
    Kept(folder).open()


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.torture)])
def test_killed_at_every_step_of_a_change_nothing_is_lost(tmp_path: Path, stride: int) -> None:
    keeper, people = filled(tmp_path / "k")
    keeper.close()
    original = tmp_path / "k"

    def fresh() -> Path:
        return copied(original, tmp_path / "tried")

    steps = changed = 0
    for folder in every_step(changed_and_taken_over, fresh, stride):
        steps += 1
        after = Kept(folder).open()
        assert all_open(after, people)
        assert after.house is not None
        assert not after.house.vault.contents.rewrap
        changed += bool(after.house.vault.contents.former)
        after.close()
    assert steps > 30 // stride
    assert 0 < changed < steps  # kills fell before the change and after it


def test_a_change_that_forgets_the_former_key_at_once_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without the former key in the vault a change loses every key."""
    keeper, _people = filled(tmp_path / "k")
    keeper.close()
    real = vault.Vault._write

    def forgetful(self: vault.Vault, *given: object) -> None:
        self.contents.former.clear()
        real(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(vault.Vault, "_write", forgetful)
    to_another_file(tmp_path / "k")
    with pytest.raises(StoreTooOld):
        keeper.open()

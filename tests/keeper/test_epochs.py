"""Epochs: living keys move on unharmed, old ones end on their day, kill -9 anywhere."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from serment.keeper import epochs
from serment.keeper.house import House
from serment.keeper.keys import KEY_BYTES
from tests.apart import apart
from tests.keeper.stepping import every_step
from tests.keeper.tended import NAME, Kept, copied


def filled(folder: Path, count: int = 5) -> tuple[Kept, list[tuple[bytes, bytes]]]:
    keeper = Kept(folder).open()
    people = [os.urandom(16) for _ in range(count)]
    return keeper, [(one, keeper.seal(one) or b"") for one in people]


def test_an_epoch_follows_another_on_its_day_and_everything_opens(tmp_path: Path) -> None:
    keeper, people = filled(tmp_path / "k")
    assert keeper.tend().epoch == 1
    keeper.pass_days(6.9)
    assert keeper.tend().epoch == 1
    keeper.pass_days(0.2)
    told = keeper.tend()
    assert (told.epoch, told.epochs, told.rewrapped) == (
        2,
        [1, 2],
        11,
    )  # 5 × identity and audit, and the practice's audit key
    assert all(keeper.opened(*one) == NAME for one in people)
    keeper.pass_days(29)
    assert 1 in keeper.tend().epochs
    keeper.pass_days(1.1)
    assert 1 not in keeper.tend().epochs
    keeper.close()
    keeper.open()
    assert all(keeper.opened(*one) == NAME for one in people)
    keeper.close()


def test_the_secret_of_an_ended_epoch_lies_nowhere(tmp_path: Path) -> None:
    keeper, _people = filled(tmp_path / "k")
    house = keeper.house
    assert house is not None
    secret = house.vault.contents.epochs[0].secret
    wraps = house.vault.wraps(1)
    wrapped = {row[2] for row in house.store.establishment_keys()}
    for _ in range(6):
        keeper.pass_days(7.5)
        keeper.tend()
    assert secret not in [one.secret for one in house.vault.contents.epochs]
    assert wraps
    house.store.flush()
    lying = b"".join(path.read_bytes() for path in keeper.folder.iterdir())
    assert not any(one in lying for one in wrapped)
    assert house.vault.contents.destroyed[0][0] == 1
    keeper.close()


@pytest.mark.parametrize("stride", [9, pytest.param(1, marks=pytest.mark.torture)])
def test_killed_at_every_step_of_an_advance_nothing_is_lost(tmp_path: Path, stride: int) -> None:
    keeper, people = filled(tmp_path / "k")
    keeper.close()

    def advance(folder: Path) -> None:
        opened = Kept(folder, now=keeper.now).open()
        opened.tend(advance=True)
        opened.pass_days(31)
        opened.tend()

    steps, reached = 0, set()
    for folder in every_step(advance, lambda: copied(tmp_path / "k", tmp_path / "tried"), stride):
        steps += 1
        after = Kept(folder, now=keeper.now).open()
        assert all(after.opened(*one) == NAME for one in people)
        told = after.tend()
        reached.add((told.epoch, tuple(told.epochs)))
        assert all(after.opened(*one) == NAME for one in people)
        after.close()
    assert steps > 40 // stride
    assert len(reached) >= 2


def test_a_secret_destroyed_before_all_keys_moved_would_lose_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same days without the wrapping anew."""
    keeper, people = filled(tmp_path / "k")

    async def nothing(house: House) -> int:
        house.swept = house.vault.epoch_number()
        return 0

    monkeypatch.setattr(epochs, "rewrap", nothing)
    keeper.tend(advance=True)
    assert keeper.house is not None
    keeper.pass_days(31)
    keeper.tend()
    keeper.house.keys._zones.clear()
    assert all(keeper.opened(*one) is None for one in people)
    keeper.close()


def test_a_secret_waits_until_this_process_has_seen_every_key_moved(tmp_path: Path) -> None:
    keeper, _people = filled(tmp_path / "k")
    house = keeper.house
    assert house is not None
    epochs.advance_if_due(house, force=True)
    keeper.pass_days(31)
    assert epochs.end_epochs(house) == []
    apart(epochs.rewrap(house))
    assert epochs.end_epochs(house) == [1]
    keeper.close()


def test_requests_are_answered_while_keys_move(tmp_path: Path) -> None:
    keeper, people = filled(tmp_path / "k")
    house = keeper.house
    assert house is not None
    plant(keeper, 4_000)

    async def both() -> tuple[int, int]:
        import asyncio

        epochs.advance_if_due(house, force=True)
        moving = asyncio.create_task(epochs.rewrap(house))
        turns = 0
        while not moving.done():
            await asyncio.sleep(0)
            turns += 1
        return await moving, turns

    count, turns = apart(both())
    assert count >= 4_000
    assert turns >= 4_000 // epochs.BUCKET_KEYS
    assert keeper.opened(*people[0]) == NAME
    keeper.close()


def plant(keeper: Kept, count: int) -> None:
    """That many subject keys of one establishment, as sealing makes them."""
    house = keeper.house
    assert house is not None
    tenant = house.store.subject_tag(b"e" * 16)
    epoch = house.vault.epoch_number()
    box = house.keys.establishment(tenant, epoch)
    with house.store.transaction():
        house.store.database.executemany(
            "INSERT INTO subject_key VALUES (?, 'identity', ?, ?, ?)",
            (
                (tag, tenant, epoch, box.close(os.urandom(KEY_BYTES), tag + b"identity"))
                for tag in (os.urandom(16) for _ in range(count))
            ),
        )


@pytest.mark.torture
def test_a_million_keys_move_in_half_a_minute(tmp_path: Path) -> None:
    keeper, people = filled(tmp_path / "k")
    plant(keeper, 1_000_000)
    house = keeper.house
    assert house is not None
    epochs.advance_if_due(house, force=True)
    started = time.monotonic()
    assert apart(epochs.rewrap(house)) >= 1_000_000
    assert time.monotonic() - started <= 30
    assert keeper.opened(*people[0]) == NAME
    keeper.close()

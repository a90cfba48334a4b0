"""The worker carries a question to an authority and the answer back; a bad one costs little."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serment.disclosure import gate, tasks, timestamps
from serment.disclosure.line import client
from serment.disclosure.timestamps import AuthorityDown
from serment.errors import Refused, Unusable
from tests.authority import TestAuthority, served
from tests.keeper.running import Running


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("authority") / "ours").make()


@pytest.fixture
def stamped_keeper(settings: Any, authority: TestAuthority) -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="keeper-") as name:
        folder = Path(name)
        running = Running(
            folder / "state", folder / "k.sock",
            arguments=(
                "--public", str(folder / "ledger" / "public"), "--timestamp-ca",
                str(authority.root), "--worker-socket", str(folder / "w.sock"),
            ),
        ).start()  # fmt: skip
        settings.KEEPER_SOCKET = str(folder / "w.sock")
        yield running
        client.hang_up()
        running.kill()


def stamps(running: Running) -> list[Path]:
    return sorted((running.state.parent / "ledger" / "timestamps").glob("*"))


def test_the_worker_has_the_checkpoint_stamped_each_hour(
    stamped_keeper: Running, authority: TestAuthority, settings: Any
) -> None:
    settings.TIMESTAMP_URL = None
    tasks.time_stamp(0)
    assert stamps(stamped_keeper) == []  # off by default
    with served(authority) as url:
        settings.TIMESTAMP_URL = url
        tasks.time_stamp(0)
    note, token = stamps(stamped_keeper)
    assert (note.suffix, token.suffix) == (".note", ".tsr")
    assert authority.verified(note, token)
    assert gate.health().size == 1


@pytest.mark.parametrize("manner", ["hangs", "drips", "floods", "errs", "redirects"])
def test_a_bad_authority_costs_a_bounded_time_and_nothing_else(
    stamped_keeper: Running, authority: TestAuthority, settings: Any, manner: str,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    assert timestamps.SECONDS_MAX <= 10
    monkeypatch.setattr(timestamps, "SECONDS_MAX", 0.5)
    with served(authority, manner) as url:
        settings.TIMESTAMP_URL = url
        begun = time.monotonic()
        with pytest.raises(AuthorityDown):
            timestamps.fetch(url)
        assert time.monotonic() - begun < 4
        with caplog.at_level(logging.WARNING):
            tasks.time_stamp(0)
    assert [one.getMessage() for one in caplog.records] == [
        "no time-stamp this hour: AuthorityDown"
    ]
    assert stamps(stamped_keeper) == []
    assert gate.health().size == 0


def test_without_its_bounds_a_dripping_authority_would_hold_the_worker(
    stamped_keeper: Running, authority: TestAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the limit on the whole is what ends it, not the one on each reading."""
    monkeypatch.setattr(timestamps, "SECONDS_MAX", 2.5)
    with served(authority, "drips") as url:
        begun = time.monotonic()
        with pytest.raises(AuthorityDown):
            timestamps.fetch(url)
        assert time.monotonic() - begun > 2


def test_without_its_bounds_a_flood_would_be_taken_in_whole(
    stamped_keeper: Running, authority: TestAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: 64 MB reach the keeper's socket, whose own bound refuses them."""
    monkeypatch.setattr(timestamps, "ANSWER_BYTES_MAX", 1 << 30)
    with served(authority, "floods") as url, pytest.raises(Unusable):
        timestamps.fetch(url)


def test_a_strangers_token_is_refused_by_the_keeper(
    stamped_keeper: Running, tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = TestAuthority(tmp_path / "other").make()
    with served(stranger) as url:
        with pytest.raises(Refused):
            timestamps.fetch(url)
        settings.TIMESTAMP_URL = url
        with caplog.at_level(logging.WARNING):
            tasks.time_stamp(0)
    assert [one.getMessage() for one in caplog.records] == ["no time-stamp this hour: Unusable"]
    assert stamps(stamped_keeper) == []
    assert gate.health().size == 0

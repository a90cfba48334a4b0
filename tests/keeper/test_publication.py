"""The keeper goes on publishing past the minute at which it first drops what was tiled."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from serment.keeper import publishing
from serment.keeper.publishing import Publishing
from serment.ledger.publish import bundle_starts
from serment.ledger.tiling import Site
from tests.apart import apart
from tests.keeper.inside import Inside


async def _goes_on(made: Publishing, site: Site, inbox: Path) -> None:
    running = asyncio.create_task(made.go_on())
    site.build(inbox)
    for _ in range(200):
        await asyncio.sleep(0.01)
        assert not running.done(), "publication ended"
        if bundle_starts(inbox) == []:
            break
    assert bundle_starts(inbox) == []
    for _ in range(20):  # and with nothing left to drop
        await asyncio.sleep(0.01)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_publication_goes_on_after_it_dropped_what_was_tiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(publishing, "EVERY_SECONDS", 0.005)
    monkeypatch.setattr(publishing, "DISCARD_EVERY_TURNS", 2)
    inside = Inside(tmp_path / "k")
    inside.patient()
    inbox = tmp_path / "public"
    made = Publishing(inside.house, inbox, tmp_path / "site")
    site = Site(tmp_path / "site", publishing.signer_of(inside.house).verifier)
    apart(_goes_on(made, site, inbox))
    assert "stands still" not in caplog.text
    inside.crash()


def test_a_fault_nobody_foresaw_is_told_and_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(publishing, "EVERY_SECONDS", 0.005)
    inside = Inside(tmp_path / "k")
    made = Publishing(inside.house, tmp_path / "public")

    def fail() -> None:
        raise RuntimeError

    async def a_while() -> bool:
        running = asyncio.create_task(made.go_on())
        await asyncio.sleep(0.1)
        went_on = not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return went_on

    monkeypatch.setattr(made, "_turn", fail)
    assert apart(a_while())
    assert "The public ledger stands still: RuntimeError" in caplog.text
    inside.crash()

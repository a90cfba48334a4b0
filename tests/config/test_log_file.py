"""A log that is written for years takes a bounded place, and its last lines are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from serment.config import log_file

LINE = b"x" * 4_095 + b"\n"


def _starts(path: Path, times: int) -> int:
    for _ in range(times):
        with log_file.opened(path) as log:
            log.write(LINE * 8)
    return sum(one.stat().st_size for one in path.parent.iterdir())


def test_it_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "postgres.log"
    starts, room = 120, 2 * (log_file.BYTES_MAX + 8 * len(LINE))
    assert _starts(path, starts) <= room
    assert sorted(one.name for one in tmp_path.iterdir()) == ["postgres.log", "postgres.log.1"]
    assert path.read_bytes().endswith(LINE)
    # Negative control: without the bound the same writing takes more.
    monkeypatch.setattr(log_file, "BYTES_MAX", 1 << 30)
    (tmp_path / "other").mkdir()
    assert _starts(tmp_path / "other" / "postgres.log", starts) > room

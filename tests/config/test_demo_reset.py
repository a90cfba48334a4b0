"""Throwing a demo away never takes real data with it."""

from pathlib import Path

import pytest

from serment.config.supervisor import up


def test_only_what_began_as_a_demo_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(up.NoDemo):
        up._throw_away(tmp_path)
    assert (tmp_path / "postgres").exists()
    (tmp_path / up.DEMO).touch()
    up._throw_away(tmp_path)
    assert not (tmp_path / "postgres").exists()

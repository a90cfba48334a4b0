"""What the public port gives out: no folder and no history of the source."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.port import Port

HIDDEN = ("/.git/config", "/.git/HEAD", "/.env", "/secret-key", "/pyproject.toml", "/.state/")
FOLDERS = ("/static/", "/static/serment/", "/static/vendor/fonts/", "/ledger/", "/ledger/tile/")


@pytest.mark.django_db
def test_no_folder_is_listed_and_no_source_is_served(port: Port, tmp_path: Path) -> None:
    (tmp_path / "hushed").write_text("hush")
    (tmp_path / "checkpoint").write_text("public\n")
    for path in (*HIDDEN, *FOLDERS, "/ledger/hushed"):
        said = port.ask(path)
        assert (path, said.status) == (path, 404)
        for leak in (b"hush", b"Index of", b"[project]", b"checkpoint\n", b"[core]"):
            assert leak not in said.body, path
    assert port.ask("/ledger/checkpoint").body == b"public\n"  # the control: files are given

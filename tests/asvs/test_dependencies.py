"""Components come by version and hash, and the page says how soon a weak one is replaced."""

from __future__ import annotations

import json
import re

import pytest

from tests.asvs.source import ROOT

PINNED = re.compile(r"^[\w.\[\]-]+==\S+ (; .+)?\\$")
HASHED = re.compile(r"^ {4}--hash=sha256:[0-9a-f]{64}( \\)?$")


def loose(text: str) -> list[str]:
    """Lines that name a package without one version, or without the hash of its files."""
    lines = text.splitlines()
    named = [at for at, line in enumerate(lines) if line and line[0] not in " #-"]
    return [
        lines[at]
        for at in named
        if not PINNED.match(lines[at]) or not HASHED.match((*lines, "")[at + 1])
    ]


@pytest.mark.parametrize("name", ["app", "dev", "independent"])
def test_every_version_is_pinned_by_its_hash(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert loose(text) == []
    assert loose("django>=5.2\n") == ["django>=5.2"]  # the control
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [one for one, told in packages.items() if one and "integrity" not in told] == []


def test_the_page_says_within_how_many_days() -> None:
    page = (ROOT / "docs" / "reference" / "dependencies.md").read_text(encoding="utf-8")
    days = {
        row.split("|")[1].split()[0]: [int(number) for number in re.findall(r"(\d+) days", row)]
        for row in page.splitlines()
        if re.search(r"\d+ days", row) and row.startswith("|")
    }
    assert set(days) == {"critical", "high", "any", "none"}
    assert days["critical"][0] < days["high"][0] < days["any"][0] <= days["none"][0]

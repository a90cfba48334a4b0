"""The page of rights is what the declared policy says today."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from serment.identity import policy
from serment.identity.rights import Act
from tests.house.rules import ROOT


@pytest.fixture(scope="module")
def rights_page() -> ModuleType:
    spec = importlib.util.spec_from_file_location("page", ROOT / "scripts" / "rights_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_current(rights_page: ModuleType) -> None:
    kept = rights_page.PAGE.read_text(encoding="utf-8")
    assert kept == rights_page.written(), "run: .venv/bin/python scripts/rights_page.py"


def test_a_right_given_shows(rights_page: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rights_page.written()
    monkeypatch.setattr(policy, "OPERATIONS", {"slot-search": frozenset({"system/Slot.rs"})})
    assert "| slot-search | system/Slot.rs |" in rights_page.written()
    assert set(rights_page.ACTS) == {act.value for act in Act}
    assert "slot-search" not in before

"""The page of rights is what the declared policy says today."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
from django.utils import translation

from serment.identity import policy, review
from serment.identity.models import Role
from serment.identity.rights import ACTS_OF, Act
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
    assert "slot-search" not in before


def test_the_review_and_the_page_say_the_same_of_every_right(
    rights_page: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: as it was, a manager's review read of the record, which the page denied."""
    assert set(review.WORDS) == set(Act)
    with translation.override("en"):
        by_review = {role: set(review.in_words(role)) for role in Role}
    words = rights_page.acts()
    for role, said in by_review.items():
        may = {words[act.value] for act in ACTS_OF[role] - review.UNSAID}
        assert said == may, role
    reads = words[Act.COUNT_DISCLOSURES.value]
    assert reads not in by_review[Role.MANAGER]
    monkeypatch.setitem(review.WORDS, Act.SEE_DISCLOSURES, review.WORDS[Act.COUNT_DISCLOSURES])
    with translation.override("en"):
        assert reads in review.in_words(Role.MANAGER)


def test_no_right_is_said_to_have_no_page(rights_page: ModuleType) -> None:
    assert "no page yet" not in rights_page.written()

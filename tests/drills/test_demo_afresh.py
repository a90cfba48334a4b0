"""A keeper that is killed while a demo is filled: seeded afresh, once, and only then."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from serment.disclosure import NotYours, patience
from serment.drills.demo import seeding

pytestmark = pytest.mark.django_db


def _seed(monkeypatch: pytest.MonkeyPatch, falls: list[bool]) -> list[str]:
    """What a seeding told whose tries are refused, after a silence or without."""
    told: list[str] = []
    left = iter(falls)

    def fill(*_: Any) -> seeding.Seeded:
        for silent in left:
            held = patience._held.get()
            assert held is not None, "whoever fills a demo is patient"
            if silent:
                held.silent()
            raise NotYours
        return seeding.Seeded(fresh=False, counts={})

    monkeypatch.setattr(seeding, "_fill", fill)
    seeding.seed(datetime.now(UTC), Path(), "http://localhost", told.append)
    return told


def test_after_a_silence_a_refusal_begins_it_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _seed(monkeypatch, [True]) == [seeding.SILENT, seeding.AFRESH]


@pytest.mark.parametrize("falls", [[False], [True, False], [True, True]])
def test_any_other_refusal_is_told(monkeypatch: pytest.MonkeyPatch, falls: list[bool]) -> None:
    with pytest.raises(NotYours):
        _seed(monkeypatch, falls)

"""The ASVS page is what the answers say, every number is answered once, what is named is there."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.rules import ROOT

# Release 5.0.0, counted by hand beside the sections: all of it, by chapter, then by level.
BY_CHAPTER = (30, 13, 31, 16, 13, 47, 19, 13, 7, 36, 24, 12, 21, 13, 21, 17, 12)
BY_LEVEL = {"1": 70, "2": 183, "3": 92}
ANSWERED = 289


@pytest.fixture(scope="module")
def asvs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("asvs_page", ROOT / "scripts" / "asvs_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["asvs_page"] = module  # its dataclass looks its own module up
    spec.loader.exec_module(module)
    return module


def test_the_standard_is_counted_whole(asvs: ModuleType) -> None:
    counted: Counter[int] = Counter()
    for section, levels in asvs.SECTIONS.items():
        counted[int(section.partition(".")[0])] += len(levels)
    assert tuple(counted[chapter] for chapter in asvs.CHAPTERS) == BY_CHAPTER
    assert Counter("".join(asvs.SECTIONS.values())) == BY_LEVEL
    assert len(asvs.wanted()) == ANSWERED


def test_the_page_is_current(asvs: ModuleType) -> None:
    kept = asvs.PAGE.read_text(encoding="utf-8")
    assert kept == asvs.written(), "run: .venv/bin/python scripts/asvs_page.py"


def test_an_answer_that_is_none_is_found(asvs: ModuleType, tmp_path: Path) -> None:
    lines = asvs.read()
    held = next(line for line in lines if line.answer == "holds")
    file = held.shown[0].partition("::")[0]
    planted = {
        "is not there": replace(held, shown=(f"{file}::test_that_nobody_wrote",)),
        "names no test": replace(held, shown=(file,)),
        "shown by what": replace(held, shown=()),
        "no such answer": replace(held, answer="yes"),
        "why?": replace(held, answer="no", why=""),
        "which work": replace(held, answer="later", why="x", work=""),
    }
    for said, line in planted.items():
        assert any(said in fault for fault in asvs.faults(line)), said
    assert list(asvs.faults(held)) == []  # the control
    for source in asvs.ANSWERS.glob("*.toml"):
        if source.stem != "V17":
            (tmp_path / source.name).write_bytes(source.read_bytes())
    with pytest.raises(ValueError, match=r"17\.3\.2"):
        asvs.read(tmp_path)

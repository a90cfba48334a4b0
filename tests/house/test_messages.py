"""French is the source, English is complete: a text without its translation fails."""

from __future__ import annotations

import importlib.util
import re
import sys
from types import ModuleType

import pytest

from tests.house.rules import ROOT


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "scripts" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["messages"] = module
    spec.loader.exec_module(module)
    return module


def test_every_text_has_its_english(messages: ModuleType) -> None:
    assert messages.missing() == []


def test_a_planted_text_is_missed(messages: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = [*messages.found(), ("Une phrase que personne n’a traduite", None, "planted.py")]
    monkeypatch.setattr(messages, "found", lambda: iter(planted))
    assert messages.missing() == ["planted.py: Une phrase que personne n’a traduite"]


def test_placeholders_survive_translation(messages: ModuleType) -> None:
    names = re.compile(r"%\(\w+\)")
    translated = [one for one in messages.load() if isinstance(one.id, str) and one.string]
    wrong = [
        one.id
        for one in translated
        if set(names.findall(one.id)) != set(names.findall(str(one.string)))
    ]
    assert wrong == []


UNSEEN = re.compile(r"""\{%[^%]*_\(["']""")
"""Text inside a tag's argument: it is translated when a page is made, and never collected."""


def test_no_text_hides_in_an_argument_of_a_tag() -> None:
    found = [
        str(template.relative_to(ROOT))
        for template in (ROOT / "serment").rglob("*.html")
        if UNSEEN.search(template.read_text(encoding="utf-8"))
    ]
    assert found == []
    assert UNSEEN.search('{% include "x.html" with label=_("Confirmer") %}')

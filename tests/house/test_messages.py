"""French is the source, English is complete: a text without its translation fails."""

from __future__ import annotations

import importlib.util
import re
import sys
from types import ModuleType

import pytest
from django.utils import translation

from serment.scheduling import refusals
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


def test_what_an_error_says_is_among_the_texts(messages: ModuleType) -> None:
    """An error's sentence stands in its docstring: an English page showed it in French."""
    told = {(text, path) for text, _context, path in messages.found()}
    assert ("Ce créneau n’est pas proposé.", "serment/scheduling/refusals.py") in told
    assert not any("PostgreSQL did not start" in str(text) for text, _path in told), "a terminal's"
    with translation.override("en"):
        assert refusals.NotOffered().sentence == "This time is not offered."
    with translation.override("fr"):
        assert refusals.NotOffered().sentence == "Ce créneau n’est pas proposé."


BREAKS = re.compile(r" [:;?!»]|« ")
"""A space at which a line may end, before a sign that would then begin the next one."""


def test_no_line_begins_with_a_question_mark(messages: ModuleType) -> None:
    wrong = [
        f"{path}: {one}"
        for text, _context, path in messages.found()
        for one in (text if isinstance(text, tuple) else (text,))
        if BREAKS.search(one)
    ]
    assert wrong == []
    assert BREAKS.search("Qui ?")
    assert not BREAKS.search("Qui\u00a0?")

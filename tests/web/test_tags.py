"""Icons say something to a screen reader only where they mean something."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import RequestFactory, override_settings
from django.utils import translation

from serment.directory.models import Site

PLAIN_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


def rendered(source: str, **context: object) -> str:
    with override_settings(STORAGES=PLAIN_FILES):
        return Template("{% load serment %}" + source).render(Context(context))


def test_an_icon_beside_words_is_silent() -> None:
    assert 'aria-hidden="true"' in rendered('{% icon "lock" %}')


def test_an_icon_alone_has_a_name_and_the_name_is_escaped() -> None:
    html = rendered('{% icon "lock" label %}', label='Fermé "<b>"')
    assert 'role="img"' in html
    assert "<b>" not in html


def test_changing_one_filter_keeps_the_search() -> None:
    request = RequestFactory().get("/rendez-vous/?quoi=ophtalmologue&tri=proche")
    html = rendered('{% address_with tri="" video="1" %}', request=request)
    assert "quoi=ophtalmologue" in html
    assert "video=1" in html
    assert "tri=" not in html


def scripts_within(source: str) -> list[str]:
    """Markup that our content security policy would refuse to run or apply."""
    return [
        word
        for word in ("<script>", " style=", "<style", " onclick=", "javascript:")
        if word in source
    ]


TEMPLATES = sorted((Path(__file__).parents[2] / "serment" / "web").rglob("*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_template_needs_a_weaker_content_security_policy(template: Path) -> None:
    assert scripts_within(template.read_text(encoding="utf-8")) == []


def test_a_planted_inline_script_would_be_seen() -> None:
    assert scripts_within('<p style="color:red"><script>go()</script>') == ["<script>", " style="]


@pytest.mark.parametrize(
    ("name", "city", "said"),
    [
        ("Hôpital, Chamonix", "Chamonix-Mont-Blanc", "Hôpital, Chamonix-Mont-Blanc"),
        ("Cabinet de Sallanches", "Sallanches", "Cabinet de Sallanches"),
        ("Cabinet, Paris", "Parisot", "Cabinet, Paris, Parisot"),
        ("Passy", "Passy-sur-Eure", "Passy, Passy-sur-Eure"),
    ],
)
def test_a_site_s_town_is_said_once(name: str, city: str, said: str) -> None:
    assert rendered("{{ site|place_name }}", site=Site(name=name, city=city)) == said


def test_a_day_of_another_year_has_its_year() -> None:
    today = date(2026, 11, 22)
    with translation.override("fr"):
        near = rendered("{{ on|full_day:today }}", on=date(2026, 3, 3), today=today)
        far = rendered("{{ on|full_day:today }}", on=date(2027, 3, 3), today=today)
    assert near.replace("\u00a0", " ") == "mardi 3 mars"
    assert far.replace("\u00a0", " ") == "mercredi 3 mars 2027"

"""Help says what the product says: pages in both languages, real buttons, links that lead there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.template import Context, Template
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import override

from serment.web.help import topics, written
from tests.house.rules import ROOT
from tests.web_practice.house import make_house

CATALOGUE = ROOT / "serment" / "locale" / "en" / "LC_MESSAGES" / "django.po"
BOTH = [(language, slug) for language in written.LANGUAGES for slug in sorted(topics.SLUGS)]
Words = Mapping[str, frozenset[str]]


@pytest.fixture(scope="module")
def words() -> Words:
    """French text → its English ones, spaces folded: nobody sees which kind of space it is."""
    found: dict[str, frozenset[str]] = {}
    with CATALOGUE.open("rb") as file:
        for one in read_po(file, locale="en"):
            ids, strings = (
                each if isinstance(each, tuple) else (each,) for each in (one.id, one.string)
            )
            for french, english in zip(ids, strings, strict=False):
                told = found.get(_folded(french), frozenset())
                found[_folded(french)] = told | {_folded(english or "")}
    return found


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def unwritten(folder: Path, slugs: Iterable[str]) -> set[str]:
    """Topics without a file, and files without a topic, of one language."""
    return {one.stem for one in folder.glob("*.md")} ^ set(slugs)


def unknown_labels(page: written.Page, language: str, words: Words) -> list[str]:
    """What a page calls a button and the product does not."""
    known = words.keys() if language == "fr" else frozenset().union(*words.values())
    return [label for label in page.labels if _folded(label) not in known]


def untold(french: written.Page, english: written.Page, words: Words) -> list[str]:
    """Buttons the French page names and the English one does not, or by another word."""
    told = {_folded(label) for label in english.labels}
    return [one for one in french.labels if not words.get(_folded(one), frozenset()) & told]


def dead_links(page: written.Page, language: str) -> list[str]:
    """Links that lead to no page, no section or no route of the product."""
    return [link for link in page.links if not _leads(link, page, language)]


def _leads(link: str, page: written.Page, language: str) -> bool:
    if re.fullmatch(r"(tel|sms):\d+", link):
        return True
    target, _, section = link.partition("#")
    if target.endswith(".md"):
        slug = target.removesuffix(".md")
        if slug not in topics.SLUGS or slug == page.slug:
            return False
        sections = [one for one, _ in written.page(language, slug).contents]
        return not section or section in sections
    try:
        return target.startswith("/") and bool(resolve(target))
    except Resolver404:
        return False


def test_each_topic_is_written_in_both_languages_and_nothing_else_is() -> None:
    for language in written.LANGUAGES:
        assert unwritten(written.PAGES / language, topics.SLUGS) == set()
    assert unwritten(written.PAGES / "fr", topics.SLUGS | {"jamais-ecrite"}) == {"jamais-ecrite"}
    assert unwritten(written.PAGES / "en", topics.SLUGS - {"proches"}) == {"proches"}
    assert len(topics.SLUGS) == sum(len(one.slugs) for one in topics.AUDIENCES)
    assert set(topics.AT_WORK) == set(topics.ANSWERING) == set(topics.AUDIENCES)


@pytest.mark.parametrize(("language", "slug"), BOTH)
def test_a_page_names_real_buttons_and_leads_somewhere(
    language: str, slug: str, words: Words
) -> None:
    page = written.page(language, slug)
    assert unknown_labels(page, language, words) == []
    assert untold(written.page("fr", slug), written.page("en", slug), words) == []
    assert dead_links(page, language) == []
    assert len(page.contents) == len(set(page.contents)) >= 2


def test_a_wrong_button_and_a_link_to_nowhere_are_found(words: Words) -> None:
    wrong = written.read(
        "proches", "# Titre\n\nMot.\n\nAppuyez sur `Se conecter` ou `Se connecter`."
    )
    assert unknown_labels(wrong, "fr", words) == ["Se conecter"]
    english = written.read("proches", "# Title\n\nWord.\n\nPress `Cancel`.")
    assert unknown_labels(english, "en", words) == []
    assert untold(wrong, english, words) == ["Se conecter", "Se connecter"]
    links = "[a](absente.md) [b](ins.md#nulle-part) [c](/nulle-part/x) [d](https://example.fr)"
    lost = written.read("proches", f"# Titre\n\nMot.\n\n{links} [e](ins.md) [f](/acces/)")
    assert len(dead_links(lost, "fr")) == 4


def test_html_in_a_page_is_text_and_a_page_without_title_is_refused() -> None:
    page = written.read("ins", "# T\n\nL\n\n<script>a</script> `<b>` [x](javascript:a)")
    assert "<script" not in page.body
    assert written.label_of("<b>") in page.body
    assert "href" not in page.body
    with pytest.raises(ValueError, match="title"):
        written.read("ins", "Pas de titre\n\nMot")


@pytest.mark.django_db
def test_every_page_is_reached_from_the_index_by_anybody_in_both_languages() -> None:
    for language in written.LANGUAGES:
        browser = Client(headers={"accept-language": language})
        index = browser.get(reverse("help:index")).content.decode()
        for slug in topics.SLUGS:
            page, address = written.page(language, slug), reverse("help:page", args=[slug])
            assert f'href="{address}"' in index
            answer = browser.get(address)
            assert answer.status_code == 200
            assert str(page.body) in answer.content.decode()
    assert browser.get("/aide/jamais-ecrite/").status_code == 404


@pytest.mark.django_db
def test_who_works_here_meets_their_own_pages_first() -> None:
    browsers = (Client(), make_house().enter(), make_house(1, "privacy_officer").enter())
    first = [one.get(reverse("help:index")).context["groups"][0][0].name for one in browsers]
    assert first == ["patients", "accueil", "responsables"]


def test_a_link_to_help_says_which_in_the_reader_s_language() -> None:
    link = Template('{% load help %}{% help_link "proches" %}')
    with override("en"):
        assert "Children, parents, protected adults" in link.render(Context())
    with override("fr"):
        assert reverse("help:page", args=["proches"]) in link.render(Context())
    with pytest.raises(KeyError):
        Template('{% load help %}{% help_link "absente" %}').render(Context())


def test_the_guides_lead_to_every_page() -> None:
    index = (ROOT / "docs" / "guides" / "README.md").read_text(encoding="utf-8")
    for language, slug in BOTH:
        assert f"pages/{language}/{slug}.md" in index
        assert written.page(language, slug).title in index


def test_every_help_link_of_a_template_names_a_page() -> None:
    named = {
        slug
        for template in (ROOT / "serment").rglob("*.html")
        for slug in re.findall(r'help_link "([^"]*)"', template.read_text(encoding="utf-8"))
    }
    assert named <= topics.SLUGS

"""A secretary with a telephone at her ear: keyboard only, somebody without e-mail, nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.test_every_page import VARIANTS
from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]


def _desk(somebody: Visitor, login: str = "nadia.kerviel@example.fr") -> Visitor:
    """Signed in at the desk."""
    somebody.sign_in(login)
    expect(somebody.page).to_have_url(re.compile("/cabinet/"))
    somebody.page.wait_for_load_state()  # keys pressed sooner reach no script
    return somebody


def _press(somebody: Visitor, *keys: str) -> None:
    for key in keys:
        somebody.page.keyboard.press(key)


def _focused(somebody: Visitor) -> Locator:
    return somebody.page.locator(":focus")


@pytest.mark.parametrize("width", [390, 1440])
def test_books_moves_nothing_typed_lost_and_takes_back(
    visitor: Callable[..., Visitor], width: int
) -> None:
    desk = _desk(visitor(width))
    page = desk.page
    family = f"Sanscourriel{'abcdefgh'[width % 8]}"
    desk.look()
    _press(desk, "n")
    expect(page).to_have_url(re.compile("/cabinet/reserver/"))
    desk.look()
    slot = page.locator(".free-day a.slot").first
    expect(slot).to_be_visible()
    slot.focus()
    _press(desk, "Enter")
    expect(_focused(desk)).to_have_attribute("id", "q")
    page.keyboard.type(family)
    expect(page.get_by_text("Personne de ce nom dans vos dossiers.")).to_be_visible()
    desk.look()
    page.locator("#hits button").focus()
    _press(desk, "Enter")
    expect(page.locator("[name=family_name]")).to_have_value(family)
    expect(_focused(desk)).to_have_attribute("name", "given_name")
    page.keyboard.type("Zélie")
    _press(desk, "Tab")
    page.keyboard.type("31/02/1960")
    _press(desk, "Enter")
    expect(page.locator("#e-birth_date")).to_be_visible()
    expect(page.locator("[name=given_name]")).to_have_value("Zélie")
    desk.look()
    page.locator("[name=birth_date]").fill("12/03/1961")
    _press(desk, "Enter")
    expect(page.get_by_text("Confirmer le rendez-vous")).to_be_focused()
    desk.look()
    _press(desk, "Enter")
    expect(page.locator("#panel h2")).to_contain_text(f"Zélie {family}")
    assert family not in page.url
    expect(page.locator("#panel")).to_contain_text("Vous")
    desk.look()
    page.locator("#act-cancel").press("Enter")
    expect(page.locator(".desk-centre > .notice")).to_contain_text("une lettre attend")
    desk.look()
    _press(desk, "u")
    expect(page.locator("#act-cancel")).to_be_visible()
    expect(page.locator("#panel h2")).to_contain_text(f"Zélie {family}")
    page.locator("#panel a", has_text="Carte").press("Enter")
    expect(page.locator(".ticket")).to_contain_text(f"Zélie {family}")
    desk.look()


@pytest.mark.parametrize(("width", "language", "scheme"), VARIANTS)
def test_every_page_of_the_desk_shuts_nobody_out_and_fits(
    visitor: Callable[..., Visitor], width: int, language: str, scheme: str
) -> None:
    desk = _desk(visitor(width, language, color_scheme=scheme, reduced_motion="reduce"))
    page = desk.page
    for address in (
        "/cabinet/", "/cabinet/semaine/", "/cabinet/patients/", "/cabinet/patients/nouveau",
        "/cabinet/reserver/", "/cabinet/import/", "/cabinet/lettres/", "/cabinet/?jour=2026-12-25",
    ):  # fmt: skip
        desk.go(address)
        desk.look()
    desk.go("/cabinet/semaine/")
    page.locator("button[value=noms]").first.click()
    expect(page.locator(".opened").first).to_be_visible()
    desk.look()
    page.locator(".entry-named").first.click()
    expect(page.locator("#panel .opened-by")).to_be_visible()
    desk.look()
    page.locator("#panel h2 a").click()
    expect(page).to_have_url(re.compile("/cabinet/patients/"))
    desk.look()


@pytest.mark.parametrize("width", [390, 1440])
def test_a_telephones_menu_is_one_row_until_it_is_opened(
    visitor: Callable[..., Visitor], width: int
) -> None:
    desk = _desk(visitor(width))
    desk.go("/cabinet/horaires/")
    last = desk.page.get_by_role("link", name="Import")
    more = desk.page.get_by_role("button", name="Plus", exact=True)
    expect(desk.page.get_by_role("link", name="Horaires", exact=True)).to_be_visible()
    if width > 1000:
        expect(last).to_be_visible()
        expect(more).to_be_hidden()
        return
    expect(last).to_be_hidden()
    more.focus()
    _press(desk, "Enter")
    expect(last).to_be_visible()
    expect(desk.page.get_by_role("button", name="Moins")).to_have_attribute("aria-expanded", "true")


@pytest.mark.parametrize("width", [390, 1440])
def test_of_forty_agendas_a_few_are_chosen_with_the_keyboard(
    visitor: Callable[..., Visitor], width: int
) -> None:
    desk = _desk(visitor(width), "solange.mossuz@example.fr")
    page = desk.page
    desk.go("/cabinet/?jour=2027-03-02")
    desk.look()
    assert page.locator("#who-list input[type=checkbox]").count() >= 40
    _press(desk, "c")
    expect(_focused(desk)).to_have_attribute("id", "who-filter")
    page.keyboard.type("pediat")
    ticked = page.locator("#who-list input:checked")
    before = ticked.count()
    _press(desk, "ArrowDown", "Space")
    expect(ticked).not_to_have_count(before)
    expect(page.locator("#who-count")).to_contain_text(f"{ticked.count()} agenda")
    expect(page.locator("section.day, .closed-day li")).to_have_count(ticked.count())
    desk.look()


def test_a_date_typed_digit_by_digit_is_gone_to_when_it_is_whole(
    visitor: Callable[..., Visitor],
) -> None:
    """The control: the browser tells of a change before the date is whole."""
    desk = _desk(visitor(1440))
    page = desk.page
    page.evaluate(
        "() => { window.heard = [];"
        " document.addEventListener('change', (event) => window.heard.push(event.target.value)) }"
    )
    page.locator("#jour").focus()
    _press(desk, *"12122027")
    assert len(page.evaluate("window.heard")) > 1, "and the page is still the same"
    _press(desk, "Enter")
    expect(page).to_have_url(re.compile(r"jour=2027-12-12"))
    page.wait_for_load_state()
    page.locator("#jour").focus()
    _press(desk, *"0505", "Tab", "Tab", "Tab")
    expect(page).to_have_url(re.compile(r"jour=2027-05-05"))

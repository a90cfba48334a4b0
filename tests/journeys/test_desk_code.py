"""The desk prints a sheet; somebody of eighty-five opens an account with it, without e-mail."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import EYES_AT_SALLANCHES, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]
SECRETARY = "nadia.kerviel@example.fr"
PASSWORD = "quatre mots sans aucun rapport"


def _sheet(desk: Visitor) -> tuple[list[str], list[str], str]:
    """What is printed: address, code and card's number; the list; and the birth date."""
    page = desk.page
    desk.go("/cabinet/patients/")
    page.locator("main input[name=q]").fill("Marcelle")
    page.locator("main input[name=q]").press("Enter")
    page.locator("#hits a", has_text="Marcelle").first.click()
    expect(page).to_have_url(re.compile("/cabinet/patients/[0-9a-f-]{36}"))
    file = page.url
    page.get_by_role("link", name="Corriger").click()
    born = page.locator("#f-birth_date").input_value()
    page.goto(file)
    page.get_by_role("link", name="Code pour un compte").click()
    desk.look()
    page.get_by_label("Carte d’identité").check()
    desk.press("Préparer la feuille")
    expect(page.locator(".desk-sheet")).to_be_visible()
    desk.look()
    large = page.locator(".sheet-large").all_inner_texts()
    return large, page.locator(".sheet-codes li").all_inner_texts(), born


def test_a_sheet_from_the_desk_is_an_account_that_books(visitor: Callable[..., Visitor]) -> None:
    desk, patient = visitor(1440), visitor(390)
    desk.sign_in(SECRETARY)
    (address, code, card), codes, born = _sheet(desk)
    page = patient.page
    patient.go(address[address.index("/") :])
    page.get_by_label("Code de votre feuille").fill(code.lower())
    page.get_by_label("Votre date de naissance").fill(born)
    patient.look()
    patient.press("Continuer")
    page.get_by_label("Choisissez un mot de passe").fill(PASSWORD)
    patient.look()
    patient.press("Continuer")
    expect(page.locator("main")).to_contain_text("de votre liste sur papier")
    expect(page.locator("main")).not_to_contain_text("application")
    page.get_by_label("Code", exact=True).fill(codes[0])
    patient.press("Se connecter")
    expect(page.locator("h1")).to_have_text("Mes rendez-vous")
    # As on any later day: the card's number, the password, the next code.
    page.context.clear_cookies()
    patient.go("/compte/connexion/")
    page.get_by_label("Adresse e-mail, ou numéro de carte").fill(card)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    patient.press("Se connecter")
    page.get_by_label("Code", exact=True).fill(codes[1])
    patient.press("Se connecter")
    expect(page.locator("h1")).to_have_text("Mes rendez-vous")
    patient.go(EYES_AT_SALLANCHES)
    page.locator("a.slot:visible").last.click()
    expect(page).to_have_url(re.compile("/reserver/"))
    time_of_visit = page.locator("h1").inner_text()
    patient.answer()
    patient.press("Confirmer le rendez-vous")
    expect(page.get_by_role("status")).to_contain_text("C’est réservé.")
    patient.go("/mes-rendez-vous/")
    expect(page.locator(".appt:not(.appt-past)").filter(has_text=time_of_visit)).to_have_count(1)
    patient.go("/mon-compte/contact")
    patient.look()

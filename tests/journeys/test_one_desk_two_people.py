"""Two people at one browser: each finds their own, the back button nothing; a pair joined there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

SECRETARY, DOCTOR = "nadia.kerviel@example.fr", "octave.tissandier@example.fr"

ANOTHER_TAB_OPENS = """() => document.addEventListener("submit", () =>
  new BroadcastChannel("serment-desk").postMessage({ open: true }))"""
"""A slow tab that comes back between the button and the answer: it once led her elsewhere."""


def test_the_desk_changes_hands_and_a_pair_is_joined_and_parted(
    visitor: Callable[..., Visitor],
) -> None:
    desk = visitor(1440)
    page = desk.page
    desk.sign_in(SECRETARY)
    second_tab = page.context.new_page()
    second_tab.goto(f"{desk.demo.base}/cabinet/")
    desk.go("/cabinet/patients/nouveau")
    page.locator("[name=family_name]").fill("Sansfin")
    page.get_by_role("button", name=re.compile("Changer d’utilisateur")).click()
    locked = page.get_by_role("heading", name="Poste verrouillé")
    expect(locked).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("Sansfin")
    expect(page.locator(":focus")).to_have_attribute("type", "password")
    expect(second_tab.get_by_role("heading", name="Poste verrouillé")).to_be_visible()
    desk.look()
    page.go_back()
    expect(locked).to_be_visible()

    desk.sign_in(DOCTOR)
    desk.go("/cabinet/identites/")
    desk.look()
    page.locator(".pairs a").first.click()
    desk.look()
    page.get_by_role("button", name=re.compile("Une seule personne")).click()
    expect(page.get_by_text("Deux dossiers réunis")).to_be_visible()
    page.get_by_role("link", name="Les séparer de nouveau").click()
    desk.look()
    desk.press("Séparer")
    expect(page.get_by_text("Ce sont de nouveau deux dossiers")).to_be_visible()

    page.get_by_role("button", name=re.compile("Changer d’utilisateur")).click()
    hers = page.locator("section", has_text="N. K.")
    hers.locator("[name=password]").fill(desk.demo.password_of(SECRETARY))
    page.evaluate(ANOTHER_TAB_OPENS)
    hers.get_by_role("button", name="Reprendre").click()
    expect(page).to_have_url(re.compile("/cabinet/patients/nouveau$"))
    expect(page.locator("[name=family_name]")).to_have_value("Sansfin")

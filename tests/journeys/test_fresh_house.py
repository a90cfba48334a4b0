"""A house that the operator's command just made, until a stranger finds free times there and the
desk books one: real browser, device, keeper and pages.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect

from serment import clock, ids
from serment.directory import rpps
from serment.identity import command
from tests.journeys.test_staff_passkey import BASE, house
from tests.journeys.test_team import FIRST, SECOND, Colleague
from tests.web_practice.house import House

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

__all__ = ["house"]
TEN = "1077665544"


def test_from_the_operator_s_command_to_the_first_visit(
    browser: Browser, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    del house
    command.add("Cabinet du Gué", "Ada Chanterelle", f"{ids.new_id().hex[:10]}@exemple.fr")
    path = re.findall(r"/compte/invitation/\S+", capsys.readouterr().out)[0]
    manager = Colleague(browser)
    manager.arrives(path)
    manager.chooses(FIRST)
    manager.works()
    _publishes(manager)
    _found()
    secretary = Colleague(browser)
    secretary.arrives(manager.invites("Odile", "secretary"))
    secretary.chooses(SECOND)
    page = secretary.page
    page.goto(f"{BASE}/cabinet/patients/nouveau")
    for name, value in (("family_name", "Marchal"), ("given_name", "Odette")):
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=birth_date]").fill("3/5/1946")
    page.locator("[name=phone]").fill("06 39 98 21 04")
    page.locator("main form.file-form button[type=submit]").first.click()
    there = page.get_by_role("link", name="Proches et justificatifs").get_attribute("href") or ""
    patient = there.split("/")[3]
    day = clock.now().date() + timedelta(days=7)
    page.goto(f"{BASE}/cabinet/reserver/?patient={patient}&jour={day}")
    page.locator("a.slot").first.click()
    page.get_by_role("button", name="Confirmer le rendez-vous").click()
    expect(page.locator("main")).to_contain_text("Marchal")
    for one in (manager, secretary):
        one.page.context.close()


def _publishes(manager: Colleague) -> None:
    """Step by step, as the empty agenda says."""
    page = manager.page
    expect(page.locator(".steps-left li")).to_have_count(5)
    page.get_by_role("link", name="Un lieu").click()
    page.locator("#f-name").fill("Cabinet du Gué")
    page.locator("#f-address_line").fill("8 rue du Gué")
    page.locator("#f-commune").fill("74700")
    page.get_by_role("button", name="Enregistrer et publier").click()
    page.get_by_label("74700 Sallanches").check()
    page.get_by_role("button", name="Enregistrer et publier").click()
    page.get_by_role("link", name="Qui reçoit").click()
    page.locator("#f-rpps").fill(TEN + rpps.check_digit(TEN))
    page.locator("#f-title").fill("Dr")
    page.locator("#f-given_name").fill("Philippine")
    page.locator("#f-family_name").fill("Vaudagne")
    page.locator("#metier").select_option("10/SM54")
    page.get_by_role("button", name="Enregistrer et publier").click()
    page.get_by_role("link", name="Un motif").click()
    page.locator("#name_fr").fill("Consultation")
    page.get_by_role("button", name="Ajouter le motif").click()
    expect(page.locator("main")).to_contain_text("20 min")
    page.goto(f"{BASE}/cabinet/etablissement/")
    page.get_by_role("link", name="Des heures").click()
    for weekday in page.locator("input[name=jours]").all():
        weekday.check()
    page.locator("[name=de]").fill("09:00")
    page.locator("[name=a]").fill("12:00")
    page.locator("main form button[type=submit]").first.click()
    page.goto(f"{BASE}/cabinet/etablissement/")
    expect(page.locator(".step-done")).to_have_count(4)


def _found() -> None:
    """A stranger, who is nobody here, sees times to book."""
    stranger = Client(headers={"accept-language": "fr"})
    found = stranger.get("/rendez-vous/?quoi=specialty:medecin-generaliste&ou=74256", follow=True)
    assert "Vaudagne" in found.content.decode()
    times = stranger.get("/soignant/dr-philippine-vaudagne/").content.decode()
    assert "/reserver/" in times

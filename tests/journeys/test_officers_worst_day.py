"""An officer's worst day in a real browser: alarm, freeze, two signatures over one fingerprint.

Browsers, devices, keeper and pages are real; three days pass by the drill's clock, so that the keys
count. Only the wire between browser and pages is short, as in ``test_staff_passkey``.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from serment import clock
from serment.disclosure import SYSTEM, gate
from serment.identity import registration, staff
from serment.identity.models import Role
from tests import factors
from tests.journeys.test_staff_passkey import BASE, Person, house
from tests.web_practice.house import PASSWORD, House

__all__ = ["house"]

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

WHY = "Malaise au comptoir, traitement inconnu"


def officer(browser: Browser, house: House, role: Role, name: str) -> Person:
    """An officer of the house, whose key will count tomorrow."""
    login = f"{role.value}-{house.email}"
    who = {"given_name": name, "family_name": "Kermorvan"}
    account = registration.create(SYSTEM, login, dict(who), password=PASSWORD)
    here = house.practice.establishment
    staff.create(SYSTEM, here, role, {**who, "email": login}, account=account.pk)
    person = Person(browser, login, factors.plant(account.pk))
    person.with_password()
    person.add_key("clé de poche")
    return person


def test_alarm_then_freeze_then_two_who_sign_for_the_same_erasure(
    browser: Browser, house: House
) -> None:
    one = officer(browser, house, Role.PRIVACY_OFFICER, "Nadège")
    other = officer(browser, house, Role.MANAGER, "Yann")
    # A second officer whom only the pages named begins after three days.
    gate.drive_clock(clock.now() + timedelta(days=3, minutes=1))
    one.with_key()
    other.with_key()
    desk = house.enter()
    desk.post(f"/cabinet/urgence/{house.files[0]}/", {"raison": "care", "pourquoi": WHY})
    desk.post(f"/cabinet/patients/{house.files[1]}/effacer", {"demande": "oui"})

    one.page.goto(f"{BASE}/acces/alertes/")
    expect(one.page.locator("h1")).to_contain_text("Une alerte à regarder")
    one.page.get_by_role("link", name="Geler ses connexions").click()
    one.page.locator("#heures").select_option("0")
    one.page.locator("#pourquoi").fill("inconnue au poste d’accueil")
    one.page.get_by_role("button", name="Geler", exact=True).click()
    expect(one.page.locator("main")).to_contain_text("C’est gelé")
    assert "Votre accès est gelé" in desk.get("/cabinet/").content.decode()
    stopped = desk.post(f"/cabinet/urgence/{house.files[2]}/", {"raison": "life", "pourquoi": WHY})
    assert "Ce dossier reste fermé" in stopped.content.decode()

    fingerprints = []
    for who in (one, other):
        who.page.goto(f"{BASE}/acces/accords/")
        expect(who.page.locator(".grant")).to_contain_text("Aurore Lemoine")
        fingerprints.append(who.page.locator(".grant code").inner_text())
        who.page.get_by_role("button", name="Approuver avec ma clé").click()
        expect(who.page.locator(".page-messages")).to_contain_text(
            "approuvé" if who is other else "noté"
        )
    assert fingerprints[0] == fingerprints[1]
    other.page.get_by_label("J’efface pour de bon").check()
    other.page.get_by_role("button", name="Effacer maintenant").click()
    expect(other.page.locator("main")).to_contain_text("plus personne ne l’ouvre")

    one.page.goto(f"{BASE}/acces/gels/")
    one.page.get_by_text("Lever ce gel").first.click()
    one.page.get_by_label("Pourquoi il peut être levé").fill("c’était elle")
    one.page.get_by_role("button", name="Lever avec ma clé").click()
    expect(one.page.locator("h1")).to_contain_text("Rien n’est gelé")
    for person in (one, other):
        person.page.context.close()

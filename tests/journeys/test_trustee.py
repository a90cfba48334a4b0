"""A practice of one and its outside trustee, in two real browsers: one word each, both signed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from serment import clock
from serment.directory import tenancy
from serment.disclosure import SYSTEM, containment, gate, oversight, passkeys
from serment.identity import registration, staff
from serment.identity.models import Role
from serment.outbox.models import Message
from tests import factors
from tests.journeys.test_officers_worst_day import officer
from tests.journeys.test_staff_passkey import BASE, Person, house
from tests.web_practice.house import PASSWORD, House

__all__ = ["house"]

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]


def trustee(browser: Browser, house: House) -> Person:
    """Named at set-up by the operator; how a house names one stands in ``tests/keeper``."""
    login = f"tiers-{house.email}"
    who = {"given_name": "Odile", "family_name": "Bressan"}
    account = registration.create(SYSTEM, login, dict(who), password=PASSWORD)
    here = house.practice.establishment
    made = staff.create(SYSTEM, here, Role.TRUSTEE, {**who, "email": login}, account=account.pk)
    passkeys.give_role(oversight.OPERATOR, made.pk, "trustee")
    person = Person(browser, login, factors.plant(account.pk))
    person.with_password()
    person.add_key("clé du tiers")
    return person


def test_what_one_approves_waits_for_the_trustee_who_signs_and_reads_no_name(
    browser: Browser, house: House
) -> None:
    here = house.practice.establishment
    containment.set_solo(oversight.OPERATOR, here)
    doctor, second = officer(browser, house, Role.MANAGER, "Yann"), trustee(browser, house)
    second.page.goto(f"{BASE}/confiance/")
    expect(second.page.locator("main")).to_contain_text("Rien n’attend votre accord")
    gate.drive_clock(clock.now() + timedelta(days=1, minutes=1))
    doctor.with_key()
    second.with_key()
    desk = house.enter()
    for file in house.files[:2]:
        desk.post(f"/cabinet/patients/{file}/effacer", {"demande": "oui"})

    doctor.page.goto(f"{BASE}/acces/accords/")
    signs = doctor.page.get_by_role("button", name="Approuver avec ma clé")
    for left in (1, 0):
        signs.first.click()
        expect(signs).to_have_count(left)
        expect(doctor.page.locator(".page-messages")).to_contain_text("Il en faut encore un")
        doctor.page.wait_for_load_state("load")  # pressed sooner, the script is not there yet
    with tenancy.inside(here):
        assert Message.objects.filter(kind="trustee_asked").count() == 1
    second.page.goto(f"{BASE}/confiance/")
    expect(second.page.locator("h1")).to_have_text("2 actes attendent votre accord")
    shown = second.page.locator("main").inner_text()
    assert "1 personne" in shown
    assert "Lemoine" not in shown
    assert "Roux" not in shown
    second.page.get_by_role("button", name="Approuver avec ma clé").first.click()
    expect(second.page.locator(".page-messages")).to_contain_text("Approuvé, et signé")
    second.page.wait_for_load_state("load")
    second.page.get_by_role("button", name="Refuser avec ma clé").first.click()
    expect(second.page.locator(".page-messages")).to_contain_text("Refusé, et signé")
    expect(second.page.locator("h1")).to_have_text("Rien n’attend votre accord")

    doctor.page.goto(f"{BASE}/acces/accords/")
    doctor.page.get_by_label("J’efface pour de bon").check()
    doctor.page.get_by_role("button", name="Effacer maintenant").click()
    expect(doctor.page.locator("main")).to_contain_text("plus personne ne l’ouvre")
    for person in (doctor, second):
        person.page.context.close()

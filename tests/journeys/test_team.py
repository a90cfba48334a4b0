"""A house from nothing, in a real browser: its manager, a practitioner with a key, a secretary who
loses everything, comes back by two people, and whose access ends.

As in ``test_staff_passkey``: browser, device, keeper and pages are real, the wire is short.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Browser, expect

from serment import clock, ids
from serment.disclosure import gate
from serment.identity import command
from serment.outbox import envelopes
from tests import factors
from tests.journeys.test_staff_passkey import BASE, Person, house
from tests.web_practice.house import House

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

__all__ = ["house"]
FIRST = "sept hérissons dans la cour"
SECOND = "neuf chouettes sur le toit"


class Colleague(Person):
    """Somebody who has nothing yet but a link."""

    def __init__(self, browser: Browser) -> None:
        super().__init__(browser, "", "")

    def arrives(self, path: str) -> None:
        self.pages.get(path)
        self.page.goto(f"{BASE}/compte/invitation/")

    def chooses(self, password: str) -> None:
        """A password, then the application: the digits come from what the page shows."""
        self.page.locator("#id_password1").fill(password)
        self.page.get_by_role("button", name="Créer mon accès").click()
        expect(self.page.locator("h1")).to_contain_text("pplication")
        shown = self.page.locator(".secret-text").first.text_content() or ""
        secret = re.sub(r"[^A-Z2-7]", "", shown)
        self.page.locator("input[name=code]").fill(factors.code(secret))
        self.page.locator("main form button[type=submit]").first.click()
        expect(self.page.locator(".recovery-codes")).to_be_visible()

    def works(self) -> None:
        self.page.goto(f"{BASE}/cabinet/")
        expect(self.page.locator("body")).to_contain_text("Se déconnecter")

    def invites(self, given: str, role: str) -> str:
        """By the form; the path of the link that goes out."""
        self.page.goto(f"{BASE}/cabinet/equipe/inviter/")
        for name, value in (("given_name", given), ("family_name", "Bressan")):
            self.page.locator(f"#f-{name}").fill(value)
        self.page.locator("#f-email").fill(f"{ids.new_id().hex[:10]}@exemple.fr")
        self.page.locator(f"input[name=role][value={role}]").check()
        self.page.get_by_role("button", name="Envoyer l’invitation").click()
        expect(self.page.locator("main")).to_contain_text(f"{given} Bressan")
        return link_sent()

    def looks_at(self, name: str) -> None:
        """A colleague's page."""
        self.page.goto(f"{BASE}/cabinet/equipe/")
        there = self.page.get_by_role("link", name=name).get_attribute("href")
        self.page.goto(f"{BASE}{there}")


def link_sent() -> str:
    envelopes.send_waiting(clock.now())
    sent = "\n".join(str(one.body) for one in mail.outbox)
    found: list[str] = re.findall(r"/compte/invitation/\S+", sent)
    return found[-1]


def test_a_house_from_the_operator_s_command_to_the_end_of_an_access(
    browser: Browser, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    del house
    command.add("Cabinet du Lac", "Ada Chanterelle", f"{ids.new_id().hex[:10]}@exemple.fr")
    path = re.findall(r"/compte/invitation/\S+", capsys.readouterr().out)[0]
    manager = Colleague(browser)
    manager.arrives(path)
    manager.chooses(FIRST)
    manager.works()

    doctor = Colleague(browser)
    path = manager.invites("Octave", "practitioner")
    doctor.arrives(path)
    with doctor.page.expect_navigation():
        doctor.page.get_by_role("button", name="Créer une clé d’accès").click()
    expect(doctor.page.locator("h1")).to_contain_text("Votre première clé")
    # Leaves half way, and opens the link again: nothing stands, and both ways are there.
    doctor.pages.cookies.clear()
    doctor.page.goto(f"{BASE}/cabinet/")
    expect(doctor.page.locator("h1")).to_contain_text("Se connecter")
    doctor.arrives(path)
    expect(doctor.page.get_by_role("button", name="Créer mon accès")).to_be_visible()
    with doctor.page.expect_navigation():
        doctor.page.get_by_role("button", name="Créer une clé d’accès").click()
    doctor.page.goto(f"{BASE}/compte/invitation/cle/")
    doctor.page.get_by_role("button", name="Créer ma clé").click()
    expect(doctor.page.locator("body")).to_contain_text("Bienvenue dans l’équipe.")
    doctor.with_key()
    doctor.works()

    secretary = Colleague(browser)
    secretary.arrives(manager.invites("Odile", "secretary"))
    secretary.chooses(FIRST)
    secretary.works()
    _loses_all_and_comes_back(manager, doctor, secretary)

    manager.looks_at("Odile Bressan")
    manager.page.goto(f"{manager.page.url}fin/")
    expect(manager.page.locator("main")).to_contain_text("Ce qui arrive")
    manager.page.get_by_role("button", name="Mettre fin maintenant").click()
    expect(manager.page.locator("main")).to_contain_text("L’accès est terminé")
    secretary.page.goto(f"{BASE}/cabinet/")
    expect(secretary.page.locator("body")).to_contain_text("Se connecter")
    _signs_for_another_role(manager)
    for one in (manager, doctor, secretary):
        one.page.context.close()


def _loses_all_and_comes_back(manager: Any, doctor: Any, secretary: Any) -> None:
    manager.looks_at("Odile Bressan")
    manager.page.goto(f"{manager.page.url}perdu/")
    manager.page.get_by_role("button", name="Demander que l’accès soit rendu").click()
    expect(manager.page.locator("main")).to_contain_text("Une autre personne que vous confirme.")
    doctor.page.goto(f"{BASE}/cabinet/equipe/rendre/")
    doctor.page.get_by_role("button", name="Je confirme").click()
    expect(doctor.page.locator("main")).to_contain_text("un lien est parti")
    secretary.pages.cookies.clear()
    secretary.arrives(link_sent())
    secretary.chooses(SECOND)
    secretary.works()


def _signs_for_another_role(manager: Any) -> None:
    """From the day on which a key of an officer counts, a role is given with its signature."""
    manager.add_key("téléphone")
    gate.drive_clock(clock.now() + timedelta(days=1, minutes=1))
    manager.with_key()
    manager.looks_at("Octave Bressan")
    manager.page.locator("#role").select_option("secretary")
    manager.page.get_by_role("button", name="Changer le rôle").click()
    expect(manager.page.locator("h1")).to_contain_text("Confirmer avec votre clé")
    manager.page.wait_for_load_state("load")  # pressed sooner, the script is not there yet
    manager.page.get_by_role("button", name="Confirmer avec ma clé").click()
    expect(manager.page.locator("main")).to_contain_text("Le rôle est changé.")

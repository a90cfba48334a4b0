"""A patient from sign-up to all lost: the ways in, a second factor, what is left when one is gone.

Once with a password and an application of codes, once without a password and with a passkey.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests import factors
from tests.journeys.visitor import EYES_AT_SALLANCHES, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]
PASSWORD, ANOTHER = "huit pommes et une poire", "une mule grise dans la brume"
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasPrf": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip
OPENED = "/qui-a-ouvert-mes-donnees/"
_THREE_DAYS_PASS = """
import django, sys
from datetime import datetime, timedelta
django.setup()
from serment.identity import registration
from serment.identity.means import keeping, rescue
with keeping.changing_alone(registration.by_address(sys.argv[1])) as book:
    asked = datetime.fromisoformat(book.asked_back)
    book.asked_back = (asked - rescue.WAIT - timedelta(minutes=1)).isoformat()
"""


class Patient:
    """What one does with the pages of signing in."""

    def __init__(self, visitor: Visitor, address: str) -> None:
        self.visitor, self.page, self.address = visitor, visitor.page, address

    def sign_up(self, button: str, **typed: str) -> None:
        """The form, and the code that came by mail."""
        self.visitor.go("/compte/inscription/")
        person = {"given_name": "Philomène", "family_name": "Quatrevaux", "birth_date": "12/3/1943"}
        for name, value in (person | {"email": self.address} | typed).items():
            self.page.locator(f"#id_{name}").fill(value)
        self.press(button)
        expect(self.page).to_have_url(re.compile("/compte/code/"))
        self.page.locator("#id_code").fill(self.visitor.code_sent_to(self.address))
        self.press("Continuer")

    def sign_out(self) -> None:
        """By the page of that name."""
        self.visitor.go("/compte/deconnexion/")
        self.send("Se déconnecter")

    def sign_in(self, password: str = PASSWORD) -> None:
        """By address and password, from signed out."""
        self.visitor.go("/compte/connexion/")
        self.page.locator("#id_login").fill(self.address)
        self.page.locator("#id_password").fill(password)
        self.send("Se connecter")

    def show(self, code: str) -> None:
        """Digits or a code from paper, at the second step."""
        expect(self.page.locator("h1")).to_have_text("Encore une étape")
        self.page.locator("#id_code").fill(code)
        self.press("Se connecter")
        expect(self.page).to_have_url(re.compile("/mes-rendez-vous/"))

    def keep_codes(self) -> list[str]:
        """The recovery codes, which are shown once."""
        expect(self.page.locator("h1")).to_have_text("Vos codes de secours")
        self.visitor.look()
        codes = self.page.locator(".recovery-codes code").all_inner_texts()
        assert len(set(codes)) == 8
        self.page.get_by_role("link", name="Je les ai rangés").click()
        return codes

    def press(self, name: str) -> None:
        self.page.locator("main").get_by_role("button", name=name, exact=True).click()

    def send(self, name: str) -> None:
        """Press, and wait for the page that answers: what is asked next finds it done."""
        with self.page.expect_navigation():
            self.press(name)

    def stands_at(self, heading: str) -> None:
        expect(self.page.locator("h1")).to_have_text(heading)
        self.visitor.look()


def test_with_an_application_a_day_and_then_all_is_lost(visitor: Callable[..., Visitor]) -> None:
    patient = Patient(visitor(390, "fr"), "philomene.quatrevaux@example.fr")
    page, go = patient.page, patient.visitor.go
    patient.sign_up("Créer mon compte", password1=PASSWORD)
    expect(page).to_have_url(re.compile("/mes-rendez-vous/"))

    # More than one's own visits: told what to do, and led there and back.
    go(OPENED)
    patient.stands_at("Protégez d’abord votre compte")
    page.get_by_role("link", name="Ajouter une application").click()
    page.locator("summary", has_text="recopier le secret").click()
    patient.visitor.look()
    secret = page.locator(".secret-text").inner_text().replace(" ", "")
    page.locator("#id_code").fill(factors.code(secret))
    patient.press("Terminer")
    codes = patient.keep_codes()
    expect(page.locator("h1")).to_have_text("Qui a ouvert mes données")

    # The day's work, after coming back with both factors.
    patient.sign_out()
    patient.sign_in()
    patient.show(factors.code(secret, 1))  # the next ones, which count already: each serves once
    go(EYES_AT_SALLANCHES)
    go(patient.visitor.slots()[-2])
    patient.visitor.answer()
    patient.press("Confirmer le rendez-vous")
    expect(page.get_by_role("status")).to_contain_text("C’est réservé.")
    go(OPENED)
    expect(page.locator(".opened").first).to_be_visible()

    # The telephone is lost: paper, once.
    patient.sign_out()
    patient.sign_in()
    patient.show(codes[2])
    go("/compte/securite/")
    expect(page.locator("main")).to_contain_text("Il vous reste 7 codes")

    # All is lost. Whoever knows the password waits three days, and the mailbox is told.
    patient.sign_out()
    patient.sign_in()
    page.get_by_role("link", name="Je n’ai plus rien de tout cela").click()
    patient.stands_at("Retrouver l’accès")
    patient.press("Demander l’accès")
    expect(page.locator("main")).to_contain_text("Votre demande est notée")
    expect(page.get_by_role("button", name="Recevoir le lien")).to_have_count(0)
    assert "redemande l’accès" in patient.visitor.letter_to(patient.address, "redemande")
    patient.visitor.demo.run("-c", _THREE_DAYS_PASS, patient.address)
    page.reload()
    patient.press("Recevoir le lien")
    letter = patient.visitor.letter_to(patient.address, "/compte/secours/")
    page.goto(next(word for word in letter.split() if "/compte/secours/" in word))
    patient.send("Retirer les anciens moyens")
    patient.sign_in()
    go(OPENED)
    patient.stands_at("Protégez d’abord votre compte")
    page.get_by_role("link", name="Ajouter une application").click()
    patient.stands_at("Encore un peu de patience")


def _device(visitor: Visitor) -> tuple[Any, str]:
    tools = visitor.page.context.new_cdp_session(visitor.page)
    tools.send("WebAuthn.enable")
    made = tools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return tools, made["authenticatorId"]


def test_without_a_password_and_then_the_device_is_lost(visitor: Callable[..., Visitor]) -> None:
    patient = Patient(visitor(1440, "fr", color_scheme="dark"), "sidonie.quatrevaux@example.fr")
    page, go = patient.page, patient.visitor.go
    tools, device = _device(patient.visitor)
    patient.sign_up("Continuer sans mot de passe")
    expect(page).to_have_url(re.compile("/compte/cle-d-acces/premiere/"))
    patient.visitor.look()
    patient.press("Créer la clé")
    codes = patient.keep_codes()
    expect(page).to_have_url(re.compile("/mes-rendez-vous/"))

    # Back with the device alone: two factors, so the page of openings needs nothing more.
    patient.sign_out()
    go(OPENED)
    expect(page).to_have_url(re.compile("/compte/connexion/"))
    patient.press("Se connecter avec une clé d’accès")
    expect(page.locator("h1")).to_have_text("Qui a ouvert mes données")
    go("/compte/securite/")
    expect(page.locator("main")).to_contain_text("cet appareil")
    patient.visitor.look()

    # The holder is not recognised: nothing opens, and a sentence says so.
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    patient.sign_out()
    go("/compte/connexion/")
    patient.press("Se connecter avec une clé d’accès")
    expect(page.locator("[data-passkey-error]").first).to_be_visible(timeout=20_000)

    # The device is lost. A mailbox gives a password and no more: paper is the second factor.
    tools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})
    go("/compte/mot-de-passe/oublie/")
    page.locator("#id_email").fill(patient.address)
    patient.press("Recevoir un lien")
    letter = patient.visitor.letter_to(patient.address, "/mot-de-passe/")
    page.goto(next(word for word in letter.split() if "/mot-de-passe/" in word))
    for field in page.locator("input[type=password]").all():
        field.fill(ANOTHER)
    patient.send("Choisir ce mot de passe")
    patient.sign_in(ANOTHER)
    expect(page.get_by_role("button", name="Continuer avec une clé d’accès")).to_be_visible()
    patient.visitor.look()
    patient.show(codes[0])
    go(OPENED)
    expect(page.locator("h1")).to_have_text("Qui a ouvert mes données")

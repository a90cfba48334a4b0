"""A patient's passkey in a real browser: sign up without a password, come back, lose it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasPrf": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def _device(visitor: Visitor) -> tuple[Any, str]:
    tools = visitor.page.context.new_cdp_session(visitor.page)
    tools.send("WebAuthn.enable")
    made = tools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return tools, made["authenticatorId"]


def _sign_up(visitor: Visitor, address: str) -> list[str]:
    """Without a password: the recovery codes shown."""
    page = visitor.page
    visitor.go("/compte/inscription/")
    for name, typed in {
        "given_name": "Philomène", "family_name": "Quatrevaux", "birth_date": "12/03/1961",
        "email": address,
    }.items():  # fmt: skip
        page.locator(f"#id_{name}").fill(typed)
    page.get_by_role("button", name="Continuer sans mot de passe").click()
    expect(page).to_have_url(re.compile("/compte/code/"))
    page.locator("#id_code").fill(visitor.code_sent_to(address))
    page.locator("main button[type=submit]").first.click()
    expect(page).to_have_url(re.compile("/compte/cle-d-acces/premiere/"))
    page.get_by_role("button", name="Créer la clé").click()
    expect(page.locator("h1")).to_have_text("Vos codes de secours")
    return page.locator(".recovery-codes code").all_inner_texts()


def _sign_out(visitor: Visitor) -> None:
    visitor.go("/compte/deconnexion/")
    visitor.page.locator("main button[type=submit]").first.click()


def test_a_patient_needs_no_password_and_loses_the_passkey(
    visitor: Callable[..., Visitor],
) -> None:
    patient = visitor(390, "fr")
    page = patient.page
    tools, device = _device(patient)
    codes = _sign_up(patient, "philomene.quatrevaux@example.fr")
    assert len(set(codes)) == 8
    page.get_by_role("link", name="Je les ai rangés").click()
    expect(page).to_have_url(re.compile("/mes-rendez-vous/"))
    _sign_out(patient)
    # Back with the device alone: two factors, so the page of openings needs nothing more.
    patient.go("/compte/connexion/")
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(page).to_have_url(re.compile("/mes-rendez-vous/"))
    patient.go("/compte/securite/")
    expect(page.locator("main")).to_contain_text("cet appareil")
    patient.look()
    _sign_out(patient)
    # The holder is not recognised: nothing opens, and a sentence says so.
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    patient.go("/compte/connexion/")
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(page.locator("[data-passkey-error]").first).to_be_visible(timeout=20_000)
    # The device is lost: another one knows nothing.
    tools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})
    patient.go("/mes-rendez-vous/")
    expect(page).to_have_url(re.compile("/compte/connexion/"))

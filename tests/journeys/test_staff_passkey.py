"""Professional keys in a real browser: made, vouched for, signed in with; the record says verified.

Browser, device, keeper and pages are real; a day passes by the drill's clock. Only the wire between
browser and pages is short: each request is handed to Django in this process.
"""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import Iterator
from contextvars import copy_context
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, Page, Request, Route, expect

from serment import clock
from serment.disclosure import SYSTEM, Actor, gate, opening
from serment.disclosure.line import ask, client
from serment.disclosure.told import microseconds
from serment.identity import registration, staff
from serment.identity.models import Role
from serment.keeper import wire
from serment.keeper.words import OPERATOR_ID
from tests import factors
from tests.keeper.running import Running
from tests.web_practice.house import PASSWORD, House, make_house

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

BASE = "http://localhost:8000"
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def house(db: None, settings: Any) -> Iterator[House]:
    """A practice with a keeper of its own, that knows where its pages are."""
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with tempfile.TemporaryDirectory(prefix="keeper-") as folder:
        running = Running(
            Path(folder) / "state", Path(folder) / "k.sock",
            arguments=("--drill", "--public-url", BASE),
        ).start()  # fmt: skip
        client.hang_up()
        settings.KEEPER_SOCKET = str(running.socket)
        opening.leases.clear()
        yield make_house()
        client.hang_up()
        running.kill()


class Person:
    """Somebody at a browser of their own, on whose device a key can be made."""

    def __init__(self, browser: Browser, login: str, secret: str) -> None:
        self.login, self.secret = login, secret
        self._context = copy_context()  # Playwright's has no connection of ours
        self.pages = Client(headers={"accept-language": "fr", "host": "localhost:8000"})
        self.page: Page = browser.new_context(locale="fr-FR").new_page()
        self.page.route("**/*", self._answer)
        tools = self.page.context.new_cdp_session(self.page)
        tools.send("Network.enable")
        tools.send("Network.setBlockedURLs", {"urls": ["*.woff2"]})  # nobody looks at these pages
        tools.send("WebAuthn.enable")
        tools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            found = finders.find(path.removeprefix("/static/"))
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            body = Path(str(found)).read_bytes() if found else b""
            route.fulfill(status=200 if found else 404, body=body, content_type=kind)
            return
        answer = self._context.run(self._asked, route.request)
        shown = {name: value for name, value in answer.items() if name.lower() != "set-cookie"}
        route.fulfill(status=answer.status_code, headers=shown, body=answer.content)

    def _asked(self, request: Request) -> Any:
        parts = urlsplit(request.url)
        answer = self.pages.generic(
            request.method, f"{parts.path}?{parts.query}", request.post_data_buffer or b"",
            content_type=request.headers.get("content-type", ""),
        )  # fmt: skip

        while answer.status_code in (301, 302):
            answer = self.pages.get(answer["location"])
        return answer

    def with_password(self) -> None:
        """And with digits after it, as anybody of the staff."""
        answer = factors.sign_in(self.pages, self.login, PASSWORD, self.secret)
        assert answer.status_code == 302

    def with_key(self) -> None:
        self.pages.cookies.clear()
        self.page.goto(f"{BASE}/compte/connexion/")
        self.page.get_by_role("button", name="Se connecter avec une clé professionnelle").click()
        expect(self.page.locator("body")).to_contain_text("Se déconnecter")

    def keys(self) -> None:
        self.page.goto(f"{BASE}/compte/cle-professionnelle/")

    def add_key(self, label: str) -> None:
        self.keys()
        self.page.locator("#label").fill(label)
        self.page.get_by_role("button", name="Ajouter une clé").click()
        expect(self.page.locator("main")).to_contain_text("La clé est ajoutée.")
        expect(self.page.locator("main")).to_contain_text(label)

    def opens(self, visit: object) -> None:
        answer = self.pages.post(f"/cabinet/visite/{visit}/ouvrir")
        assert answer.status_code in (200, 302), answer.content


def colleague_of(house: House) -> tuple[str, str]:
    login = f"{house.email}.collegue"
    who = {"given_name": "Mathilde", "family_name": "Arnoux", "email": login}
    account = registration.create(
        SYSTEM, login, {"given_name": "Mathilde", "family_name": "Arnoux"}, password=PASSWORD
    )
    here = house.practice.establishment
    staff.create(SYSTEM, here, Role.SECRETARY, dict(who), account=account.pk)
    return login, factors.plant(account.pk)


def evidence_of(house: House) -> list[tuple[str, str]]:
    """Evidence and kind of all that staff did with the visits' persons, oldest first."""
    operator = Actor("operator", UUID(bytes=OPERATOR_ID), client="command")
    asked = wire.PerimeterAsk(0, microseconds(clock.now() + timedelta(days=3)))
    rows = ask("perimeter", operator, wire.Disclosures, asked, purpose="incident").rows
    return [(row.evidence, row.kind) for row in rows if row.actor_kind == "staff"]


def test_a_key_is_made_counts_after_a_day_vouches_for_another_and_signs_in_verified(
    browser: Browser, house: House
) -> None:
    one, other = Person(browser, house.email, house.secret), Person(browser, *colleague_of(house))
    one.with_password()
    one.add_key("téléphone")
    expect(one.page.locator("main")).to_contain_text("compte comme vérifiée à partir du")
    one.opens(house.visits[0])
    assert {told for told, kind in evidence_of(house) if kind == "read"} == {"claimed"}

    gate.drive_clock(clock.now() + timedelta(days=1, minutes=1))
    other.with_password()
    other.add_key("clé de l’accueil")
    one.with_key()
    one.keys()
    expect(one.page.locator("main")).to_contain_text("ouverte par une clé professionnelle vérifiée")
    one.page.get_by_role("button", name="Confirmer avec ma clé").click()
    expect(one.page.locator("main")).to_contain_text("la clé de votre collègue compte")

    other.with_key()
    other.opens(house.visits[1])
    assert ("verified", "read") in evidence_of(house)

    other.keys()
    other.page.get_by_role("button", name="Appareil perdu : arrêter").click()
    expect(other.page.locator("body")).to_contain_text("Se connecter")
    for person in (one, other):
        person.page.context.close()

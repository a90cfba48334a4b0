"""Somebody at a browser: what they see, press and read, in their language."""

from __future__ import annotations

import quopri
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qs, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.journeys.demo import Demo

HEIGHTS = {390: 844, 1440: 900}
PATIENT = "aurore.lemoine@example.fr"
RELATIVE = "bastien.lemoine@example.fr"
CODE_SECONDS = 90
"""A worker on a busy machine."""
PATIENT_MILLISECONDS = 45_000
"""Its pages. Costs nothing where they come at once."""
_WHOLE = "-" * 79
"""What ends a letter, once all of it is written."""
NOT_BEFORE = timedelta(hours=6)
"""A time offered now may be too near to be booked when the journey comes to it."""

EYES_AT_SALLANCHES = "/rendez-vous/?quoi=specialty:ophtalmologue&ou=74256"

ENGLISH = {
    "Rechercher": "Search",
    "Se connecter": "Sign in",
    "Mes rendez-vous": "My appointments",
    "Confirmer le rendez-vous": "Confirm the appointment",
    "Annuler ce rendez-vous": "Cancel this appointment",
    "Annuler le rendez-vous": "Cancel the appointment",
    "C’est réservé.": "It is booked.",
    "C’est annulé.": "It is cancelled.",
    "Qui a ouvert mes données": "Who opened my data",
    "ophtalmologue": "eye doctor",
    "Ophtalmologue": "Eye doctor",
}


@dataclass(slots=True)
class Visitor:
    """One browser with its own cookies."""

    page: Page
    demo: Demo
    language: str

    def says(self, french: str) -> str:
        """The same words as this visitor reads them."""
        return french if self.language == "fr" else ENGLISH[french]

    def go(self, path: str) -> None:
        self.page.goto(self.demo.base + path)

    def press(self, french: str) -> None:
        self.page.get_by_role("button", name=self.says(french), exact=True).click()

    def send(self, french: str) -> None:
        """Press, and wait for the page that answers: what is asked next finds it done."""
        with self.page.expect_navigation():
            self.press(french)

    def sign_in(self, login: str) -> None:
        """By the demo's one click, both factors at once: somebody else's test types them."""
        known = {"name": "serment_device", "value": "known-to-all-journeys", "url": self.demo.base}
        self.page.context.add_cookies([known])  # or each sign-in would be told by e-mail
        self.go("/demo")
        self.page.locator(f"form:has(input[value='{login}']) button").click()
        expect(self.page).not_to_have_url(re.compile("/demo"))
        self.page.wait_for_load_state()

    def complete(self, field: str, typed: str, chosen: str) -> None:
        """Type a few letters and take a proposal with the keyboard."""
        self.page.locator(field).press_sequentially(typed)
        proposals = self.page.locator(f"{field}-list [role=option]")
        expect(proposals.filter(has_text=chosen).first).to_be_visible()
        number = [chosen in text for text in proposals.all_inner_texts()].index(True)
        for _ in range(number + 1):
            self.page.locator(field).press("ArrowDown")
        self.page.locator(field).press("Enter")

    def slots(self) -> list[str]:
        """Addresses of the booking forms offered on this page, but for the nearest hours.

        One of each practitioner comes before a second of any: journeys share a demo, and nobody may
        have more than a few visits to come at one practitioner.
        """
        self.page.wait_for_load_state()
        links = self.page.locator("a.slot:visible").all()
        return dealt(later([str(link.get_attribute("href")) for link in links]))

    def answer(self, *, note: str = "", signs: str = "non") -> None:
        """Every question of a booking form, which is asked for as a whole first."""
        self.page.wait_for_load_state()
        for question in self.page.locator(f"fieldset.flag input[value={signs}]").all():
            question.check()
        self.page.locator("input[name=premiere][value=oui]").check()
        on_site = self.page.locator("input[type=radio][name=mode][value=in_person]")
        if on_site.count():
            on_site.check()
        self.page.locator("#mot").fill(note)

    def code_sent_to(self, address: str) -> str:
        """The six letters or digits of the last message to an address, once the worker sent it."""
        until = time.monotonic() + CODE_SECONDS
        while not (found := self._codes(address)) and time.monotonic() < until:
            time.sleep(0.2)
        assert found, f"no code within {CODE_SECONDS} s"
        return found[-1]

    def _codes(self, address: str) -> list[str]:
        return [
            code
            for text in self._letters(address)
            for code in re.findall(r"Votre code\s: (\S+)", text)
        ]

    def letter_to(self, address: str, holding: str) -> str:
        """The last message to an address that holds some words, once the worker sent it."""
        until = time.monotonic() + CODE_SECONDS
        found: list[str] = []
        while not found and time.monotonic() < until:
            found = [text for text in self._letters(address) if holding in text]
            time.sleep(0 if found else 0.2)
        assert found, f"no such letter within {CODE_SECONDS} s"
        return found[-1]

    def _letters(self, address: str) -> list[str]:
        files = sorted(
            (self.demo.state / "demo-mail").glob("*.log"), key=lambda file: file.stat().st_mtime_ns
        )
        letters = [_unfolded(file.read_bytes()) for file in files]
        return [text for text in letters if f"To: {address}" in text and _WHOLE in text]

    def look(self) -> None:
        """Nobody is shut out of this page, and it fits its width."""
        page = self.page
        page.wait_for_load_state()
        found = Axe().run(page)
        assert not found.violations_count, f"{page.url}\n{found.generate_report()}"
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{page.url} is {wide} px wider than its window"


def dealt(addresses: list[str]) -> list[str]:
    """These, one of each practitioner in turn, each one's in their order."""
    whose = [address.split("?")[0] for address in addresses]
    turn = [whose[:at].count(who) for at, who in enumerate(whose)]
    return [address for _, address in sorted(zip(turn, addresses, strict=True), key=itemgetter(0))]


def later(addresses: list[str]) -> list[str]:
    """Those of booking forms whose time is not near."""
    soonest = datetime.now(UTC) + NOT_BEFORE
    return [one for one in addresses if datetime.fromisoformat(_hour(one)) > soonest]


def _hour(address: str) -> str:
    return parse_qs(urlsplit(address).query)["heure"][0]


def _unfolded(letter: bytes) -> str:
    """A message's bytes as text, whatever its transfer encoding was."""
    return quopri.decodestring(letter).decode("utf-8", "replace")


def open_browser(
    browser: Browser, demo: Demo, width: int = 390, language: str = "fr", **more: Any
) -> Visitor:
    """A new visitor; ``more`` as Playwright's contexts take it."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHTS[width]},
        locale="fr-FR" if language == "fr" else "en-GB",
        **more,
    )
    context.set_default_timeout(PATIENT_MILLISECONDS)
    return Visitor(context.new_page(), demo, language)

"""Manager, practitioner and officer in a real browser: each comes in by a link, loses everything,
comes back by two others, and finds their day's work again.

As in ``test_team``, which shows the same of a secretary: browser, keeper and pages are real, the
wire is short.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from serment import ids
from serment.identity import command
from tests.journeys.test_staff_passkey import BASE, house
from tests.journeys.test_team import FIRST, SECOND, Colleague, link_sent
from tests.web_practice.house import House

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

__all__ = ["house"]
HOUSE, SLUG = "Cabinet de la Dent du Chat", "cabinet-de-la-dent-du-chat"


def _finds(one: Colleague, path: str, words: str | re.Pattern[str]) -> None:
    one.page.goto(f"{BASE}{path}")
    expect(one.page.locator("h1")).to_contain_text(words)


def _comes_back(
    lost: Colleague,
    name: str,
    *,
    asks: Colleague,
    confirms: Colleague,
    may_not: Colleague | None = None,
) -> None:
    """Nobody alone: who asked is not offered the button that confirms, nor who answers for less."""
    asks.looks_at(name)
    asks.page.goto(f"{asks.page.url}perdu/")
    asks.page.get_by_role("button", name="Demander que l’accès soit rendu").click()
    expect(asks.page.locator("main")).to_contain_text("Une autre personne que vous confirme.")
    for one in filter(None, (asks, may_not)):
        one.page.goto(f"{BASE}/cabinet/equipe/rendre/")
        expect(one.page.locator("main")).to_contain_text(name)
        expect(one.page.get_by_role("button", name="Je confirme")).to_have_count(0)
    confirms.page.goto(f"{BASE}/cabinet/equipe/rendre/")
    confirms.page.get_by_role("button", name="Je confirme").click()
    expect(confirms.page.locator("main")).to_contain_text("un lien est parti")
    lost.page.goto(f"{BASE}/cabinet/")
    expect(lost.page.locator("body")).to_contain_text("Se connecter")  # what was open is closed
    lost.arrives(link_sent())
    lost.chooses(SECOND)


def test_each_loses_all_and_two_others_give_it_back(
    browser: Browser, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    del house

    def printed() -> str:
        found: list[str] = re.findall(r"/compte/invitation/\S+", capsys.readouterr().out)
        return found[-1]

    def address() -> str:
        return f"{ids.new_id().hex[:10]}@exemple.fr"

    def invited(office: str, name: str) -> Colleague:
        command.officer(SLUG, command.Office(office), name, address())
        return came_in(Colleague(browser))

    def came_in(one: Colleague) -> Colleague:
        one.arrives(printed())
        one.chooses(FIRST)
        return one

    command.add(HOUSE, "Ada Chanterelle", address())
    manager = came_in(Colleague(browser))
    privacy, security = (
        invited("privacy_officer", "Inès Bolet"),
        invited("security_officer", "Guy Russule"),
    )
    doctor = Colleague(browser)
    doctor.arrives(manager.invites("Octave", "practitioner"))
    doctor.chooses(FIRST)

    _comes_back(privacy, "Inès Bolet", asks=manager, confirms=security, may_not=doctor)
    _finds(privacy, "/acces/", "ont été ouvertes")
    _comes_back(doctor, "Octave Bressan", asks=privacy, confirms=manager)
    _finds(doctor, "/cabinet/", re.compile("di |dimanche", re.I))
    _comes_back(manager, "Ada Chanterelle", asks=privacy, confirms=security, may_not=doctor)
    _finds(manager, "/cabinet/equipe/", "quipe")
    for one in (manager, doctor, privacy, security):
        one.page.context.close()

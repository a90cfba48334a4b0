"""Every page at both widths, in both languages, light and dark: usable by all, and it fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import ConsoleMessage, expect

from tests.journeys.visitor import EYES_AT_SALLANCHES, PATIENT, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

FOR_EVERYBODY = (
    "/",
    "/rendez-vous/?quoi_texte=zzz&ou_texte=zzzz",
    EYES_AT_SALLANCHES,
    f"{EYES_AT_SALLANCHES}&vue=carte",
    "/rendez-vous/?quoi=specialty:neurologue&ou=2A004",
    "/rendez-vous/?quoi=profession:sage-femme&ou=74256&secteur=1",
    "/compte/connexion/",
    "/compte/inscription/",
    "/compte/mot-de-passe/oublie/",
    "/nulle-part/",
    "/demo",
    "/demo/voler",
    "/demo/courrier",
    "/partenaires/",
    "/aide/",
    "/aide/la-journee/",
)
FOR_PATIENTS = ("/mes-rendez-vous/", "/qui-a-ouvert-mes-donnees/", "/mon-compte/")
VARIANTS = [
    (390, "fr", "dark"),
    (1440, "en", "light"),
    pytest.param(390, "en", "light", marks=pytest.mark.torture),
    pytest.param(1440, "fr", "dark", marks=pytest.mark.torture),
]


FOR_OFFICERS = ("/acces/", "/acces/?jours=30", "/acces/lignes/?jours=30")
FOR_THE_DESK = (
    "/cabinet/salle-d-attente/", "/cabinet/rappels/", "/cabinet/mois/", "/cabinet/liste-d-attente/",
    "/cabinet/reponses/",
)  # fmt: skip
FOR_PRACTITIONERS = (
    "/cabinet/horaires/", "/cabinet/horaires/absence/", "/cabinet/horaires/heures/",
    "/cabinet/horaires/salles/", "/cabinet/horaires/seances/", "/cabinet/horaires/sans-heure/",
    "/cabinet/agendas/", "/cabinet/questionnaires/",
)  # fmt: skip
OFFICERS = ("souleymane.diarra@example.fr", "ingrid.vandamme@example.fr")
DESK = "nadia.kerviel@example.fr"
DOCTOR = "octave.tissandier@example.fr"


def complaints_of(somebody: Visitor) -> list[str]:
    """What the browser complains of from now on: blocked styles, broken scripts, missing files.

    A page that answers 404 or 422 on purpose is told too; that line names the page itself.
    """
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        own = message.location.get("url", "") == somebody.page.url
        refused = own and message.text.startswith("Failed to load resource")
        if message.type == "error" and not refused:
            heard.append(f"{somebody.page.url}: {message.text}")

    somebody.page.on("console", hear)
    somebody.page.on("pageerror", lambda error: heard.append(f"{somebody.page.url}: {error}"))
    return heard


def enter(somebody: Visitor, login: str) -> None:
    """By the demo's one click."""
    somebody.go("/demo")
    somebody.page.locator(f"form:has(input[name=login][value='{login}']) button").click()
    expect(somebody.page).not_to_have_url(re.compile("/demo"))
    somebody.page.wait_for_load_state()


@pytest.mark.parametrize(("width", "language", "scheme"), VARIANTS)
def test_shuts_nobody_out_and_fits(
    visitor: Callable[..., Visitor], width: int, language: str, scheme: str
) -> None:
    somebody = visitor(width, language, color_scheme=scheme, reduced_motion="reduce")
    page = somebody.page
    heard = complaints_of(somebody)
    for address in FOR_EVERYBODY:
        somebody.go(address)
        somebody.look()
    somebody.go(EYES_AT_SALLANCHES)
    booking = somebody.slots()[-1]
    page.locator(".result h2 a").first.click()
    somebody.look()
    somebody.sign_in(PATIENT)
    for address in FOR_PATIENTS:
        somebody.go(address)
        somebody.look()
    somebody.go(booking)
    somebody.look()
    somebody.press("Confirmer le rendez-vous")
    expect(page.locator(".field-message").first).to_be_visible()
    somebody.look()
    somebody.go("/mes-rendez-vous/")
    page.locator(".appt:not(.appt-past) h2 a").first.click()
    somebody.look()
    page.locator("main a.button-danger").click()
    somebody.look()
    assert heard == []


def test_an_officer_s_pages_shut_nobody_out_and_fit(visitor: Callable[..., Visitor]) -> None:
    for width, scheme, login in zip((390, 1440), ("dark", "light"), OFFICERS, strict=True):
        somebody = visitor(width, color_scheme=scheme, reduced_motion="reduce")
        heard = complaints_of(somebody)
        enter(somebody, login)
        for address in FOR_OFFICERS:
            somebody.go(address)
            somebody.look()
        assert heard == []


def test_the_desk_s_pages_shut_nobody_out_and_fit(visitor: Callable[..., Visitor]) -> None:
    for width, scheme, login, pages in (
        (390, "dark", DESK, FOR_THE_DESK),
        (1440, "light", DOCTOR, FOR_PRACTITIONERS),
    ):
        somebody = visitor(width, color_scheme=scheme, reduced_motion="reduce")
        heard = complaints_of(somebody)
        enter(somebody, login)
        for address in pages:
            somebody.go(address)
            somebody.look()
        assert heard == []


def test_opening_names_at_the_desk_is_no_complaint_of_the_browser(
    visitor: Callable[..., Visitor],
) -> None:
    somebody = visitor(1440)
    heard = complaints_of(somebody)
    enter(somebody, DESK)
    today = datetime.now(UTC).date()
    tuesday = today + timedelta(days=(1 - today.weekday()) % 7 or 7)
    somebody.go(f"/cabinet/?jour={tuesday.isoformat()}")
    somebody.page.locator("button", has_text="noms").first.click()
    expect(somebody.page.locator(".opened").first).to_contain_text("noms ouverts")
    somebody.page.wait_for_load_state("load")  # a live page is never idle
    assert heard == []
    # The control: a style the policy forbids is heard of.
    with somebody.page.expect_console_message(lambda told: "style" in told.text):
        somebody.page.evaluate("document.body.innerHTML += '<p style=\"color:red\">x</p>'")
    assert any("style" in line for line in heard)


def test_a_search_that_is_refused_says_why(visitor: Callable[..., Visitor]) -> None:
    somebody = visitor(390)
    page = somebody.page
    enter(somebody, DESK)
    somebody.go("/cabinet/patients/")
    refused = "<main><h1>Ce n’est pas possible</h1><p class='lead'>Cet accès est gelé.</p></main>"
    page.route(
        "**/cabinet/patients/",
        lambda asked: asked.fulfill(status=400, content_type="text/html", body=refused),
    )
    expect(page.locator("#hits")).not_to_contain_text("gelé")  # the control
    page.locator("main input[name=q]").fill("Martin")
    expect(page.locator("#hits")).to_contain_text("Cet accès est gelé.")


def test_a_page_with_a_fault_is_found_out(visitor: Callable[..., Visitor]) -> None:
    """The control: a picture without words and a field without a label do not pass."""
    somebody = visitor()
    somebody.go("/")
    somebody.page.evaluate(
        "document.querySelector('main').innerHTML += '<img src=\"/x.png\"><input type=text>'"
    )
    with pytest.raises(AssertionError, match="image-alt"):
        somebody.look()


def test_a_page_too_wide_is_found_out(visitor: Callable[..., Visitor]) -> None:
    somebody = visitor(390)
    somebody.go("/")
    somebody.page.evaluate("document.querySelector('main h1').style.minWidth = '900px'")
    with pytest.raises(AssertionError, match="wider than its window"):
        somebody.look()

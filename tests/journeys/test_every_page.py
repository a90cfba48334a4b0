"""Every page at both widths, in both languages, light and dark: usable by all, and it fits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import EYES_AT_SALLANCHES, PATIENT, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

FOR_EVERYBODY = (
    "/",
    "/rendez-vous/?quoi_texte=zzz&ou_texte=zzzz",
    EYES_AT_SALLANCHES,
    f"{EYES_AT_SALLANCHES}&vue=carte",
    "/rendez-vous/?quoi=specialty:neurologue&ou=20004",
    "/compte/connexion/",
    "/compte/inscription/",
    "/compte/mot-de-passe/oublie/",
    "/nulle-part/",
    "/demo",
    "/demo/voler",
    "/demo/courrier",
)
FOR_PATIENTS = ("/mes-rendez-vous/", "/qui-a-ouvert-mes-donnees/", "/mon-compte/")
VARIANTS = [
    (390, "fr", "dark"),
    (1440, "en", "light"),
    pytest.param(390, "en", "light", marks=pytest.mark.torture),
    pytest.param(1440, "fr", "dark", marks=pytest.mark.torture),
]


@pytest.mark.parametrize(("width", "language", "scheme"), VARIANTS)
def test_shuts_nobody_out_and_fits(
    visitor: Callable[..., Visitor], width: int, language: str, scheme: str
) -> None:
    somebody = visitor(width, language, color_scheme=scheme, reduced_motion="reduce")
    page = somebody.page
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

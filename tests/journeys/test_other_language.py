"""Half a form is filled, then the reader asks for the other language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]


def test_what_was_typed_goes_along_to_the_other_language_but_no_password(
    visitor: Callable[..., Visitor],
) -> None:
    page = (somebody := visitor(390, "fr")).page
    somebody.go("/compte/inscription/")
    page.locator("#id_given_name").fill("Marie-Bérangère")
    page.locator("#id_birth_date").fill("12/03/1943")
    page.locator("#id_password1").fill("un cheval blanc sous la pluie")
    page.locator("button.language").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#id_given_name")).to_have_value("Marie-Bérangère")
    expect(page.locator("#id_birth_date")).to_have_value("12/03/1943")
    expect(page.locator("#id_password1")).to_have_value("")
    assert page.evaluate("sessionStorage.length") == 0, "once, and nothing of it stays"
    # The control: without the switch a page that is opened again starts empty.
    page.reload()
    page.goto(page.url)
    expect(page.locator("#id_given_name")).to_have_value("")

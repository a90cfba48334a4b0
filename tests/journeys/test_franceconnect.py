"""FranceConnect in a real browser: to the provider, an account, out of both, and back in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_an_account_by_franceconnect_then_out_and_in_again(
    visitor: Callable[..., Visitor], width: int, scheme: str
) -> None:
    person = visitor(width, "fr", color_scheme=scheme)
    page, provider = person.page, person.demo.franceconnect
    address = f"angela.dubois.{width}@example.fr"
    provider.people[f"Angela {width}"] = {
        "sub": f"{width:064x}v1", "given_name": "Angela Claire", "family_name": "DUBOIS",
        "given_name_array": ["Angela", "Claire"], "birthdate": "1962-08-24", "gender": "female",
        "birthplace": "75107", "birthcountry": "99100", "email": address,
    }  # fmt: skip
    person.go("/compte/connexion/")
    person.look()
    page.get_by_role("link", name="S’identifier avec FranceConnect").click()
    expect(page.locator("h1")).to_have_text("Fournisseur d’essai")
    page.get_by_role("button", name="nobody").click()
    expect(page.get_by_role("status")).to_contain_text("Vous n’avez pas terminé")

    page.get_by_role("link", name="S’identifier avec FranceConnect").click()
    page.get_by_role("button", name=f"Angela {width}").click()
    expect(page).to_have_url(re.compile("/compte/par/inscription/"))
    expect(page.locator("main")).to_contain_text("Angela DUBOIS")
    expect(page.locator("#id_email")).to_have_value(address)
    person.look()
    person.press("Créer mon compte")
    page.locator("#id_code").fill(person.code_sent_to(address))
    page.locator("main button[type=submit]").first.click()
    expect(page).to_have_url(re.compile("/mes-rendez-vous/"))

    person.go("/compte/par/liens/")
    expect(page.locator("main")).to_contain_text("FranceConnect ouvre votre compte")
    person.look()
    ended = len(provider.ended)
    person.go("/compte/deconnexion/")
    page.locator("main button[type=submit]").first.click()
    expect(page.get_by_role("status")).to_contain_text("ici et chez le fournisseur")
    assert len(provider.ended) == ended + 1

    person.go("/compte/connexion/?next=/compte/par/liens/")
    page.get_by_role("link", name="S’identifier avec FranceConnect").click()
    page.get_by_role("button", name=f"Angela {width}").click()
    expect(page).to_have_url(re.compile("/compte/par/liens/"))


def test_a_provider_that_is_down_leaves_the_page_as_it_is(
    visitor: Callable[..., Visitor],
) -> None:
    person = visitor(390, "fr")
    provider = person.demo.franceconnect
    provider.people["Paul"] = {"sub": "9" * 64 + "v1"}
    person.go("/compte/connexion/")
    person.page.get_by_role("link", name="S’identifier avec FranceConnect").click()
    provider.faults.add("down /token")
    try:
        person.page.get_by_role("button", name="Paul").click()
        expect(person.page.get_by_role("status")).to_contain_text("ne répond pas en ce moment")
    finally:
        provider.faults.clear()
    person.look()
    expect(person.page.locator("#id_password")).to_be_visible()

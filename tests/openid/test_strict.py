"""The provider of these tests refuses what the real ones refuse; what we send it lets pass."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client as Browser

from tests.openid_provider import strict
from tests.openid_provider.server import Provider
from tests.openid_provider.strict import Refusal

pytestmark = pytest.mark.django_db

BENT = [
    ({"state": "short"}, "state"),
    ({"state": None}, "state"),
    ({"state": "!" * 64}, "state"),
    ({"nonce": "a" * 31}, "nonce"),
    ({"nonce": None}, "nonce"),
    ({"acr_values": None}, "acr_values"),
    ({"acr_values": "eidas9"}, "acr_values"),
    ({"redirect_uri": "http://localhost:8000/ailleurs/"}, "redirect_uri"),
    ({"client_id": "another"}, "client_id"),
    ({"scope": "given_name"}, "scope"),
    ({"scope": "openid everything"}, "scope"),
    ({"response_type": "token"}, "response_type"),
    ({"code_challenge": None}, "code_challenge"),
]


@pytest.mark.parametrize(("changed", "why"), BENT)
def test_what_it_refuses(
    browser: Browser, psc: Provider, changed: dict[str, str | None], why: str
) -> None:
    away = browser.get("/compte/par/pro-sante-connect/").url
    asked = {name: value[0] for name, value in parse_qs(urlsplit(away).query).items()}
    strict.authorize(asked, psc.client)
    bent = {name: value for name, value in (asked | changed).items() if value is not None}
    with pytest.raises(Refusal) as refused:
        strict.authorize(bent, psc.client)
    assert refused.value.why == why


def test_a_secret_that_is_not_the_clients_gets_no_token(
    browser: Browser, franceconnect: Provider
) -> None:
    away = browser.get("/compte/par/franceconnect/").url
    franceconnect.client.secret = "changed since"
    back = franceconnect.sign_in(away).removeprefix("http://localhost:8000")
    assert browser.get(back).url == "/compte/connexion/"


def test_somebody_elses_verifier_gets_no_token(browser: Browser, psc: Provider) -> None:
    from tests.openid.conftest import professional

    psc.people["one"] = professional("10000000009")
    away = browser.get("/compte/par/pro-sante-connect/").url
    session = browser.session
    session["serment.openid"] = [one | {"verifier": "x" * 64} for one in session["serment.openid"]]
    session.save()
    back = psc.sign_in(away).removeprefix("http://localhost:8000")
    assert browser.get(back).url == "/compte/connexion/"
    assert psc.calls[-1] == "/token"

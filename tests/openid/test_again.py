"""Before a sensitive act whoever came by a provider proves it there again, and nobody else can."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from tests.openid.conftest import BASE, PIVOT, who_is
from tests.openid.test_patient import sign_up
from tests.openid_provider.server import Provider

pytestmark = pytest.mark.django_db


def _an_hour_passes(browser: Browser) -> None:
    session = browser.session
    session["account_authentication_methods"] = [
        one | {"at": one["at"] - 3600} for one in session["account_authentication_methods"]
    ]
    session.save()


def _linking_is_open(browser: Browser) -> bool:
    return browser.post("/compte/par/franceconnect/lier/").status_code == 200


def _again(browser: Browser, provider: Provider, who: str = "one") -> Any:
    away = browser.get("/compte/par/franceconnect/confirmer/", {"next": "/compte/par/liens/"})
    return browser.get(provider.sign_in(away.url, who).removeprefix(BASE))


def test_a_proof_grows_old_and_is_given_again(browser: Browser, franceconnect: Provider) -> None:
    sign_up(browser, franceconnect)
    assert _linking_is_open(browser)
    _an_hour_passes(browser)
    assert not _linking_is_open(browser)  # the guard
    assert _again(browser, franceconnect).url == "/compte/par/liens/"
    assert _linking_is_open(browser)


def test_another_persons_identity_proves_nothing(browser: Browser, franceconnect: Provider) -> None:
    sign_up(browser, franceconnect)
    account = who_is(browser)
    _an_hour_passes(browser)
    franceconnect.people["two"] = PIVOT | {"sub": "8" * 64 + "v1"}
    _again(browser, franceconnect, "two")
    assert not _linking_is_open(browser)
    assert who_is(browser) == account


def test_a_way_out_of_one_account_does_not_end_in_another(
    browser: Browser, franceconnect: Provider
) -> None:
    """Left to link as one, came back signed out: nothing is linked, nobody signed in."""
    sign_up(browser, franceconnect)
    page = browser.post("/compte/par/franceconnect/lier/").content.decode()
    url = page.split('class="button button-primary" href="')[1].split('"')[0].replace("&amp;", "&")
    kept = browser.session["serment.openid"]
    browser.post("/compte/deconnexion/")
    session = browser.session
    session["serment.openid"] = kept
    session.save()
    answer = browser.get(franceconnect.sign_in(url).removeprefix(BASE))
    assert answer.url == "/compte/connexion/"
    assert who_is(browser) is None


def test_the_page_that_asks_again_offers_the_provider_and_the_settings_lead_to_it(
    browser: Browser, franceconnect: Provider
) -> None:
    sign_up(browser, franceconnect)
    page = browser.get("/compte/confirmer/?next=/compte/par/liens/").content.decode()
    assert "/compte/par/franceconnect/confirmer/?next=/compte/par/liens/" in page
    assert "/compte/par/liens/" in browser.get("/compte/securite/").content.decode()


def test_one_factor_proves_no_more_than_a_password_where_there_is_a_second(
    browser: Browser, franceconnect: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serment.identity.means.book import Book

    sign_up(browser, franceconnect)
    _an_hour_passes(browser)
    with monkeypatch.context() as with_a_second:
        with_a_second.setattr(Book, "has_second_factor", True)
        assert _again(browser, franceconnect).url == "/compte/confirmer/"
    assert not _linking_is_open(browser)
    _again(browser, franceconnect)  # the control: an account without one
    assert _linking_is_open(browser)

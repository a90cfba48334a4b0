"""A desk that hands out codes, and whoever types them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from serment.identity import cards, desk_codes, walls
from serment.identity.means import keeping
from serment.identity.models import Account
from tests import factors
from tests.identity.conftest import PASSWORD

BORN = "12 mars 1941"


def first(browser: Client, code: str, born: str = BORN) -> Any:
    return browser.post("/compte/carte/", {"code": code, "birth_date": born})


def claim(browser: Client, issued: desk_codes.Issued, **more: str) -> Any:
    answer = first(browser, issued.code)
    assert answer.status_code == 302, answer.content.decode()
    return browser.post("/compte/carte/mot-de-passe/", {"password": PASSWORD} | more)


def sign_in(browser: Client, issued: desk_codes.Issued, code: str, password: str) -> Any:
    typed = {"login": cards.spoken(issued.card), "password": password}
    browser.post("/compte/connexion/", typed)
    return browser.post(factors.SECOND_STEP, {"code": code})


def fresh() -> Client:
    return Client(headers={"accept-language": "fr"})


def account_of(issued: desk_codes.Issued) -> Account:
    with walls.looking_for(cards.alias_of(issued.card)):
        return Account.objects.get(alias=cards.alias_of(issued.card))


def opened(browser: Client, hand: Callable[..., desk_codes.Issued]) -> desk_codes.Issued:
    """An account of a card, signed out."""
    issued = hand()
    claim(browser, issued)
    assert browser.post(factors.SECOND_STEP, {"code": issued.sheet[0]}).status_code == 302
    browser.post("/compte/deconnexion/")
    with keeping.changing_alone(account_of(issued).pk) as book:
        assert book.paper
    return issued

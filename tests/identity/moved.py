"""An account that asks for another address, and what its two mailboxes get."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from serment import clock
from serment.identity.means import keeping
from serment.outbox import envelopes
from tests import factors
from tests.identity.conftest import PASSWORD, PERSON, sign_up

PAGE, APPLICATION = "/compte/securite/adresse/", "/compte/securite/application/"
WAS, NEW = PERSON["email"].lower(), "philomene@ailleurs.exemple.fr"


@pytest.fixture
def account(browser: Client) -> UUID:
    """Signed in with both factors."""
    sign_up(browser)
    found = UUID(browser.get("/moi/").content.decode().split()[1])
    browser.post("/compte/deconnexion/")
    secret = factors.plant(found)
    assert factors.sign_in(browser, PERSON["email"], PASSWORD, secret).status_code == 302
    return found


def sent_by(act: Callable[[], object]) -> dict[str, str]:
    """What an act sends, by mailbox."""
    envelopes.send_waiting(clock.now())
    mail.outbox.clear()
    act()
    envelopes.send_waiting(clock.now())
    return {str(one.to[0]): str(one.body) for one in mail.outbox}


def link_in(body: str, which: str) -> str:
    found = re.search(rf"https?://[^/\s]+(/compte/adresse/{which}/\S+)", body)
    assert found, body
    return found[1]


def asked(browser: Client, address: str = NEW) -> tuple[str, str]:
    """Both links: the new mailbox's and the former one's."""
    told = sent_by(lambda: browser.post(PAGE, {"email": address}))
    assert set(told) == {address, WAS}
    assert address not in told[WAS]
    assert WAS not in told[address]
    return link_in(told[address], "nouvelle"), link_in(told[WAS], "arreter")


def press(path: str) -> Any:
    """Pressed in another browser."""
    other: Any = Client(headers={"accept-language": "fr"})
    assert other.get(path).status_code == 200  # a look does nothing
    return other.post(path)


def signs_in(address: str, account: UUID) -> bool:
    cache.clear()
    with keeping.changing_alone(account) as book:
        assert book.totp is not None
        book.totp.last = 0
        secret = book.totp.secret
    browser: Any = Client(headers={"accept-language": "fr"})
    first = browser.post("/compte/connexion/", {"login": address, "password": PASSWORD})
    if first.status_code != 302:
        return False
    browser.post(factors.SECOND_STEP, {"code": factors.code(secret)})
    return "_auth_user_id" in browser.session


def late(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    true = clock.now
    monkeypatch.setattr(clock, "now", lambda: true() + by)


def is_spent(path: str) -> bool:
    return Client(headers={"accept-language": "fr"}).get(path).status_code == 404


def comes_in(browser: Client, account: UUID, address: str, password: str) -> None:
    cache.clear()
    with keeping.changing_alone(account) as book:
        assert book.totp is not None
        book.totp.last = 0
        secret = book.totp.secret
    browser.cookies.clear()
    assert factors.sign_in(browser, address, password, secret).status_code == 302

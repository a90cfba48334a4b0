"""The page of how one signs in says what is true of each account, and warns of what is thin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.template.loader import render_to_string
from django.test import Client

from serment.directory import tenancy
from serment.disclosure import SYSTEM, passkeys
from serment.identity import staff
from serment.identity.means import keeping, ways
from serment.identity.means.book import Book, Totp
from serment.identity.means.ways import Ways
from serment.identity.models import Account, Role
from tests.identity.conftest import sign_up
from tests.identity.test_second_factor import passkey_of_nobody

pytestmark = pytest.mark.django_db
PAGE = "/compte/securite/"
ONLY = "n’a qu’un mot de passe"
NOTHING = "Rien ne vous fera entrer la prochaine fois"
NO_NEED = "n’en avez pas besoin"


def _application(book: Book) -> None:
    book.totp = Totp("JBSWY3DPEHPK3PXP")


def _key(book: Book) -> None:
    book.passkeys = [passkey_of_nobody()]


def _both(book: Book) -> None:
    _application(book)
    _key(book)


def _none(book: Book) -> None:
    """As it is."""


STATES: list[tuple[bool, Callable[[Book], None], str, bool]] = [
    (True, _none, ONLY, True),
    (True, _application, "mot de passe, puis les six chiffres", False),
    (True, _key, "Une clé suffit pour entrer.", False),
    (False, _key, "C’est la seule", True),
    (True, _both, "Sans elle : votre mot de passe, puis les six chiffres", False),
    (False, _none, NOTHING, True),
    (False, _application, NOTHING, True),
]


@pytest.fixture
def account(browser: Client) -> UUID:
    sign_up(browser)
    return UUID(browser.get("/moi/").content.decode().split()[1])


def _without_password(account: UUID) -> None:
    with tenancy.inside(account=account):
        row = Account.objects.get(pk=account)
        row.set_unusable_password()
        row.save(update_fields=["password"])


def _shown(browser: Client, account: UUID) -> str:
    """The page as the account reads it now; a changed password ended no session."""
    with tenancy.inside(account=account):
        row = Account.objects.get(pk=account)
    browser.force_login(row, "serment.identity.backend.SealedBackend")
    return str(browser.get(PAGE).content.decode())


@pytest.mark.parametrize(("password", "has", "said", "warns"), STATES)
def test_each_state_is_said_as_it_is(
    browser: Client, account: UUID, password: bool, has: Callable[[Book], None], said: str,
    warns: bool,
) -> None:  # fmt: skip
    if not password:
        _without_password(account)
    with keeping.changing_alone(account) as book:
        has(book)
    page = _shown(browser, account)
    assert said in page
    assert (ONLY in page) == (said == ONLY)
    assert (NOTHING in page) == (said == NOTHING)
    assert ('notice-gold">' in page.partition("means-line")[0]) == warns
    assert ("Changer de mot de passe" in page) is password
    # Nobody is told that they need no password whom nothing else lets in.
    assert (NO_NEED in page) == (not password and said != NOTHING)


def test_a_colleague_s_professional_key_counts_though_it_stands_in_no_book(
    browser: Client, account: UUID, establishment: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the book alone, which the page went by, has them enter with nothing."""
    _without_password(account)
    who: dict[str, str | None] = {"given_name": "Maud", "family_name": "Arnoux"}
    staff.create(SYSTEM, establishment, Role.SECRETARY, who, account=account)
    page = _shown(browser, account)
    assert NOTHING in page
    assert NO_NEED not in page
    one: Any = type("Key", (), {"revoked_at": None})()
    monkeypatch.setattr(passkeys, "passkeys", lambda _actor: [one, one])
    page = _shown(browser, account)
    assert NOTHING not in page
    assert ONLY not in page
    assert "Vous entrez avec l’une de vos clés, sans mot de passe." in page


def test_a_provider_that_opens_the_account_is_a_way_in() -> None:
    by_name = Ways(staff=False, providers=("FranceConnect",))
    assert not by_name.is_thin
    assert ways.in_words(by_name) == "Vous entrez par FranceConnect, sans mot de passe."
    assert ways.in_words(Ways(staff=False)).startswith(NOTHING)


@pytest.mark.parametrize("password", [True, False])
def test_a_linked_identity_is_told_with_what_this_account_can_do(
    account: UUID, password: bool
) -> None:
    cache.clear()
    if not password:
        _without_password(account)
    with tenancy.inside(account=account):
        row = Account.objects.get(pk=account)
    said = render_to_string(
        "account/email/openid_linked_message.txt", {"user": row, "provider": "FranceConnect"}
    )
    assert ("changez votre mot de passe" in said) is password
    assert ("retirez-y la clé" in said) is not password

"""What changes the means of signing in wants a proof of this minute; each proof changes the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from serment.identity import policy
from serment.identity.means import keeping, security, strength
from serment.identity.means.book import Book, write
from serment.identity.models import Account
from tests import factors
from tests.identity.conftest import PASSWORD, PERSON, sent, sign_up
from tests.identity.test_second_factor import passkey_of_nobody

pytestmark = pytest.mark.django_db
NEW = "une mule grise dans la brume"
CHANGE = {"oldpassword": PASSWORD, "password1": NEW}
KEY = passkey_of_nobody().id
SENSITIVE = (
    ("/compte/mot-de-passe/", CHANGE),
    ("/compte/securite/application/retirer/", {}),
    ("/compte/securite/codes/", {}),
    ("/compte/securite/cle/retirer/", {"passkey": KEY}),
    (f"/compte/securite/cle/{KEY}/nom/", {"label": "Autre nom"}),
    ("/compte/securite/cle/demande/", {}),
    ("/compte/securite/cle/", {"made": "{}"}),
    ("/compte/securite/application/", {"code": "000000"}),
)


@pytest.fixture
def patient(browser: Client) -> tuple[UUID, str]:
    """An account with both kinds of second factor, signed in by digits."""
    sign_up(browser)
    account = UUID(browser.get("/moi/").content.decode().split()[1])
    browser.post("/compte/deconnexion/")
    secret = factors.plant(account)
    with keeping.changing_alone(account) as book:
        book.passkeys = [passkey_of_nobody()]
    assert factors.sign_in(browser, PERSON["email"], PASSWORD, secret).status_code == 302
    return account, secret


def _an_hour_passes(browser: Client) -> None:
    session = browser.session
    session["account_authentication_methods"] = [
        one | {"at": one["at"] - 3600} for one in session["account_authentication_methods"]
    ]
    session.save()


def _means(account: UUID) -> str:
    """Factors, codes and the password, as they are kept."""
    with keeping.changing_alone(account) as book:
        kept = write(Book(totp=book.totp and type(book.totp)(book.totp.secret), codes=book.codes,
                          passkeys=book.passkeys))  # fmt: skip
        return kept + Account.objects.get(pk=account).password


@pytest.mark.parametrize(("address", "typed"), SENSITIVE)
def test_a_session_left_open_changes_nothing(
    browser: Client,
    patient: tuple[UUID, str],
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    typed: dict[str, str],
) -> None:
    before = _means(patient[0])
    _an_hour_passes(browser)
    stopped: Any = browser.post(address, typed)
    assert (stopped.status_code, stopped.url.partition("?")[0]) == (302, "/compte/confirmer/")
    assert _means(patient[0]) == before
    # The control: with both guards gone it is done, whenever the last proof was.
    monkeypatch.setattr(policy, "_known_well_enough", lambda _request, _door: None)
    monkeypatch.setattr(strength, "is_fresh", lambda _request: True)
    done = browser.post(address, typed)
    assert not done.headers.get("Location", "").startswith("/compte/confirmer/")


def test_ending_a_session_is_never_made_hard(browser: Client, patient: tuple[UUID, str]) -> None:
    """A stolen telephone is shut out at once, also by whoever has nothing else left."""
    other = Client(headers={"accept-language": "fr"})
    factors.sign_in(other, PERSON["email"], PASSWORD, patient[1])
    assert other.get("/moi/").status_code == 200
    _an_hour_passes(browser)
    assert browser.post("/compte/securite/session/").url == "/compte/securite/"
    assert other.get("/moi/").status_code == 302


def test_a_new_password_is_typed_once_ends_other_sessions_and_is_told(
    browser: Client, patient: tuple[UUID, str]
) -> None:
    other = Client(headers={"accept-language": "fr"})
    factors.sign_in(other, PERSON["email"], PASSWORD, patient[1])
    assert other.get("/moi/").status_code == 200  # the control
    form = browser.get("/compte/mot-de-passe/").content.decode()
    assert form.count('type="password"') == 2
    weak = browser.post("/compte/mot-de-passe/", CHANGE | {"password1": "soleil"})
    assert "au moins 12 caractères" in weak.content.decode()
    assert browser.post("/compte/mot-de-passe/", CHANGE).url == "/compte/securite/"
    assert other.get("/moi/").status_code == 302
    assert browser.get("/compte/securite/").content.decode().count("cet appareil") == 1
    assert "Le mot de passe vient d’être changé" in sent()[-1].body
    assert Account.objects.get(pk=patient[0]).check_password(NEW)


def _confirm(browser: Client, account: UUID, secret: str) -> None:
    del account
    typed = {"code": factors.code(secret, 1), "next": "/moi/"}
    assert browser.post("/compte/confirmer/", typed).url == "/moi/"


def _add_application(browser: Client, account: UUID, secret: str) -> None:
    del account, secret
    form = browser.get("/compte/securite/application/").content.decode()
    fresh = form.split('class="secret-text">')[1].split("<")[0].replace(" ", "")
    page = browser.post("/compte/securite/application/", {"code": factors.code(fresh)})
    assert page.status_code in (200, 302)


@pytest.mark.parametrize("raised", [_confirm, _add_application])
def test_a_proof_leaves_the_former_key_behind(
    browser: Client, patient: tuple[UUID, str], raised: Callable[..., None]
) -> None:
    """Somebody planted or copied the cookie before: it opens nothing after."""
    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    copied = Client(headers={"accept-language": "fr"})
    copied.cookies[settings.SESSION_COOKIE_NAME] = before
    assert copied.get("/moi/").status_code == 200
    raised(browser, *patient)
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert copied.get("/moi/").status_code == 302
    assert browser.get("/compte/securite/").content.decode().count("cet appareil") == 1


def test_without_another_key_the_former_one_would_go_on(
    browser: Client, patient: tuple[UUID, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    from django.contrib.sessions.backends.base import SessionBase

    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    monkeypatch.setattr(SessionBase, "cycle_key", lambda _session: None)
    _confirm(browser, *patient)
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value == before


def test_the_next_at_a_shared_device_gets_nothing_of_the_one_before(
    browser: Client, patient: tuple[UUID, str]
) -> None:
    """One computer for two: the second person's sign-in begins with nothing of the first's."""
    session = browser.session
    session["of_the_first"] = "typed before"
    session.save()
    browser.post("/compte/deconnexion/")
    assert browser.get("/compte/securite/").status_code == 302
    assert browser.get(factors.SECOND_STEP).url == "/compte/connexion/"
    cache.clear()
    sign_up(browser, email="autre@exemple.fr", given_name="Odile")
    assert "of_the_first" not in browser.session
    assert strength.DIGITS not in str(browser.session["account_authentication_methods"])
    assert security.CODES_FEW  # the page of means is the second person's
    assert "En place" not in browser.get("/compte/securite/").content.decode()

"""A patient by FranceConnect: sign-up, sign-in, linking, leaving; never by an e-mail address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.test import Client as Browser

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.identity.means import keeping, security
from serment.identity.models import Account
from tests.identity.conftest import code_sent, sent
from tests.openid.conftest import BASE, PIVOT, TRACES, said, through, who_is
from tests.openid_provider.server import Provider

pytestmark = pytest.mark.django_db


def sign_up(browser: Browser, provider: Provider) -> Any:
    answer = through(browser, provider)
    assert answer.url == "/compte/par/inscription/"
    answer = browser.post("/compte/par/inscription/", {"email": PIVOT["email"], "phone": ""})
    assert answer.status_code == 302, answer.content.decode()
    return browser.post("/compte/code/", {"code": code_sent(), "action": "verify"})


def test_what_is_asked_of_the_provider(browser: Browser, franceconnect: Provider) -> None:
    away = browser.get("/compte/par/franceconnect/")
    asked = {k: v[0] for k, v in parse_qs(urlsplit(away.url).query).items()}
    for drawn in (asked["state"], asked["nonce"]):
        assert len(drawn) == 64
        assert drawn.isalnum()
    assert asked["state"] != asked["nonce"]
    assert asked["acr_values"] == "eidas1"
    assert asked["redirect_uri"] == f"{BASE}/compte/par/franceconnect/retour/"
    again = browser.get("/compte/par/franceconnect/")
    assert asked["state"] not in again.url


def test_somebody_new_makes_an_account_with_the_identity_the_provider_gave(
    browser: Browser, franceconnect: Provider, superuser: Any
) -> None:
    through(browser, franceconnect)
    page = browser.get("/compte/par/inscription/").content.decode()
    assert "Angela DUBOIS" in page
    assert 'name="password1"' not in page
    assert 'name="family_name"' not in page
    browser.post("/compte/par/inscription/", {"email": PIVOT["email"], "phone": ""})
    assert who_is(browser) is None  # the address is confirmed first
    browser.post("/compte/code/", {"code": code_sent(), "action": "verify"})
    account = who_is(browser)
    assert account is not None
    assert _opened(account) == {
        "family_name": "DUBOIS", "given_name": "Angela", "birth_date": "1962-08-24"
    }  # fmt: skip


def _opened(account: UUID) -> dict[str, str]:
    from serment.identity.models import Account

    capability = gate.open_session("patient", account, "", None, 1)
    itself = Actor("patient", account, capability=capability)
    with tenancy.inside(account=account):
        row = Account.objects.get(pk=account)
    fields = ["family_name", "given_name", "birth_date"]
    return gate.reveal(itself, Purpose.SELF, [row], fields)[account]


def test_who_comes_back_is_signed_in_and_led_on(browser: Browser, franceconnect: Provider) -> None:
    sign_up(browser, franceconnect)
    account = who_is(browser)
    browser.post("/compte/deconnexion/")
    answer = through(browser, franceconnect, next="/compte/par/liens/")
    assert answer.url == "/compte/par/liens/"
    assert who_is(browser) == account
    away = browser.get("/compte/par/franceconnect/")
    assert not away.url.startswith(franceconnect.issuer)  # signed in already


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http:///x"]
)
def test_nobody_is_led_elsewhere_after_signing_in(
    browser: Browser, franceconnect: Provider, elsewhere: str
) -> None:
    sign_up(browser, franceconnect)
    browser.post("/compte/deconnexion/")
    answer = through(browser, franceconnect, next=elsewhere)
    assert answer.url == "/mes-rendez-vous/"


def test_an_address_alone_links_nothing(
    browser: Browser, franceconnect: Provider, account: Callable[..., UUID]
) -> None:
    """Negative control of the rule: the same address, confirmed, and still nobody is signed in."""
    from serment.identity.openid.models import OpenidIdentity

    known = account(password="un cheval blanc sous la pluie")
    answer = through(browser, franceconnect)
    assert answer.url == "/compte/par/inscription/"
    browser.post("/compte/par/inscription/", {"email": PIVOT["email"], "phone": ""})
    assert who_is(browser) is None
    assert sent()[-1].subject == "Vous avez déjà un compte"
    with tenancy.inside(account=known):
        assert not OpenidIdentity.objects.exists()


def test_linked_by_whoever_is_signed_in_it_opens_the_account_from_then_on(
    browser: Browser, franceconnect: Provider, account: Callable[..., UUID]
) -> None:
    known = account(password="un cheval blanc sous la pluie")
    entered = {"login": PIVOT["email"], "password": "un cheval blanc sous la pluie"}
    browser.post("/compte/connexion/", entered)
    assert who_is(browser) == known
    assert "Relier FranceConnect" in browser.get("/compte/par/liens/").content.decode()
    page = browser.post("/compte/par/franceconnect/lier/").content.decode()
    url = page.split('class="button button-primary" href="')[1].split('"')[0].replace("&amp;", "&")
    answer = browser.get(franceconnect.sign_in(url).removeprefix(BASE))
    assert answer.url == "/compte/par/liens/"
    assert "FranceConnect ouvre votre compte" in sent()[-1].subject
    browser.post("/compte/deconnexion/")
    through(browser, franceconnect)
    assert who_is(browser) == known
    page = browser.get("/compte/par/liens/").content.decode()
    browser.post("/compte/par/liens/" + page.split('action="/compte/par/liens/')[1].split('"')[0])
    browser.post("/compte/deconnexion/")
    assert through(browser, franceconnect).url == "/compte/par/inscription/"


def test_a_mailbox_links_nobody_s_identity_while_it_is_in_doubt(
    browser: Browser,
    franceconnect: Provider,
    account: Callable[..., UUID],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The thief's own identity would be two factors at once. Negative control: it is linked."""
    known = account(password="un cheval blanc sous la pluie")
    with keeping.changing_alone(known) as book:
        book.doubted = clock.now().isoformat()
    entered = {"login": PIVOT["email"], "password": "un cheval blanc sous la pluie"}
    browser.post("/compte/connexion/", entered)
    there = "/compte/par/franceconnect/lier/"
    assert "Encore un peu de patience" in browser.post(there).content.decode()
    monkeypatch.setattr(security, "_in_doubt", lambda _request, _book: None)
    assert franceconnect.issuer in browser.post(there).content.decode()


def test_whom_a_provider_vouches_for_adds_means_by_it_and_no_mailbox_by_waiting(
    browser: Browser, franceconnect: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: as of whoever has nothing else, two days would be enough."""
    sign_up(browser, franceconnect)
    known = who_is(browser)
    assert known is not None
    password = "une mule grise dans la brume"
    with tenancy.inside(account=known):
        row = Account.objects.get(pk=known)
        row.set_password(password)
        row.save()
    with keeping.changing_alone(known) as book:
        book.doubted = (clock.now() - timedelta(days=30)).isoformat()
    there, thief = "/compte/securite/application/", Browser(headers={"accept-language": "fr"})
    thief.post("/compte/connexion/", {"login": PIVOT["email"], "password": password})
    assert "entrez avec FranceConnect" in thief.get(there).content.decode()
    with monkeypatch.context() as unguarded:
        unguarded.setattr(security.linking, "links_of", lambda _account: [])
        assert "secret-text" in thief.get(there).content.decode()
    owner = Browser(headers={"accept-language": "fr"})
    through(owner, franceconnect)
    assert "secret-text" in owner.get(there).content.decode()


def test_one_identity_opens_one_account(
    franceconnect: Provider, account: Callable[..., UUID]
) -> None:
    first, second = Browser(), Browser()
    sign_up(first, franceconnect)
    other = account(email="autre@exemple.fr", password="un cheval blanc sous la pluie")
    second.post(
        "/compte/connexion/",
        {"login": "autre@exemple.fr", "password": "un cheval blanc sous la pluie"},
    )
    page = second.post("/compte/par/franceconnect/lier/").content.decode()
    url = page.split('class="button button-primary" href="')[1].split('"')[0].replace("&amp;", "&")
    second.get(franceconnect.sign_in(url).removeprefix(BASE))
    from serment.identity.openid.linking import links_of

    with tenancy.inside(account=other):
        assert links_of(other) == []


def test_the_last_way_in_is_not_taken_away(browser: Browser, franceconnect: Provider) -> None:
    from serment.identity.openid.linking import links_of

    sign_up(browser, franceconnect)
    account = who_is(browser)
    assert account is not None
    with tenancy.inside(account=account):
        (held,) = links_of(account)
    browser.post(f"/compte/par/liens/{held.pk}/retirer/")
    with tenancy.inside(account=account):
        assert links_of(account) != []


def test_signing_out_signs_out_there_too(browser: Browser, franceconnect: Provider) -> None:
    sign_up(browser, franceconnect)
    answer = browser.post("/compte/deconnexion/")
    assert answer.url == "/compte/par/depart/"
    assert who_is(browser) is None
    page = browser.get("/compte/par/depart/").content.decode()
    url = page.split('content="0;url=')[1].split('"')[0].replace("&amp;", "&")
    from urllib.error import HTTPError
    from urllib.request import build_opener

    from tests.openid_provider.server import _NoRedirect

    with pytest.raises(HTTPError) as sent_back:
        build_opener(_NoRedirect).open(url)
    assert sent_back.value.code == 303, sent_back.value.read()
    assert franceconnect.ended[0]["id_token_hint"].count(".") == 2
    home = browser.get(sent_back.value.headers["Location"].removeprefix(BASE), follow=True)
    assert "Vous êtes déconnecté, ici et chez" in home.content.decode()


def test_who_turns_back_finds_the_other_ways_in(browser: Browser, franceconnect: Provider) -> None:
    assert through(browser, franceconnect, who="nobody").url == "/compte/connexion/"
    page = said(browser)
    assert "Vous n’avez pas terminé la connexion chez FranceConnect" in page
    assert 'name="password"' in page


def test_nothing_of_the_identity_lies_in_clear(
    browser: Browser, franceconnect: Provider, superuser: Any
) -> None:
    """The rows as they lie, sessions included; with one value put there the search finds it."""
    from django.db import connection

    sign_up(browser, franceconnect)

    def found() -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('role')")
            texts = [_whole(cursor, table) for table in _TABLES]
        return {trace for trace in TRACES for text in texts if trace in text}

    account = who_is(browser)
    with tenancy.inside(account=account):
        assert found() == set()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE identity_openididentity SET alias = %s", [PIVOT["sub"]])
        assert found() == {"7" * 64}


_TABLES = (
    "identity_openididentity", "identity_account", "identity_signedinsession",
    "account_emailaddress",
)  # fmt: skip


def _whole(cursor: Any, table: str) -> str:
    cursor.execute(f"SELECT t::text FROM {table} t")
    return "\n".join(
        row[0] + bytes.fromhex("".join(part for part in _hex(row[0]))).decode("latin-1")
        for row in cursor.fetchall()
    )


def _hex(row: str) -> list[str]:
    import re

    return [part for part in re.findall(r"\\\\x([0-9a-f]+)", row) if len(part) % 2 == 0]

"""A provider that misbehaves signs nobody in; each refusal beside the honest answer it spares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser
from joserfc.jwk import ECKey, RSAKey

from serment.errors import SettingWrong
from serment.identity.openid import line, providers
from tests.openid.conftest import said, settings_of, through, who_is
from tests.openid_provider.server import Provider

pytestmark = pytest.mark.django_db

_TOKENS = (
    "alg none", "hs256 with public key", "signed by a stranger", "unknown kid", "wrong issuer",
    "wrong audience", "expired", "of tomorrow", "exp in words", "without aud", "without sub",
)  # fmt: skip
UNTRUE = [
    *(f"{which} {fault}" for which in ("id_token", "userinfo") for fault in _TOKENS),
    "id_token wrong nonce", "id_token without nonce", "id_token several audiences",
    "id_token without exp", "id_token old", "id_token wrong at_hash", "id_token sub a number",
    "other sub", "plain userinfo", "no id_token", "issuer of directory", "address elsewhere",
    "callback of another issuer",
]  # fmt: skip


@pytest.mark.parametrize("fault", UNTRUE)
def test_an_answer_that_is_not_what_it_should_be(
    browser: Browser, franceconnect: Provider, fault: str
) -> None:
    franceconnect.faults = {fault}
    if fault in ("issuer of directory", "address elsewhere"):
        answer = browser.get("/compte/par/franceconnect/")
    else:
        answer = through(browser, franceconnect)
    assert answer.url == "/compte/connexion/"
    assert "n’a pas pu être vérifiée" in said(browser)
    assert who_is(browser) is None
    assert "serment.openid_arrived" not in browser.session
    franceconnect.faults = set()  # the control: everything else was right
    assert through(browser, franceconnect).url == "/compte/par/inscription/"


@pytest.mark.parametrize(
    "part", ["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"]
)
@pytest.mark.parametrize("how", ["down", "redirects", "no json"])
def test_a_part_that_is_down_leaves_the_other_ways_in(
    browser: Browser, franceconnect: Provider, part: str, how: str
) -> None:
    franceconnect.faults = {f"{how} {part}"}
    if part == "/.well-known/openid-configuration":
        answer = browser.get("/compte/par/franceconnect/")
    else:
        answer = through(browser, franceconnect)
    assert answer.url == "/compte/connexion/"
    page = said(browser)
    assert "FranceConnect" in page
    assert 'name="password"' in page
    assert "ne répond pas" in page or (how, part) == ("no json", "/userinfo")


def test_a_slow_part_is_waited_for_no_longer_than_said(
    browser: Browser, franceconnect: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "CALL_SECONDS_MAX", 0.3)
    franceconnect.faults = {"slow /token"}
    assert through(browser, franceconnect).url == "/compte/connexion/"
    assert "ne répond pas" in said(browser)


def test_a_level_below_what_was_asked(browser: Browser, franceconnect_plus: Provider) -> None:
    franceconnect_plus.level = "eidas1"
    assert through(browser, franceconnect_plus, "franceconnect-plus").url == "/compte/connexion/"
    assert "au niveau demandé" in said(browser)
    franceconnect_plus.level = "eidas3"
    answer = through(browser, franceconnect_plus, "franceconnect-plus")
    assert answer.url == "/compte/par/inscription/"
    assert browser.session["serment.openid_arrived"]["who"]["factors"] == 2


@pytest.mark.parametrize(
    "fault", ["not closed", "id_token alg none", "userinfo signed by a stranger"]
)
def test_closed_tokens_are_opened_and_still_checked(
    browser: Browser, franceconnect_plus: Provider, fault: str
) -> None:
    franceconnect_plus.faults = {fault}
    assert through(browser, franceconnect_plus, "franceconnect-plus").url == "/compte/connexion/"
    franceconnect_plus.faults = set()
    answer = through(browser, franceconnect_plus, "franceconnect-plus")
    assert answer.url == "/compte/par/inscription/"


def test_the_public_half_of_our_key_is_published(
    browser: Browser, franceconnect_plus: Provider
) -> None:
    (published,) = browser.get("/compte/par/cles/").json()["keys"]
    assert published["kid"] == "ours"
    assert published["alg"] == "ECDH-ES"
    assert "d" not in published


@pytest.mark.parametrize("change", ["state", "provider", "twice", "another browser", "late"])
def test_a_way_back_is_taken_once_by_the_browser_that_left(
    browser: Browser, franceconnect: Provider, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = franceconnect.sign_in(browser.get("/compte/par/franceconnect/").url)
    back = back.removeprefix("http://localhost:8000")
    comes = browser
    if change == "state":
        back = back.replace("state=", "state=x")
    elif change == "provider":
        browser.session["serment.openid"][0]["provider"] = "franceconnect-plus"
        session = browser.session
        session["serment.openid"] = [
            one | {"provider": "franceconnect-plus"} for one in session["serment.openid"]
        ]
        session.save()
    elif change == "another browser":
        comes = Browser(headers={"accept-language": "fr"})
    elif change == "late":
        session = browser.session
        session["serment.openid"] = [
            one | {"at": one["at"] - 601} for one in session["serment.openid"]
        ]
        session.save()
    else:
        assert browser.get(back).url == "/compte/par/inscription/"
    asked = len(franceconnect.calls)
    assert comes.get(back).url == "/compte/connexion/"
    assert "n’est plus attendue" in said(comes)
    assert len(franceconnect.calls) == asked  # the provider is not even asked


def test_the_provider_itself_takes_a_code_once(franceconnect: Provider) -> None:
    """Of the provider of these tests: a second browser that stole code and state gets nothing."""
    first = Browser()
    away = first.get("/compte/par/franceconnect/").url
    back = franceconnect.sign_in(away).removeprefix("http://localhost:8000")
    kept = first.session["serment.openid"]
    assert first.get(back).url == "/compte/par/inscription/"
    session = first.session
    session["serment.openid"] = kept
    session.save()
    assert first.get(back).url == "/compte/connexion/"
    assert "n’a pas pu être vérifiée" in said(first)


def test_keys_that_change_are_fetched_once_more(
    browser: Browser, franceconnect: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert through(browser, franceconnect).url == "/compte/par/inscription/"
    franceconnect.key = RSAKey.generate_key(2048, {"kid": "two"})
    monkeypatch.setattr("serment.identity.openid.directory.KEYS_AGAIN_SECONDS", 0.0)
    assert through(browser, franceconnect).url == "/compte/par/inscription/"  # RS256 as well
    assert franceconnect.calls.count("/jwks") == 2
    assert franceconnect.calls.count("/.well-known/openid-configuration") == 1


def test_keys_are_not_fetched_for_every_stranger(browser: Browser, franceconnect: Provider) -> None:
    franceconnect.faults = {"id_token unknown kid"}
    for _time in range(3):
        through(browser, franceconnect)
    assert franceconnect.calls.count("/jwks") == 1


@pytest.mark.filterwarnings("ignore:Key size should be")
@pytest.mark.parametrize("make", [(RSAKey, 1024), (ECKey, "P-384")])
def test_keys_too_weak_or_of_another_kind_are_none(
    browser: Browser, franceconnect: Provider, make: tuple[Any, Any]
) -> None:
    kind, size = make
    franceconnect.key = kind.generate_key(size, {"kid": "one"})
    franceconnect.faults = {"id_token hs256 with public key"}
    assert through(browser, franceconnect).url == "/compte/connexion/"


def test_where_nothing_is_configured_nothing_is_there(browser: Browser, settings: Any) -> None:
    settings.OPENID_PROVIDERS = {}
    assert "S’identifier avec" not in said(browser)
    for path in ("franceconnect/", "franceconnect/retour/?state=x", "pro-sante-connect/"):
        assert browser.get(f"/compte/par/{path}").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"place": "http://provider.example"},
        {"place": "somewhere"},
        {"secret_file": Path("/nowhere")},
        {"key_file": Path("/nowhere")},
    ],
)
def test_a_provider_set_wrong_is_left_out_and_the_sign_in_page_stands(
    browser: Browser, franceconnect: Provider, settings: Any, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    given = settings_of(franceconnect, tmp_path)
    settings.OPENID_PROVIDERS = {"franceconnect": given | wrong}
    with pytest.raises(SettingWrong):
        providers.made(providers.KINDS[0], given | wrong)
    assert "S’identifier avec" not in said(browser)
    settings.OPENID_PROVIDERS = {"franceconnect": given}
    assert "S’identifier avec FranceConnect" in said(browser)

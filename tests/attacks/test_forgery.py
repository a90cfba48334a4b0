"""Forms from elsewhere, ways that lead elsewhere, other names, sessions laid in wait."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.core import mail
from django.urls import reverse

from serment.disclosure import SYSTEM
from serment.identity import policy
from serment.outbox import envelopes
from serment.web import language
from tests.attacks import hostile
from tests.attacks.port import LOCAL, Port, leads
from tests.attacks.test_fuzz import TOKEN
from tests.house.doors import Route
from tests.rights import table
from tests.rights.asked import SAMPLES, UNKNOWN
from tests.rights.ground import Ground
from tests.web_practice.house import PASSWORD

OURS = {"content_type": "application/x-www-form-urlencoded", "origin": LOCAL}
THEIRS = OURS | {"origin": "https://evil.example"}
EMAIL = "aurore.lemoine@exemple.fr"
SESSION = "sessionid"
CALLED_BY_PROVIDERS = {"providers:mail", "providers:text", "providers:texts"}
"""No browser's session counts there: a secret in the address, a password or a signature does."""


def address_of(laid: Ground, route: Route) -> str:
    sample = SAMPLES.get(route.name, UNKNOWN)
    named = {
        name: laid.own[value[1:]] if value[:1] in {"@", "$"} else value
        for name, value in sample.path.items()
    }
    return reverse(route.name, kwargs=named)


def cookies_of(laid: Ground, asks: str) -> dict[str, str]:
    signed = {name: one.value for name, one in laid.browser(asks).cookies.items()}
    return signed | {"csrftoken": TOKEN}


def _taken(laid: Ground, port: Port, routes: list[Route], signed: int) -> Iterator[str]:
    """Routes that take a form nobody on our pages made; the first few asked signed in too."""
    cookies = cookies_of(laid, "secretary")
    body = hostile.encoded({"csrfmiddlewaretoken": TOKEN})
    for number, route in enumerate(routes):
        address = address_of(laid, route)
        method = ("POST", "PUT", "PATCH", "DELETE")[number % 4]
        # Signing in too: nobody is signed in to an attacker's account unawares.
        if port.ask(address, method, b"{}", {"csrftoken": TOKEN}, origin=LOCAL).status != 403:
            yield f"{route.name}: {method} without a token"
        # The token is right; the page that sends it is not ours.
        given = cookies if number < signed else {"csrftoken": TOKEN}
        if port.ask(address, "POST", body, given, **THEIRS).status != 403:
            yield f"{route.name}: from elsewhere"


def test_no_route_takes_a_form_from_elsewhere_or_without_its_token(
    laid: Ground, port: Port, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    everywhere = table.every_route()
    routes = [one for one in everywhere if one.name not in CALLED_BY_PROVIDERS]
    assert len(routes) == len(everywhere) - len(CALLED_BY_PROVIDERS)
    assert list(_taken(laid, port, routes, 12)) == []
    # Negative control: without the guard they are taken.
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "Csrf" not in one]
    some = [one for one in routes if one.name in {"practice:cancel", "account_login"}]
    found = set(_taken(laid, Port(tmp_path, monkeypatch), some, 2))
    assert {"practice:cancel: from elsewhere", "account_login: from elsewhere"} <= found


def _patient() -> dict[str, str]:
    from serment.identity import registration

    named: dict[str, str | None] = {"given_name": "Aurore", "family_name": "Lemoine"}
    registration.create(SYSTEM, EMAIL, named, password=PASSWORD)
    return {"login": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": TOKEN}


WAYS_ON = ("next", "retour", "suite", "redirect_to", "url", "back", "onward", "continue")


def _elsewhere(laid: Ground, port: Port) -> Iterator[str]:
    """Routes that read a way on, asked with one: those that lead there."""
    targets = hostile.ELSEWHERE
    known: dict[str, dict[str, str]] = {}
    reading = [
        one
        for one in table.every_route()
        if set(WAYS_ON) & {*hostile.names_read(one.view, always=())}
    ]
    assert len(reading) > 20
    for number, route in enumerate(reading):
        door = policy.door_of(route.view)
        opens = [one for one in policy.ASKING if door and policy.answer(door, one) == "open"]
        asks, address = opens[-1], address_of(laid, route)
        if asks not in known or route.name.startswith("account"):
            known[asks] = cookies_of(laid, asks)
        cookies = known[asks]
        given = dict.fromkeys(WAYS_ON, targets[number % len(targets)])
        body = hostile.encoded(given | {"csrfmiddlewaretoken": TOKEN, "language": "en"})
        asked = [port.ask(address, "POST", body, cookies, **OURS)]
        if route.name.startswith(("account", "openid")):  # their forms are begun by an address
            asked.append(port.ask(f"{address}?{hostile.query(given)}", cookies=cookies))
        for said in asked:
            if leads(said) != port.host:
                yield f"{route.name}: {said['location']}"


def test_no_way_on_leads_to_another_site(laid: Ground, port: Port) -> None:
    assert list(_elsewhere(laid, port)) == []


@pytest.mark.django_db
def test_after_signing_in_too(port: Port) -> None:
    form = _patient()
    for target in hostile.ELSEWHERE:
        said = port.ask(
            "/compte/connexion/", "POST", hostile.encoded(form | {"next": target}),
            {"csrftoken": TOKEN}, **OURS,
        )  # fmt: skip
        assert (said.status, leads(said)) == (302, port.host), target
    inside = port.ask(
        "/compte/connexion/", "POST", hostile.encoded(form | {"next": "/mon-compte/"}),
        {"csrftoken": TOKEN}, **OURS,
    )  # fmt: skip
    assert inside["location"] == "/mon-compte/"


@pytest.mark.django_db
def test_without_the_guard_the_language_switch_leads_elsewhere(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "url_has_allowed_host_and_scheme", lambda *_, **__: True)
    body = {"csrfmiddlewaretoken": TOKEN, "language": "en", "next": "//evil.example/"}
    said = port.ask("/langue/", "POST", hostile.encoded(body), {"csrftoken": TOKEN}, **OURS)
    assert leads(said) == "evil.example"


NAMES = ("evil.example", "localhost:8000@evil.example", "localhost.evil.example", "", "a b", "\x7f")


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_another_name_gets_no_page(port: Port, name: str) -> None:
    said = port.ask("/compte/mot-de-passe/oublie/", host=name)
    assert (said.status, "no-store" in said["cache-control"]) == (404, True)


def _links_of_the_way_back(port: Port, **headers: str) -> str:
    from serment import clock

    form = hostile.encoded({"email": EMAIL, "csrfmiddlewaretoken": TOKEN})
    port.lives = True
    said = port.ask(
        "/compte/mot-de-passe/oublie/", "POST", form, {"csrftoken": TOKEN}, **OURS | headers
    )
    assert said.status == 302
    envelopes.send_waiting(clock.now())
    return str(mail.outbox[-1].body)


@pytest.mark.django_db
def test_links_of_mails_name_this_site_whoever_asked(port: Port, settings: Any) -> None:
    _patient()
    told = _links_of_the_way_back(
        port, x_forwarded_host="evil.example", forwarded="host=evil.example"
    )
    assert LOCAL in told
    assert "evil.example" not in told
    # The control: the name is let in, as a wildcard would; the link names the public address still.
    settings.ALLOWED_HOSTS = ["*"]
    told = _links_of_the_way_back(port, host="evil.example", origin="http://evil.example")
    assert "evil.example" not in told


def _sign_in(port: Port, planted: str) -> str:
    form = _patient()
    said = port.ask(
        "/compte/connexion/", "POST", hostile.encoded(form),
        {"csrftoken": TOKEN, SESSION: planted}, **OURS,
    )  # fmt: skip
    assert said.status == 302
    given = [one for one in map(str.strip, said.all("set-cookie")) if one.startswith(SESSION)]
    return given[-1].partition("=")[2].partition(";")[0] if given else planted


def _planted() -> str:
    from serment.identity.sessions import SessionStore

    store = SessionStore()
    store["mot"] = "x"
    store.save()
    return str(store.session_key)


@pytest.mark.django_db
def test_a_session_laid_in_wait_is_not_the_one_signed_in(port: Port) -> None:
    planted = _planted()
    port.lives = True
    mine = _sign_in(port, planted)
    assert mine != planted
    assert port.ask("/mes-rendez-vous/", cookies={SESSION: mine}).status == 200
    assert port.ask("/mes-rendez-vous/", cookies={SESSION: planted}).status == 302


@pytest.mark.django_db
def test_without_the_guard_whoever_laid_it_is_in(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cycle_key", "flush"):
        monkeypatch.setattr(SessionBase, name, lambda _self: None)
    planted = _planted()
    port.lives = True
    assert _sign_in(port, planted) == planted
    assert port.ask("/mes-rendez-vous/", cookies={SESSION: planted}).status == 200

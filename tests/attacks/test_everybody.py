"""What ``test_forgery`` asks of a sample, asked of all: everybody who may ask, every route.

No form that was made elsewhere is taken, by any method and whoever is signed in; and no way on,
in an address or a form, leads to another site, also where the form itself is right.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from serment.identity import policy
from serment.web import language
from tests.attacks import hostile
from tests.attacks.port import LOCAL, Port, Said, leads
from tests.attacks.test_forgery import CALLED_BY_PROVIDERS, OURS, WAYS_ON, address_of, cookies_of
from tests.attacks.test_fuzz import TOKEN
from tests.house.doors import Route
from tests.rights import table
from tests.rights.asked import SAMPLES, UNKNOWN
from tests.rights.ground import Ground

CHANGING = ("POST", "PUT", "PATCH", "DELETE")
FOREIGN = ("https://evil.example", "null", "http://localhost:8001", "https://localhost:8000", "")
EVIL = "https://evil.example/x"
EXPIRED = "Ce formulaire a expiré"
SEEDS = int(os.environ.get("SERMENT_FUZZ_SEEDS", "3"))


def _taken(laid: Ground, port: Port, asks: str, routes: list[Route]) -> Iterator[str]:
    """Changes that no page of ours asked for and that met something else than the refusal."""
    cookies = cookies_of(laid, asks)
    form = OURS["content_type"]
    with_token = hostile.encoded({"csrfmiddlewaretoken": TOKEN})
    for route in routes:
        address = address_of(laid, route)
        for method in CHANGING:
            said = port.ask(address, method, b"{}", cookies, origin=LOCAL)
            if not _refused(said):
                yield f"{route.name}, {asks}: {method} without a token: {said.status}"
        for origin in FOREIGN:  # the token is right, the page that sends it is not ours
            said = port.ask(
                address, "POST", with_token, cookies, origin=origin, content_type=form,
                x_csrftoken=TOKEN,
            )  # fmt: skip
            if not _refused(said):
                yield f"{route.name}, {asks}: from {origin!r}: {said.status}"


def _refused(said: Said) -> bool:
    """By the check of the form: a door's own refusal says another thing."""
    return said.status == 403 and EXPIRED in said.body.decode(errors="replace")


@pytest.mark.torture
@pytest.mark.parametrize("asks", policy.ASKING)
def test_from_nobody_s_browser_is_a_form_from_elsewhere_taken(
    laid: Ground, port: Port, asks: str
) -> None:
    routes = [one for one in table.every_route() if one.name not in CALLED_BY_PROVIDERS]
    assert list(_taken(laid, port, asks, routes)) == []


def _elsewhere(
    laid: Ground, port: Port, asks: str, routes: list[Route], random: Random
) -> Iterator[str]:
    """Pages and forms asked with a way on to another site: what led there."""
    cookies = cookies_of(laid, asks)
    for route in routes:
        door = policy.door_of(route.view)
        if door is None or policy.answer(door, asks) is not policy.Answer.OPEN:
            continue
        for said in _asked(laid, port, route, cookies, random):
            if leads(said) != port.host:
                yield f"{route.name}, {asks}: {said['location']}"
        if route.name.startswith(("account", "openid")):  # it may have ended the session
            cookies = cookies_of(laid, asks)


def _asked(
    laid: Ground, port: Port, route: Route, cookies: dict[str, str], random: Random
) -> Iterator[Said]:
    """The page with ways on in its address; its forms, filled rightly, with ways on in them."""
    address = address_of(laid, route)
    asked = f"{address}?{hostile.query(_ways_on(random))}"
    shown = port.ask(asked, cookies=cookies, referer=EVIL)
    yield shown
    sample = SAMPLES.get(route.name, UNKNOWN)
    right = {name: laid.own.get(value[1:], value) for name, value in sample.data.items()}
    kept = [one.fields for one in hostile.forms(shown.body) if one.action in {"", address}]
    for fields in [{}, *kept]:
        sent = fields | right | _ways_on(random) | {"csrfmiddlewaretoken": TOKEN}
        yield port.ask(address, "POST", hostile.encoded(sent), cookies, **OURS)
        # As the page carried the way on by itself.
        carried = fields | right | {"csrfmiddlewaretoken": TOKEN}
        if fields:
            yield port.ask(address, "POST", hostile.encoded(carried), cookies, **OURS)


def _ways_on(random: Random) -> dict[str, str]:
    """Each name with a place of its own."""
    return dict(zip(WAYS_ON, random.sample(hostile.ELSEWHERE, len(WAYS_ON)), strict=True))


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("asks", policy.ASKING)
def test_nobody_is_led_to_another_site(laid: Ground, port: Port, asks: str, seed: int) -> None:
    routes = table.every_route()
    assert list(_elsewhere(laid, port, asks, routes, Random(f"{asks} {seed}"))) == []


@pytest.mark.torture
def test_without_the_guards_both_are_found(
    laid: Ground, port: Port, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """The control, once for each sweep."""
    named = {"set_language", "practice:cancel"}
    some = [one for one in table.every_route() if one.name in named]
    with monkeypatch.context() as careless:
        careless.setattr(language, "url_has_allowed_host_and_scheme", lambda *_, **__: True)
        ways = [_elsewhere(laid, port, policy.SIGNED_OUT, some, Random(n)) for n in range(4)]
        found = "\n".join(line for one in ways for line in one)
    assert "set_language" in found
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "Csrf" not in one]
    open_port = Port(tmp_path, monkeypatch)
    taken = "\n".join(_taken(laid, open_port, "secretary", some))
    assert all(f"{name}, secretary: from 'null'" in taken for name in named)

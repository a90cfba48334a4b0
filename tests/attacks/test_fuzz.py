"""Every route asked with hostile input, signed out and as somebody it opens to.

Routes come from the URL configuration, fields from the page's own forms and from what the view's
module reads: a new page is attacked the day it is added. A small seeded sample in each run, all of
it under the mark ``torture`` (SERMENT_FUZZ_SEEDS widens it).
"""

from __future__ import annotations

import html
import logging
import os
import re
import time
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from serment.identity import policy
from serment.web import asked
from tests.attacks import hostile
from tests.attacks.port import LOCAL, Port, Said, leads
from tests.attacks.test_headers import lacking
from tests.house.doors import Route
from tests.rights import table
from tests.rights.asked import SAMPLES, UNKNOWN
from tests.rights.ground import Ground
from tests.web_practice.house import make_file

TOKEN = "a" * 32
NEIGHBOUR = "Quetsch-Zwirner"
"""A patient of the other house: no answer here may name them."""
BROKEN = {500, 501, 502}
TYPED = "Mirabelle Zwetschge"
SECONDS_MAX = 5.0
"""Of this process's own work."""
_LINE_OF_CODE = re.compile(rb"\.py(?:&quot;|\"), line \d")


@pytest.fixture
def fuzzed(laid: Ground, port: Port) -> Fuzzed:
    there = laid.houses[1].practice.establishment
    from serment import ids

    make_file(
        there, ids.new_id(), family_name=NEIGHBOUR, given_name="Odile", birth_date="1950-01-01"
    )
    return Fuzzed(laid, port)


class Fuzzed:
    """Asks, and keeps what was wrong."""

    def __init__(self, laid: Ground, port: Port) -> None:
        self.laid, self.port = laid, port
        self.wrong: list[str] = []
        self.asked = 0
        self.statuses: set[int] = set()
        self._cookies: dict[str, dict[str, str]] = {}

    def cookies(self, asks: str) -> dict[str, str]:
        """Signed in once a role; a request that ended the session is noticed and it begins anew."""
        if asks not in self._cookies:
            signed = {name: one.value for name, one in self.laid.browser(asks).cookies.items()}
            self._cookies[asks] = signed | {"csrftoken": TOKEN}
        return self._cookies[asks]

    def attack(self, route: Route, asks: str, random: Random, rounds: int) -> None:
        """One route as one asker: its page, its form half filled in, then ``rounds`` of more."""
        sample = SAMPLES.get(route.name, UNKNOWN)
        path = {name: _filled(self.laid, value) for name, value in sample.path.items()}
        address = reverse(route.name, kwargs=path)
        sane = {name: _filled(self.laid, value) for name, value in sample.data.items()}
        names = [*hostile.names_read(route.view), *sane]
        asked = hostile.query(hostile.some(random, names, sane))
        shown = self._ask(route, asks, f"{address}?{asked}" if rounds < 2 else address)
        forms = [one for one in hostile.forms(shown.body) if one.action in {"", address}]
        sent = False
        for form in forms:
            sane |= form.fields
            sent |= self._typed_comes_back(route, asks, address, form)
        if not sent or rounds > 1:
            self._more(route, asks, random, (address, names, sane), rounds)
        if asks != policy.SIGNED_OUT and route.name.startswith("account_"):
            self._cookies.pop(asks)

    def _more(
        self, route: Route, asks: str, random: Random,
        known: tuple[str, list[str], dict[str, str]], rounds: int,
    ) -> None:  # fmt: skip
        for number in range(rounds):
            ways = list(_ways(random, *known, number))
            # A sample tries the form alone.
            for target, method, body, cookies, headers in ways if rounds > 1 else ways[1:2]:
                self._ask(route, asks, target, method, body, cookies, **headers)

    def _ask(
        self, route: Route, asks: str, target: str, method: str = "GET", body: bytes = b"",
        cookies: dict[str, str] | None = None, **headers: Any,
    ) -> Said:  # fmt: skip
        began = time.process_time()  # a busy machine's clock says nothing of a page
        given = self.cookies(asks) | (cookies or {})
        said = self.port.ask(target, method, body, given, **headers)
        self.asked += 1
        self.statuses.add(said.status)
        what = f"{route.name}, {asks}: {method} {target[:300]} {body[:600]!r} {cookies} {headers}"
        signed_in = asks != policy.SIGNED_OUT and "sessionid" not in (cookies or {})
        if signed_in and "no-store" not in said["cache-control"]:
            self.wrong.append(f"kept in the browser: {route.name}, {asks}, {said.status}")
        for why in _faults(said, time.process_time() - began):
            self.wrong.append(f"{why}\n   {what}")
        return said

    def _typed_comes_back(self, route: Route, asks: str, address: str, form: hostile.Form) -> bool:
        """A form refused shows again what was typed in it. False where nothing is typed in it."""
        typed = dict.fromkeys(form.typed, TYPED)
        if not typed:
            return False
        sent = form.fields | typed | {"csrfmiddlewaretoken": TOKEN}
        said = self._ask(
            route, asks, address, "POST", hostile.encoded(sent),
            content_type="application/x-www-form-urlencoded", origin="http://localhost:8000",
        )  # fmt: skip
        again = [one for one in hostile.forms(said.body) if set(one.fields) >= set(typed)]
        lost = [
            name
            for name in typed
            if again and not any(TYPED in html.unescape(one.fields[name]) for one in again)
        ]
        if lost:
            self.wrong.append(f"typed and lost: {route.name}, {asks}: {lost}")
        return True


def _ways(
    random: Random, address: str, names: list[str], sane: dict[str, str], number: int
) -> Iterator[tuple[str, str, bytes, dict[str, str], dict[str, Any]]]:
    form = {"content_type": b"application/x-www-form-urlencoded", "origin": "http://localhost:8000"}
    token = {"csrfmiddlewaretoken": TOKEN}
    yield f"{address}?{hostile.query(hostile.some(random, names, sane))}", "GET", b"", {}, {}
    body = hostile.encoded(hostile.some(random, names, sane) | token)
    yield address, "POST", body, {}, form
    if number % 2 == 0:
        files = {name: random.choice(hostile.FILES) for name in random.sample(names, 1)}
        body, kind = hostile.multipart(hostile.some(random, names, sane) | token, files)
        yield address, "POST", body, {}, form | {"content_type": kind}
    else:
        yield random.choice([*hostile.paths(random, address)]), "GET", b"", {}, {}
        odd = random.choice(hostile.HEADERS)
        body = random.choice((b"", body, b"{}", b"\xff\xfe", b"[" * 3_000, b"a=b&" * 2_000))
        method = random.choice(("GET", "POST", "PUT", "HEAD", "OPTIONS", "TRACE", "PROPFIND"))
        yield address, method, body, random.choice(hostile.COOKIES), dict(odd)
        yield (
            address,
            "POST",
            body,
            {},
            form | {"x_csrftoken": TOKEN, "content_type": b"application/json"},
        )


def _filled(laid: Ground, value: str) -> str:
    return laid.own[value[1:]] if value[:1] in {"@", "$"} else value


def _faults(said: Said, seconds: float) -> Iterator[str]:
    if said.status in BROKEN or said.errors:
        yield f"{said.status}: {' '.join(said.errors)}"
    yield from lacking(said)
    if NEIGHBOUR.encode() in said.body:
        yield "the neighbour's patient"
    if b"Traceback" in said.body or _LINE_OF_CODE.search(said.body):
        yield "a stack"
    if said.all("x-evil") or leads(said) != urlsplit(LOCAL).netloc:
        yield f"led elsewhere: {said['location']}"
    if seconds > SECONDS_MAX:
        yield f"{seconds:.1f} s"


def _askers(route: Route) -> list[str]:
    door = policy.door_of(route.view)
    if door is None:
        return []
    return [one for one in policy.ASKING if policy.answer(door, one) is policy.Answer.OPEN]


def test_a_sample_of_hostile_input_meets_a_page_on_every_route(
    fuzzed: Fuzzed, caplog: pytest.LogCaptureFixture
) -> None:
    random = Random(20261122)
    with caplog.at_level(logging.INFO):
        for route in table.every_route():
            asks = random.choice(_askers(route))
            fuzzed.attack(route, asks, random, rounds=1)
    _none_wrong(fuzzed, caplog)
    assert fuzzed.asked >= 2 * len(table.every_route())
    assert fuzzed.statuses >= {200, 302, 400, 404, 405}


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(int(os.environ.get("SERMENT_FUZZ_SEEDS", "3"))))
def test_everybody_s_hostile_input_on_every_route(
    fuzzed: Fuzzed, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    random = Random(seed)
    with caplog.at_level(logging.INFO):
        for route in table.every_route():
            for asks in _askers(route):
                fuzzed.attack(route, asks, random, rounds=4)
    _none_wrong(fuzzed, caplog)


def _none_wrong(fuzzed: Fuzzed, caplog: pytest.LogCaptureFixture) -> None:
    told = caplog.text
    assert TYPED not in told
    assert NEIGHBOUR not in told
    assert not fuzzed.wrong, "\n".join([f"{len(fuzzed.wrong)} faults", *fuzzed.wrong[:40]])


def test_the_fault_is_seen_where_a_reader_is_taken_away(
    fuzzed: Fuzzed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: numbers and words as they come."""
    monkeypatch.setattr(asked, "number", lambda text, most: int(text))
    monkeypatch.setattr(asked, "slug", lambda text: text)
    route = next(one for one in table.every_route() if one.name == "patient:results")
    fuzzed.attack(route, policy.SIGNED_OUT, Random(3), rounds=40)
    assert [one for one in fuzzed.wrong if "500" in one]

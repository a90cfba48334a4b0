"""Every route × everybody who may ask × own, another's and nobody's ids, by real requests.

What the policy declares, what the table written by hand says and what the pages answer are three
sources; each is held against the others, and a planted fault in each is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.urls import get_resolver, reverse

from serment.identity import policy
from serment.identity.accounts import OFFICERS_HOME, STAFF_HOME, TRUSTEES_HOME
from serment.identity.policy import Answer
from tests.house.doors import Route
from tests.rights import ground, table
from tests.rights.asked import SAMPLES, UNKNOWN, Sample
from tests.rights.ground import Ground

_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')
_HAND = table.by_hand()


def test_the_declared_policy_is_the_one_written_by_hand() -> None:
    assert table.differences(table.declared(table.every_route()), _HAND) == []
    assert {asks for row in _HAND.values() for asks in row} == set(policy.ASKING)


def test_a_slip_on_either_side_is_found() -> None:
    declared = table.declared(table.every_route())
    slipped = dict(declared) | {
        "practice:cancel": dict(declared["practice:cancel"], trainee="open")
    }
    assert table.differences(slipped, _HAND) == ["practice:cancel, trainee: open / missing"]
    forgotten = {name: row for name, row in _HAND.items() if name != "patient:opened"}
    assert len(table.differences(declared, forgotten)) == len(policy.ASKING)


def test_a_route_written_twice_is_no_table(tmp_path: Path) -> None:
    twice = tmp_path / "table.csv"
    lines = table.FILE.read_text(encoding="utf-8").splitlines()
    twice.write_text("\n".join([*lines, lines[-1]]), encoding="utf-8")
    with pytest.raises(ValueError, match=lines[-1].split(";")[0].strip()):
        table.by_hand(twice)


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(4))
def test_every_page_answers_as_the_table_says(part: int) -> None:
    """Everybody in four parts: two processes end together."""
    wrong = list(_wrong(ground.lay(), table.every_route(), policy.ASKING[part::4]))
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
def test_without_the_doorkeeper_the_matrix_finds_who_gets_in(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same requests with nobody at the door. And away with the rule that
    nothing of somebody signed in stays in a cache: that is found as well."""
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "doorkeeper" not in one]
    laid = ground.lay()
    of_a_kind = {"practice:find", "accesses", "practice:card"}
    found = list(
        _wrong(laid, [one for one in table.every_route() if one.name in of_a_kind], policy.ASKING)
    )
    assert "practice:find, manager: 200 is not the missing page" in found
    assert "practice:card, trainee: 200 is not the missing page" in found
    assert "accesses, signed_out: 403 , no sign-in" in found
    assert {one.partition(",")[0] for one in found} == of_a_kind
    assert not any("cache" in one for one in found)
    monkeypatch.setattr(
        HttpResponse,
        "setdefault",
        lambda kept, name, _value: kept.headers.setdefault(name, "max-age=60"),
    )
    find = [one for one in table.every_route() if one.name == "practice:find"]
    assert list(_wrong(laid, find, ["secretary"])) == [
        "practice:find, secretary: a cache may keep it"
    ]


def _wrong(laid: Ground, found: list[Route], everybody: Iterable[str]) -> Iterator[str]:
    for asks in everybody:
        browser = laid.browser(asks)
        nothing = _asked(browser, Sample(), "patient:home", laid.own, at="/rien-de-tel")
        for one in (route for route in found if route.name in _HAND):
            sample = SAMPLES.get(one.name, UNKNOWN)
            wanted = Answer(_HAND[one.name][asks])
            answer = _asked(browser, sample, one.name, laid.own)
            why = _unlike(answer, wanted, asks, sample, nothing)
            if why:
                yield f"{one.name}, {asks}: {why}"
            if asks != policy.SIGNED_OUT and "no-store" not in answer.headers["Cache-Control"]:
                yield f"{one.name}, {asks}: a cache may keep it"
            if sample.varied:
                yield from (
                    f"{one.name}, {asks}: {why}"
                    for why in _told(laid, browser, sample, one.name, answer, wanted)
                )


def _told(
    laid: Ground, browser: Any, sample: Sample, route: str, own: Any, wanted: Answer
) -> Iterator[str]:
    """Another's ids and nobody's answer alike, whoever asks; to the let in, not as the own do."""
    theirs = _asked(browser, sample, route, laid.own | {n: laid.other[n] for n in sample.varied})
    if wanted is Answer.MISSING:  # what the own id answered is the missing page, to the letter
        if (theirs.status_code, theirs.content) != (own.status_code, own.content):
            yield "another's id is told from an own one"
        return
    never = laid.never
    nobodys = _asked(browser, sample, route, laid.own | {n: never[n] for n in sample.varied})
    if _seen(theirs, laid.other, sample) != _seen(nobodys, never, sample):
        yield "another's id is told from nobody's"
    if wanted is not Answer.OPEN:
        if _seen(own, laid.own, sample) != _seen(nobodys, never, sample):
            yield "an own id is told from nobody's"
    elif nobodys.status_code != 404 and "lettre" not in sample.data:
        yield f"nobody's id answers {nobodys.status_code}"


@pytest.mark.django_db
def test_a_malformed_id_answers_like_one_that_never_was() -> None:
    laid = ground.lay()
    browser = laid.browser("secretary")
    found = 0
    for route, sample in SAMPLES.items():
        if route.startswith("practice:") and sample.path:
            never = _asked(browser, sample, route, laid.never)
            malformed = browser.generic(sample.method.upper(), _malformed(route, sample, laid))
            assert (malformed.status_code, malformed.content) == (404, never.content), route
            found += 1
    assert found > 8


def _malformed(route: str, sample: Sample, laid: Ground) -> str:
    path = {name: laid.own[value[1:]] for name, value in sample.path.items()}
    address = reverse(route, kwargs=path)
    for value in path.values():
        address = address.replace(value, value[:-1] + "z")
    return address


def _asked(browser: Any, sample: Sample, route: str, own: Mapping[str, str], at: str = "") -> Any:
    """One request, taken back: the next finds everything as it was."""
    kept = {name: one.value for name, one in browser.cookies.items()}
    with transaction.atomic():
        answer = browser.get(at) if at else sample.ask(browser, route, own)
        if hasattr(answer, "render") and not answer.is_rendered:
            answer.render()
        transaction.set_rollback(True)
    browser.cookies.clear()
    for name, value in kept.items():
        browser.cookies[name] = value
    return answer


def _unlike(answer: Any, wanted: Answer, asks: str, sample: Sample, nothing: Any) -> str:
    """What differs from the table; empty where nothing does."""
    status, to = answer.status_code, answer.headers.get("Location", "")
    if wanted is Answer.MISSING:
        alike = (status, answer.content, dict(answer.headers)) == (
            404, nothing.content, dict(nothing.headers),
        )  # fmt: skip
        return "" if alike else f"{status} is not the missing page"
    if wanted is Answer.SIGN_IN:
        return "" if to.startswith("/compte/connexion/?next=") else f"{status} {to}, no sign-in"
    if wanted is Answer.WORK:
        home = OFFICERS_HOME if asks.endswith("_officer") else STAFF_HOME
        home = TRUSTEES_HOME if asks == "trustee" else home
        return "" if (status, to) == (302, home) else f"{status} {to}, not to work"
    if to.startswith("/compte/connexion/?next="):
        return "sent to sign in"
    return "" if status in sample.answers else f"{status} {to}, though let in"


def _seen(answer: Any, named: Mapping[str, str], sample: Sample) -> tuple[Any, ...]:
    """Status, headers and body, with what the address itself says taken out."""
    body = _TOKEN.sub(b"", answer.content)
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
    told = str(sorted(headers.items()))
    for name in sample.varied:
        body, told = body.replace(named[name].encode(), b"ID"), told.replace(named[name], "ID")
    return answer.status_code, told, body


def test_the_table_and_the_samples_name_routes_that_are_there() -> None:
    names = {one.name for one in table.every_route()}
    assert set(SAMPLES) <= names
    assert len(list(get_resolver().url_patterns)) > 3

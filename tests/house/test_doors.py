"""Each route says who may use it, in Django and outside; a planted one that does not is found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver, include, path
from starlette.routing import Mount, Route

from serment.identity import policy
from serment.identity.rights import Act
from serment.live.application import Setting, site
from serment.live.health import LedgerState, Probes
from tests.house import doors, rules


def _page(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _declared(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def test_every_route_has_a_policy_and_a_name() -> None:
    patterns = get_resolver().url_patterns
    assert len(list(doors.routes(patterns))) > 50
    assert doors.undeclared(patterns) == []
    assert doors.unnamed(patterns) == []


def test_planted_routes_are_found() -> None:
    policy.staff_may(Act.BOOK)(_declared)
    planted: list[URLPattern | URLResolver] = [
        path("a/", include(([path("b", _page, name="b")], "inner"))),
        path("c", _declared),
        path("d", _declared, name="d"),
        path("e", _declared, name="d"),
    ]
    assert doors.undeclared(planted) == ["a/b"]
    assert doors.unnamed(planted) == ["c", "e"]
    assert next(one.name for one in doors.routes(planted)) == "inner:b"


def test_a_view_is_declared_once() -> None:
    policy.staff_may(Act.BOOK)(_declared)
    with pytest.raises(policy.DeclaredTwiceError):
        policy.everybody("by mistake")(_declared)
    with pytest.raises(TypeError):
        policy.staff_may()


def test_whoever_checks_the_doors_is_asked_after_it_is_known_who_comes() -> None:
    order = settings.MIDDLEWARE
    standing, keeper = "serment.identity.standing.Standing", "serment.web.doorkeeper.Doorkeeper"
    assert order.index(keeper) > order.index(standing)


async def _asked() -> None:
    """Nothing answers here."""


async def _ledger() -> LedgerState:
    return LedgerState(0, 0, 0.0)


def test_every_door_outside_django_is_declared() -> None:
    probe: Callable[[], Awaitable[None]] = _asked
    application = site(
        Setting(
            pages=lambda _environ, _start: [],
            public_url="http://localhost",
            probes=Probes(probe, _ledger, probe, lambda: True),
            ledger=Path("/nowhere"),
        )
    )
    open_ = {one.path for one in application.routes if isinstance(one, Route | Mount)}
    assert len(open_) == len(application.routes)
    open_.discard("")  # Django itself
    assert open_ | {settings.STATIC_URL.rstrip("/")} == {one.path for one in policy.OUTSIDE}


def test_no_view_asks_for_a_role_by_itself() -> None:
    """Rights stand at the door: a second check in the view would be a second truth."""
    asked = "rights." + "require("
    found = [
        path for path, source in rules.python_files("serment/web") if asked in source
    ]  # fmt: skip
    assert found == []

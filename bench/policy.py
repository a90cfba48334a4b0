"""What the policy and row-level security cost of a page, with and without, one after the other.

Pages are asked in this process over the whole chain of middleware, on a seeded demo with a keeper.
"Without" has no doorkeeper, no outer transaction, no setting that names where a request stands,
and row-level security off on every table: the pages' own conditions alone keep the houses apart.
With and without alternate in short blocks, so that a busy moment hits both alike.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from bench import ground
from bench.report import Figure, processor_ms, write

ROUNDS = 16
BLOCK = 8
WARM = 2
DRAWS = 2_000
LIMIT = 1.05
PATIENTS = 60
HOST = "localhost:8000"
PAGES = (
    ("desk: the agenda of today", "secretary", "/cabinet/"),
    ("desk: the week", "secretary", "/cabinet/semaine/"),
    ("patient: my appointments", "patient", "/mes-rendez-vous/"),
    ("patient: who opened my data", "patient", "/qui-a-ouvert-mes-donnees/"),
)
DOORKEEPER = "serment.web.doorkeeper.Doorkeeper"
STANDING = "serment.identity.standing.Standing"


class StandingWithoutWalls:
    """Middleware that knows the member of staff as ``Standing`` does, and names no place."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        """Look up who it is, as any page needs."""
        from serment.identity import staff, standing

        account = standing._account_of(request)
        if account is not None and request.user.is_authenticated:
            staff.enter(request, account)
        return self._get_response(request)


def browser_of(login: str) -> Any:
    from django.test import Client

    browser = Client(headers={"accept-language": "fr", "host": HOST})
    assert browser.post("/demo/entrer", {"login": login}).status_code == 302
    return browser


def seeded(state: Path, patients: int) -> dict[str, str]:
    """The demo's houses and people; the login of somebody of each role."""
    from django.conf import settings

    from serment import clock
    from serment.directory import places
    from serment.drills.demo import seeding, staffing

    settings.DEMO, settings.PUBLIC_URL = True, f"http://{HOST}"
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    places.warm()
    seeding.seed(clock.now(), state, f"http://{HOST}", patients=patients)
    return {one.role: one.login for one in reversed(staffing.read(state))}


def _beside(browser: Any) -> Any:
    """The same session, over a chain without the doorkeeper and with ``StandingWithoutWalls``."""
    from django.conf import settings
    from django.test import Client, override_settings

    bare = Client(headers={"accept-language": "fr", "host": HOST})
    bare.cookies = browser.cookies
    chain = [
        "bench.policy.StandingWithoutWalls" if one == STANDING else one
        for one in settings.MIDDLEWARE
        if one != DOORKEEPER
    ]
    with override_settings(MIDDLEWARE=chain):
        bare.handler.load_middleware()
    return bare


def _nowhere(*_given: object, **_named: object) -> dict[str, str]:
    """No setting to make."""
    return {}


@contextmanager
def without_walls(root: Any, tables: list[str]) -> Iterator[None]:
    """Row-level security off, and no request says where it stands."""
    from serment.directory import tenancy

    for table in tables:
        root.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    try:
        with (
            mock.patch.object(tenancy, "_place", _nowhere),
            mock.patch.object(tenancy, "_moved", _nowhere),
            mock.patch.object(tenancy, "stand_in", _nowhere),
        ):
            yield
    finally:
        for table in tables:
            root.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


@dataclass(slots=True)
class Spent:
    """Medians of short blocks, and processor time of pages and their database session."""

    medians: list[float] = field(default_factory=list)
    processor_ms: float = 0.0
    pages: int = 0

    def block(self, browser: Any, page: str) -> None:
        """Some pages one after the other, after a few that are not counted."""
        for _ in range(WARM):
            browser.get(page)
        times, before = [], processor_ms("default")
        for _ in range(BLOCK):
            begun = time.perf_counter()
            answer = browser.get(page)
            times.append((time.perf_counter() - begun) * 1000)
            assert answer.status_code == 200, (page, answer.status_code)
        self.processor_ms += processor_ms("default") - before
        self.medians.append(statistics.median(times))
        self.pages += BLOCK


def _figures(what: str, own: Spent, bare: Spent) -> Iterator[Figure]:
    """The median page with, beside without, and the interval of the ratio; then what it takes of a
    processor, which a busy machine changes less."""
    draw = random.Random(5)
    ratios = [one / other for one, other in zip(own.medians, bare.medians, strict=True)]
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(DRAWS))
    low, high = medians[int(DRAWS * 0.025)], medians[int(DRAWS * 0.975)]
    pairs = (
        (
            f"{what}, median; ratio [{low:.3f} to {high:.3f}]",
            statistics.median(own.medians),
            statistics.median(bare.medians),
            statistics.median(ratios),
        ),
        (
            f"{what}, processor time of page and database",
            own.processor_ms / own.pages,
            bare.processor_ms / bare.pages,
            own.processor_ms / bare.processor_ms,
        ),
    )
    for named, value, beside, ratio in pairs:
        yield Figure(
            what=named,
            value=round(value, 2),
            unit="ms",
            beside="without policy and row-level security",
            beside_value=round(beside, 2),
            ratio=round(ratio, 3),
            target=f"at most {LIMIT - 1:.0%} of a page",
            runs=own.pages,
        )


def _decision() -> Figure:
    """One decision of the doorkeeper, apart from any page."""
    from django.contrib.auth.models import AnonymousUser
    from django.test import RequestFactory
    from django.urls import resolve

    from serment.identity import policy

    request = RequestFactory().get("/cabinet/")
    request.user = AnonymousUser()
    view = resolve("/cabinet/").func
    door = policy.door_of(view)
    assert door is not None
    begun = time.perf_counter()
    for _ in range(10_000):
        policy.answer(door, "trainee")
    micro = (time.perf_counter() - begun) * 100
    return Figure("one decision", round(micro, 2), "µs", "", None, None, "a few µs", 10_000)


def measure(state: Path) -> list[Figure]:
    """All pages."""
    logins = seeded(state, PATIENTS)
    root = ground.superuser(state)
    tables = [
        str(name)
        for (name,) in root.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity"
            " AND relnamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()
    ]
    figures: list[Figure] = []
    for what, role, page in PAGES:
        walled = browser_of(logins[role])
        bare = _beside(walled)
        own, other = Spent(), Spent()
        for _ in range(ROUNDS):
            own.block(walled, page)
            with without_walls(root, tables):
                other.block(bare, page)
        figures += _figures(what, own, other)
    return [*figures, _decision()]


def main() -> None:
    """Measure and write."""
    with ground.instance(keeper=True) as state:
        write("policy", measure(state))


if __name__ == "__main__":
    main()

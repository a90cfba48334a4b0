"""Whether an answer's time tells that an address has an account, how long the sign-in page takes,
and how many sign up a minute.

Pages are asked in this process, over its whole chain of middleware, with the keeper's synced
records and PostgreSQL's synced commits of a real instance. Pairs are asked one right after the
other, who goes first drawn by lot, so that a busy moment hits both alike. The password's hash, by
far the longest part and the same one for both, is counted and not timed: the rest could tell.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib.auth.hashers import MD5PasswordHasher

from bench import ground
from bench.report import Figure, p95, write

if TYPE_CHECKING:
    from django.test import Client

PAIRS = 400
PAGES = 300
PAGE_LIMIT_MS = 50.0
WARM = 5
DRAWS = 2_000
LIMIT_MS = 2.0
SECONDS = 20.0
THREADS = 4
SIGN_UPS_A_MINUTE = 40
PASSWORD = "un cheval blanc sous la pluie"
WRONG = "un cheval noir sous la neige"
TAKEN = "existe@exemple.fr"

_numbers = iter(range(10**9))


def _new_address() -> str:
    return f"personne{next(_numbers)}@exemple.fr"


def _typed(address: str) -> dict[str, str]:
    return {
        "given_name": "Camille",
        "family_name": "Banc",
        "birth_date": "12/03/1961",
        "email": address,
        "password1": PASSWORD,
    }


def _browser() -> Client:
    from django.test import Client

    return Client(headers={"accept-language": "fr"})


def _post(path: str, typed: dict[str, str], expected: int, browser: Client | None = None) -> float:
    """Milliseconds of one form; by a browser that was never seen before unless one is given."""
    from django.core.cache import cache

    cache.clear()  # limits on tries are another guard's
    browser = browser or _browser()
    browser.get("/compte/connexion/")
    begun = time.perf_counter()
    answer = browser.post(path, typed)
    took = (time.perf_counter() - begun) * 1000
    assert answer.status_code == expected, (path, answer.status_code)
    return took


def questions() -> dict[str, Callable[[str], float]]:
    """What a stranger may ask about an address."""
    return {
        "sign-up": lambda address: _post("/compte/inscription/", _typed(address), 302),
        "sign-in, wrong password": lambda address: _post(
            "/compte/connexion/", {"login": address, "password": WRONG}, 200
        ),
        "password forgotten": lambda address: _post(
            "/compte/mot-de-passe/oublie/", {"email": address}, 302
        ),
    }


def paired(ask: Callable[[str], float], draw: random.Random) -> list[tuple[float, float]]:
    """Milliseconds about an address that has an account, and about one that has none."""
    found = []
    for number in range(WARM + PAIRS):
        addresses = {"known": TAKEN, "unknown": _new_address()}
        times, hashes = {}, {}
        for which in draw.sample(sorted(addresses), 2):
            before = QuickHash.made
            times[which] = ask(addresses[which])
            hashes[which] = QuickHash.made - before
        assert hashes["known"] == hashes["unknown"], hashes
        if number >= WARM:
            found.append((times["known"], times["unknown"]))
    return found


class QuickHash(MD5PasswordHasher):
    """Stands in for the real hash, and counts."""

    algorithm = "quick"
    made = 0

    def encode(self, password: str, salt: str) -> str:
        """One hash more."""
        type(self).made += 1
        return super().encode(password, salt)


def interval(differences: list[float], draw: random.Random) -> tuple[float, float]:
    """95 % interval of the median, by drawing the sample anew (bootstrap)."""
    medians = sorted(
        statistics.median(draw.choices(differences, k=len(differences))) for _ in range(DRAWS)
    )
    return medians[int(DRAWS * 0.025)], medians[int(DRAWS * 0.975)]


def told_by_time(what: str, ask: Callable[[str], float]) -> Figure:
    """How far the two answers lie apart."""
    draw = random.Random(5)
    pairs = paired(ask, draw)
    apart = [known - unknown for known, unknown in pairs]
    low, high = interval(apart, draw)
    return Figure(
        what=f"{what}: known less unknown address, median [{low:+.2f} to {high:+.2f}]",
        value=round(statistics.median(apart), 2),
        unit="ms",
        beside="answer less the hash, unknown address, median",
        beside_value=round(statistics.median(unknown for _, unknown in pairs), 1),
        ratio=None,
        target=f"within {LIMIT_MS:g} ms",
        runs=PAIRS,
    )


def sign_in_page() -> list[Figure]:
    """The page, and a right password less its hash: wall time, and the processor's of this one."""
    known = _browser()
    asked = {
        "the sign-in page": _page_of_sign_in,
        "signing in, less the hash, from a known browser": lambda: _signing_in(known),
        "signing in, less the hash, from a new browser, whose owner is written to": lambda: (
            _signing_in(_browser())
        ),
    }
    return [_within(what, ask) for what, ask in asked.items()]


def _signing_in(browser: Client) -> float:
    from serment.identity.means import listed

    for name in list(browser.cookies):  # signed in nowhere; the mark of a known device stays
        if not name.endswith(listed.MARK):
            del browser.cookies[name]
    return _post("/compte/connexion/", {"login": TAKEN, "password": PASSWORD}, 302, browser)


def _page_of_sign_in() -> float:
    browser = _browser()
    begun = time.perf_counter()
    answer = browser.get("/compte/connexion/")
    took = (time.perf_counter() - begun) * 1000
    assert answer.status_code == 200
    return took


def _within(what: str, ask: Callable[[], float]) -> Figure:
    for _ in range(WARM):
        ask()
    before = time.process_time()
    times = [ask() for _ in range(PAGES)]
    processor = (time.process_time() - before) * 1000 / PAGES
    return Figure(
        what=f"{what}, 95 in 100 within (median {statistics.median(times):.1f})",
        value=round(p95(times), 1),
        unit="ms",
        beside="processor time of this process, mean",
        beside_value=round(processor, 1),
        ratio=None,
        target=f"under {PAGE_LIMIT_MS:g} ms",
        runs=PAGES,
    )


def sustained() -> list[Figure]:
    """Sign-ups a minute while their mails leave and as many old accounts are swept."""
    from serment.identity import tasks
    from serment.outbox import envelopes

    made: SimpleQueue[UUID] = SimpleQueue()
    done = {"signed up": 0, "swept": 0, "sent": 0}
    until = time.perf_counter() + SECONDS

    def sign_up() -> None:
        while time.perf_counter() < until:
            address = _new_address()
            _post("/compte/inscription/", _typed(address), 302)
            done["signed up"] += 1  # a line of one thread at a time
            made.put(_account_of(address))

    def sweep() -> None:
        while time.perf_counter() < until:
            try:
                tasks.forget_unconfirmed(str(made.get(timeout=0.2)))
                done["swept"] += 1
            except Empty:
                continue

    def send() -> None:
        from serment import clock

        while time.perf_counter() < until:
            done["sent"] += envelopes.send_waiting(clock.now()).sent
            time.sleep(0.1)

    _together(*[sign_up] * THREADS, sweep, send)
    return [_a_minute(what, count) for what, count in done.items()]


def _a_minute(what: str, count: int) -> Figure:
    rate = count * 60 / SECONDS
    return Figure(
        what=f"{what}, a minute",
        value=round(rate, 1),
        unit="/min",
        beside="demanded",
        beside_value=float(SIGN_UPS_A_MINUTE),
        ratio=round(rate / SIGN_UPS_A_MINUTE, 2),
        target=f"at least {SIGN_UPS_A_MINUTE}",
        runs=1,
    )


def _account_of(address: str) -> UUID:
    from serment.identity import registration

    found = registration.by_address(address)
    assert found is not None
    return found


def _together(*acts: Callable[[], None]) -> None:
    from django.db import connections

    def run(act: Callable[[], None]) -> None:
        try:
            act()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _settle(*hashers: str) -> None:
    """Mail that goes nowhere, files without digests, and these hashes."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = list(hashers)
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    settings.ALLOWED_HOSTS = ["testserver"]
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": plain}}


def _an_account() -> None:
    from serment.disclosure import SYSTEM
    from serment.identity import registration

    values = {"given_name": "Camille", "family_name": "Banc"}
    registration.create(SYSTEM, TAKEN, values, password=PASSWORD)


def main() -> None:
    """First the times, then the rate."""
    with ground.instance(keeper=True):
        from django.conf import settings

        real = settings.PASSWORD_HASHERS
        _settle("bench.sign_up.QuickHash")
        _an_account()
        figures = [told_by_time(what, ask) for what, ask in questions().items()]
        figures += sign_in_page()
        _settle(*real)
        figures += sustained()
        from django.db import connections

        connections.close_all()
    write("sign_up", figures)


if __name__ == "__main__":
    main()

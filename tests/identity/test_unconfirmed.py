"""An account that nobody confirms goes after a day; signing up twice costs the site the same."""

from __future__ import annotations

import statistics
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from serment.directory import tenancy
from serment.identity import addresses, backend, registration, tasks
from serment.identity.adapter import SealedAccountAdapter
from serment.identity.means import strength
from serment.identity.models import Account
from tests.identity.conftest import PERSON, sign_up

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "search"])
SCRYPT = ["django.contrib.auth.hashers.ScryptPasswordHasher"]


def _jobs() -> list[tuple[str, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args ->> 'account_id', scheduled_at FROM procrastinate_jobs"
            " WHERE task_name = 'identity.forget_unconfirmed'"
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]


def test_an_account_without_its_code_is_gone_a_day_later(browser: Client) -> None:
    browser.post("/compte/inscription/", PERSON)
    assert registration.by_address(PERSON["email"]) is not None  # the control: it waits
    [(account, due)] = _jobs()
    ahead = due - datetime.now(UTC)
    assert timedelta(hours=24) <= ahead <= timedelta(hours=25)
    assert (due.minute, due.second, due.microsecond) == (0, 0, 0)
    tasks.forget_unconfirmed(account)
    assert registration.by_address(PERSON["email"]) is None
    tasks.forget_unconfirmed(account)  # told twice, nothing breaks


def test_a_confirmed_account_stays(browser: Client) -> None:
    sign_up(browser)
    [(account, _due)] = _jobs()
    tasks.forget_unconfirmed(account)
    assert str(registration.by_address(PERSON["email"])) == account


def _seconds(times: int, *emails: str) -> list[float]:
    """What signing up takes of the processor, for each address; a busy machine's clock runs on."""
    spent: list[list[float]] = [[] for _ in emails]
    for number in range(times):
        for taken, email in zip(spent, emails, strict=True):  # in turns: what else runs meets both
            cache.clear()
            browser = Client(headers={"accept-language": "fr"})
            typed = PERSON | {"email": email.format(number)}
            begun = time.process_time()
            assert browser.post("/compte/inscription/", typed).status_code == 302
            taken.append(time.process_time() - begun)
    return [statistics.median(one) for one in spent]


def test_a_taken_address_and_a_free_one_take_much_the_same_time(
    pages: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = SCRYPT
    sign_up(Client(headers={"accept-language": "fr"}))
    free, taken = _seconds(7, "libre{}@exemple.fr", PERSON["email"])
    assert 0.6 < taken / free < 1.6, (taken, free)
    # The control: without the same work a taken address answers several times as fast.
    monkeypatch.setattr(SealedAccountAdapter, "save_nobody", lambda *_given: None)
    free, taken = _seconds(7, "aussi{}@exemple.fr", PERSON["email"])
    assert taken < 0.5 * free, (taken, free)


def test_a_taken_address_makes_an_account_of_nobody_that_goes_as_any_other(
    browser: Client,
) -> None:
    sign_up(browser)
    [(owner, _due)] = _jobs()
    before = registration.by_address(PERSON["email"])
    stranger = Client(headers={"accept-language": "fr"})
    assert stranger.post("/compte/inscription/", PERSON).url == "/compte/code/"
    assert registration.by_address(PERSON["email"]) == before
    [nobody] = [UUID(account) for account, _due in _jobs() if account != owner]
    with tenancy.inside(account=nobody):
        made = Account.objects.get(pk=nobody)
    assert made.alias != addresses.alias_of(PERSON["email"].lower())
    assert addresses.is_alias(made.alias)
    # What it was made with signs nobody in, also not in the browser that made it.
    assert stranger.get("/moi/").status_code == 302
    assert strength.PASSWORD not in str(dict(stranger.session))
    tasks.forget_unconfirmed(str(nobody))
    with tenancy.inside(account=nobody):
        assert not Account.objects.filter(pk=nobody).exists()


def _statements(path: str, typed: dict[str, str]) -> int:
    """The fewer of two times: what a process looks up once in a while only adds."""
    found = []
    for _time in range(2):
        cache.clear()
        browser = Client(headers={"accept-language": "fr"})
        with CaptureQueriesContext(connection) as asked:
            browser.post(path, typed)
        found.append(len(asked))
    return min(found)


def test_a_known_and_an_unknown_address_cost_the_same_statements(
    pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In bench/sign_up.py it is timed; here it is counted, on any machine."""
    sign_up(Client(headers={"accept-language": "fr"}))

    def sign_in(email: str) -> int:
        return _statements("/compte/connexion/", {"login": email, "password": "pas le bon"})

    def forgotten(email: str) -> int:
        return _statements("/compte/mot-de-passe/oublie/", {"email": email})

    def joined(email: str) -> int:
        return _statements("/compte/inscription/", PERSON | {"email": email})

    for ask in (sign_in, forgotten):
        assert ask(PERSON["email"]) == ask("personne@exemple.fr")
    # One more: whose account it is that the message "you have one already" is about.
    assert joined(PERSON["email"]) == joined("libre@exemple.fr") + 1
    # The control: whoever stands nowhere for an unknown address answers with fewer.
    known = sign_in(PERSON["email"])
    nowhere = SimpleNamespace(inside=lambda **_place: nullcontext())
    monkeypatch.setattr(backend, "tenancy", nowhere)
    assert sign_in("personne@exemple.fr") < known

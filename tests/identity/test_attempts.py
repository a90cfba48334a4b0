"""Odd attempts are told to whose account it is, once a day, and to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from serment import clock
from serment.directory import tenancy
from serment.identity import contact, reaching
from serment.identity.means import attempts
from serment.identity.means.attempts import Row
from serment.outbox import envelopes
from tests import factors
from tests.identity.conftest import PASSWORD, PERSON, sign_up

pytestmark = pytest.mark.django_db
MANY = 3
DAY = datetime(2026, 11, 24, tzinfo=UTC).date()
USUAL, SAFE = PERSON["email"].lower(), "chez.ma.soeur@exemple.fr"


@pytest.fixture(autouse=True)
def no_row() -> None:
    attempts.ROW.forget()


@pytest.fixture
def account(browser: Client) -> UUID:
    """Signed up, with an application of codes; its browser signed out, and known."""
    sign_up(browser)
    found = UUID(browser.get("/moi/").content.decode().split()[1])
    browser.post("/compte/deconnexion/")
    factors.plant(found)
    envelopes.send_waiting(clock.now())
    mail.outbox.clear()
    return found


def _half_way(browser: Client, code: str = "000000") -> str:
    browser.post("/compte/connexion/", {"login": PERSON["email"], "password": PASSWORD})
    page: str = browser.post(factors.SECOND_STEP, {"code": code}).content.decode()
    return page


def _told() -> list[Any]:
    envelopes.send_waiting(clock.now())
    return list(mail.outbox)


def test_a_second_factor_that_fails_is_told_once_and_a_known_browser_may_mistype(
    browser: Client, account: UUID
) -> None:
    for _time in range(2):
        _half_way(browser)
    assert _told() == []
    _half_way(Client(headers={"accept-language": "en"}))
    [message] = _told()
    assert message.to == [USUAL]
    assert message.subject == "Une connexion à votre compte n’a pas abouti"  # the account's words
    assert "changez-le aujourd’hui" in message.body
    _half_way(browser)
    _half_way(Client())
    assert len(_told()) == 1
    cache.clear()  # the control: another day
    _half_way(Client())
    assert len(_told()) == 2


def test_the_third_time_a_known_browser_is_told_of_too(browser: Client, account: UUID) -> None:
    for _time in range(3):
        _half_way(browser)
    assert len(_told()) == 1


def _wrong(browser: Client, login: str, times: int) -> set[bool]:
    """Whether the pages say what they always say."""
    said = set()
    for at in range(times):
        typed = {"login": login, "password": f"un cheval noir {at}"}
        page = browser.post("/compte/connexion/", typed).content.decode()
        said.add("ne convient pas" in page)
    return said


@pytest.fixture
def patience(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who waits five minutes after every fifth; and three are many."""
    monkeypatch.setattr(attempts, "MANY", MANY)
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "1000/m/ip", "login": "1000/m/ip"}


def test_many_wrong_passwords_are_told_where_the_person_said_and_the_page_says_nothing(
    account: UUID, patience: None
) -> None:
    thief = Client(headers={"accept-language": "fr"})
    assert _wrong(thief, PERSON["email"], MANY - 1) == {True}
    assert _told() == []
    assert _wrong(thief, PERSON["email"], 1) == {True}
    [message] = _told()
    assert message.to == [USUAL]
    assert "mots de passe faux" in message.subject
    _wrong(thief, PERSON["email"], MANY)
    assert len(_told()) == 1
    cache.clear()  # the control: another day
    _say_safe(account)
    _told()  # that they said so
    mail.outbox.clear()
    _wrong(thief, PERSON["email"], MANY)
    [message] = _told()
    assert message.to == [SAFE]
    assert message.subject == "Un message pour vous"


def _say_safe(account: UUID) -> None:
    from serment.disclosure import Actor, gate

    capability = gate.open_session("patient", account, "", None, 1)
    with tenancy.inside(account=account):
        wishes = contact.Wishes(email=SAFE, neutral=True)
        actor = Actor("patient", account, capability=capability)
        reaching.say(actor, wishes, clock.now(), former_unsafe=False)


def test_an_address_without_an_account_takes_the_same_steps_and_nothing_leaves(
    account: UUID, patience: None
) -> None:
    thief, seen = Client(headers={"accept-language": "fr"}), []
    for login in (PERSON["email"], "personne@exemple.fr"):
        _wrong(thief, login, MANY - 1)
        with CaptureQueriesContext(connection) as asked:
            _wrong(thief, login, 1)
        seen.append(_shape([str(one["sql"]) for one in asked.captured_queries]))
    assert seen[0] == seen[1]
    assert len(seen[0]) > 5
    assert [one.to for one in _told()] == [[USUAL]]


def _shape(statements: list[str]) -> list[str]:
    """A door's count of the hour, which all tests of a process add to, is left out."""
    left_out = ("SAVEPOINT", "sightings_sighting")
    return [one.split("'")[0] for one in statements if not any(part in one for part in left_out)]


def test_a_row_is_broken_by_a_right_password_a_day_and_room() -> None:
    row = Row(addresses_max=2)
    assert [row.one_more("a", DAY) for _time in range(3)] == [1, 2, 3]
    row.over("a")
    assert row.one_more("a", DAY) == 1
    assert row.one_more("a", DAY.replace(day=25)) == 1
    assert [row.one_more(one, DAY) for one in ("b", "c")] == [1, 1]
    assert row.one_more("a", DAY.replace(day=25)) == 1  # forgotten: the control of the bound
    assert len(row._counts) == 2

"""Accounts that nobody used for three years: told twice, closed, asked back; those in use stay."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate, use
from serment.identity import asleep, halves
from serment.identity.contact import Wishes
from serment.identity.models import Account
from tests.identity.conftest import PASSWORD, PERSON, TRACES, sent, sign_up

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "search"])
FRENCH = {"accept-language": "fr"}
NEW = "une mule grise dans la brume"


@pytest.fixture
def as_worker(superuser: Any) -> Iterator[None]:
    """The worker's wall for the tests' own role: it shows accounts that sleep, and no others."""
    alter = "ALTER POLICY identity_account_asleep ON identity_account TO "
    superuser.execute(alter + "serment_worker, serment_web")
    yield
    superuser.execute(alter + "serment_worker")


def _row(account: UUID) -> Account:
    with tenancy.inside(account=account):
        return Account.objects.get(pk=account)


def _account(browser: Client) -> UUID:
    return UUID(browser.get("/moi/").content.decode().split()[1])


def _left_alone(account: UUID, patient: Callable[[UUID], Actor]) -> None:
    """As if it had last been used three years ago; its ticket opens today."""
    now = clock.now()
    window = now - timedelta(minutes=1), now + timedelta(days=30)
    fields = ["email", "safe_contact"]
    ticket = gate.errand(patient(account), account, fields, Purpose.MESSAGE, *window)
    long_ago = halves.after(halves.half_of(now.date()), -7)
    with tenancy.inside(account=account):
        Account.objects.filter(pk=account).update(used_half=long_ago, sleep_ticket=ticket)


def _enter(password: str) -> tuple[Client, Any]:
    browser = Client(headers=FRENCH)
    return browser, browser.post(
        "/compte/connexion/", {"login": PERSON["email"], "password": password}
    )


def _rounds(start: datetime, *days: int) -> list[asleep.Round]:
    return [asleep.close_asleep(start + timedelta(days=one)) for one in days]


@pytest.mark.usefixtures("as_worker")
def test_an_unused_account_is_told_twice_then_closed_and_asked_back_by_the_mailbox(
    browser: Client, patient: Callable[[UUID], Actor], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sign_up(browser)
    account, now = _account(browser), clock.now()
    assert _row(account).used_half == halves.half_of(now.date())
    assert asleep.close_asleep(now) == asleep.Round()  # used in this half-year: not even seen
    _left_alone(account, patient)
    sent()
    mail.outbox.clear()
    rounds = _rounds(now, 0, 1, 22, 23, 24, 29)
    assert [one.told for one in rounds] == [1, 0, 0, 1, 0, 0]
    assert [one.closed for one in rounds] == [0] * 6
    assert [one.subject for one in mail.outbox] == ["Votre compte va se fermer"] * 2
    assert {tuple(one.to) for one in mail.outbox} == {("philomene.quatrevaux@exemple.fr",)}
    assert browser.get("/moi/").status_code == 200  # the control: until then nothing has ended
    (last,) = _rounds(now, 30)
    assert last.closed == 1
    assert browser.get("/moi/").status_code == 302
    assert _row(account).is_shut
    assert "_auth_user_id" not in _enter(PASSWORD)[0].session
    browser.post("/compte/mot-de-passe/oublie/", {"email": PERSON["email"]})
    link = re.search(r"https?://[^/]+(/compte/mot-de-passe/nouveau/\S+)", str(sent()[-1].body))
    assert link
    browser.get(link.group(1))
    browser.post("/compte/mot-de-passe/nouveau/", {"password1": NEW, "password2": NEW})
    back, answer = _enter(NEW)
    assert "_auth_user_id" in back.session, answer.content.decode()
    assert not _row(account).closed
    assert "rouvert" in sent()[-1].body
    told = "".join(one.getMessage() for one in caplog.records)
    assert not [trace for trace in (*TRACES, str(account)) if trace in told]


@pytest.mark.usefixtures("as_worker")
@pytest.mark.parametrize("guarded", [True, False])
def test_an_account_in_use_is_looked_at_again_later_and_told_nothing(
    browser: Client, patient: Callable[[UUID], Actor], monkeypatch: pytest.MonkeyPatch,
    guarded: bool,
) -> None:  # fmt: skip
    """Negative control: without the keeper's word, whoever has a visit to come is closed."""
    sign_up(browser)
    account, now = _account(browser), clock.now()
    _left_alone(account, patient)
    sent()
    mail.outbox.clear()
    monkeypatch.setattr(use, "in_use", lambda ids: set(ids) if guarded else set())
    rounds = _rounds(now, 0, 23, 30)
    assert sum(one.closed for one in rounds) == (0 if guarded else 1)
    assert len(mail.outbox) == (0 if guarded else 2)
    assert _row(account).closed is not guarded


@pytest.mark.usefixtures("as_worker")
def test_the_messages_go_where_its_person_said_and_a_server_that_is_down_closes_nothing(
    browser: Client, patient: Callable[[UUID], Actor], settings: Any
) -> None:
    sign_up(browser)
    account, now = _account(browser), clock.now()
    said = Wishes(email="sure@exemple.fr", neutral=True)
    with tenancy.inside(account=account):
        from serment.identity import reaching

        reaching.say(patient(account), said, now)
    _left_alone(account, patient)
    sent()
    mail.outbox.clear()
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.identity.test_asleep.Down"
    assert _rounds(now, 0, 23, 30, 40) == [asleep.Round()] * 4
    settings.EMAIL_BACKEND = backend
    assert asleep.close_asleep(now).told == 1
    (only,) = mail.outbox
    assert only.to == ["sure@exemple.fr"]
    assert only.subject == "Un message pour vous"
    assert "fermer" not in only.body


class Down:
    """A mail server that does not answer."""

    def __init__(self, **_given: Any) -> None:
        pass

    def open(self) -> None:
        raise ConnectionRefusedError

    def close(self) -> None:
        pass


def test_the_worker_sees_sleeping_accounts_and_no_others(
    browser: Client, patient: Callable[[UUID], Actor], superuser: Any
) -> None:
    """The control is the owner of the machine, who sees both."""
    sign_up(browser)
    asleep_one = _account(browser)
    _left_alone(asleep_one, patient)
    sign_up(Client(headers=FRENCH), email="autre@exemple.fr")
    listed = "SELECT id FROM identity_account"
    assert len(superuser.execute(listed).fetchall()) == 2
    for role, seen in (("serment_worker", [(asleep_one,)]), ("serment_web", [])):
        superuser.execute(f"SET ROLE {role}")
        try:
            assert superuser.execute(listed).fetchall() == seen
        finally:
            superuser.execute("RESET ROLE")


def test_half_years() -> None:
    half = halves.half_of(datetime(2026, 11, 22).date())  # noqa: DTZ001 -- a day
    assert [halves.after(half, by).isoformat() for by in (-7, -1, 0, 1, 2)] == [
        "2023-01-01", "2026-01-01", "2026-07-01", "2027-01-01", "2027-07-01",
    ]  # fmt: skip

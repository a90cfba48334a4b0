"""Messages of sign-in go where the account's person said, and nobody hears that they did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Actor
from serment.identity import alerts, contact, reaching
from serment.outbox import envelopes
from serment.outbox.models import Envelope
from tests.identity.conftest import PASSWORD, PERSON, sign_up

pytestmark = pytest.mark.django_db
USUAL, SAFE = PERSON["email"].lower(), "chez.ma.soeur@exemple.fr"
OTHER_DEVICE = {"accept-language": "fr", "user-agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}


@pytest.fixture
def account(browser: Client) -> UUID:
    sign_up(browser)
    return UUID(browser.get("/moi/").content.decode().split()[1])


@pytest.fixture
def say(account: UUID, patient: Callable[[UUID], Actor]) -> Callable[..., None]:
    """The account's person says how they may be reached."""

    def wish(*, former_unsafe: bool = False, **said: Any) -> None:
        with tenancy.inside(account=account):
            wishes = contact.Wishes(**said)
            reaching.say(patient(account), wishes, clock.now(), former_unsafe=former_unsafe)

    return wish


def _since(act: Callable[[], object]) -> list[Any]:
    """What an act sent."""
    envelopes.send_waiting(clock.now())
    mail.outbox.clear()
    act()
    envelopes.send_waiting(clock.now())
    return list(mail.outbox)


def _from_elsewhere() -> None:
    typed = {"login": PERSON["email"], "password": PASSWORD}
    Client(headers=OTHER_DEVICE).post("/compte/connexion/", typed)


def _forgotten() -> None:
    Client(headers=OTHER_DEVICE).post("/compte/mot-de-passe/oublie/", {"email": PERSON["email"]})


def _twice() -> None:
    Client(headers=OTHER_DEVICE).post("/compte/inscription/", PERSON)


def _code_again() -> None:
    browser = Client(headers=OTHER_DEVICE)
    browser.post("/compte/inscription/", PERSON)
    envelopes.send_waiting(clock.now())
    mail.outbox.clear()
    cache.clear()  # how often is bounded, and tested elsewhere
    browser.post("/compte/code/", {"action": "resend"})


@pytest.mark.parametrize("act", [_from_elsewhere, _forgotten, _twice])
def test_each_goes_to_the_safe_address_and_none_to_the_usual_one(
    act: Callable[[], None], say: Callable[..., None]
) -> None:
    assert [one.to for one in _since(act)] == [[USUAL]]  # the control
    say(email=SAFE, neutral=True)
    [message] = _since(act)
    assert message.to == [SAFE]
    assert message.subject == "Un message pour vous"
    assert "<" not in message.from_email
    say(mail=False)
    assert _since(act) == []


@pytest.mark.django_db(transaction=True, databases=["default", "search"])
def test_a_code_asked_for_again_goes_where_the_first_message_went(
    say: Callable[..., None],
) -> None:
    """In a request of its own: nothing that the first one saw is seen there by chance."""
    assert [one.to for one in _since(_code_again)] == [[USUAL]]  # the control
    say(email=SAFE, neutral=True)
    assert [one.to for one in _since(_code_again)] == [[SAFE]]


def test_a_change_is_told_to_the_former_safe_way_and_never_to_the_usual(
    say: Callable[..., None],
) -> None:
    second = "autre@exemple.fr"
    told = [
        {to for one in _since(change) for to in one.to}
        for change in (
            lambda: say(email=SAFE),
            lambda: say(email=second),
            lambda: say(email=SAFE, former_unsafe=True),
            lambda: say(email=SAFE, former_unsafe=True),
            lambda: say(mail=False),
        )
    ]
    assert told == [{SAFE}, {SAFE, second}, {SAFE}, set(), {SAFE}]
    assert not any("chez.ma" in f"{one.subject}{one.body}" for one in mail.outbox)


def test_an_envelope_waits_whether_or_not_anything_may_leave(
    account: UUID, say: Callable[..., None]
) -> None:
    """Whoever asks for a link hears no difference: the same rows, of one length."""
    lengths = []
    for said in ({}, {"mail": False}):
        if said:
            say(**said)
        envelopes.send_waiting(clock.now())
        _forgotten()
        [kept] = Envelope.objects.all()
        lengths.append(len(kept.contents.sealed))
        assert envelopes.send_waiting(clock.now()).sent == 1
    assert len(set(lengths)) == 1


def test_an_account_without_a_mailbox_is_written_to_nowhere(
    account: UUID, patient: Callable[[UUID], Actor]
) -> None:
    with tenancy.inside(account=account):
        assert alerts.way(patient(account), None).channel == "none"
        assert alerts.way(patient(account), USUAL).address == USUAL  # the control

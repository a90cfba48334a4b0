"""Accounts made for somebody, and the sign-in of a demo."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory

from serment.directory import tenancy
from serment.disclosure import SYSTEM, Purpose, SessionEnded, gate
from serment.identity import accounts, registration
from serment.identity.models import Account
from serment.identity.sessions import SessionStore
from serment.identity.standing import Standing
from tests.identity.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NADIA = {"given_name": "Nadia", "family_name": "Haddad", "birth_date": "1988-05-04"}


def test_an_account_made_for_somebody_signs_in_with_its_password(browser: Client) -> None:
    registration.create(SYSTEM, "Nadia@exemple.fr", NADIA, password=PASSWORD)
    answer = browser.post("/compte/connexion/", {"login": "nadia@exemple.fr", "password": PASSWORD})
    assert answer.url == "/mes-rendez-vous/"


def test_an_account_without_a_password_lets_nobody_in(browser: Client) -> None:
    registration.create(SYSTEM, "nadia@exemple.fr", NADIA)
    for tried in ("", "!", PASSWORD):
        answer = browser.post(
            "/compte/connexion/", {"login": "nadia@exemple.fr", "password": tried}
        )
        assert answer.status_code == 200


def test_an_address_has_one_account() -> None:
    registration.create(SYSTEM, "nadia@exemple.fr", NADIA)
    with pytest.raises(registration.AddressInUse):
        registration.create(SYSTEM, "NADIA@exemple.fr", NADIA)


def test_the_demo_signs_an_account_in_by_its_address(pages: None) -> None:
    made = registration.create(SYSTEM, "nadia@exemple.fr", NADIA)
    account = registration.by_address("nadia@exemple.fr")
    assert account == made.pk
    request: Any = RequestFactory().get("/demo")
    request.session, request.user = SessionStore(), AnonymousUser()
    with transaction.atomic():
        accounts.sign_in(request, account)
    actor = accounts.actor_for(request)
    assert (actor.kind, actor.id) == ("patient", account)
    with tenancy.inside(account=account):
        row = Account.objects.get()
        assert gate.reveal(actor, Purpose.SELF, [row], ["given_name"]) == {
            account: {"given_name": "Nadia"}
        }


def test_signing_out_ends_the_session_at_the_keeper(browser: Client) -> None:
    registration.create(SYSTEM, "nadia@exemple.fr", NADIA, password=PASSWORD)
    browser.post("/compte/connexion/", {"login": "nadia@exemple.fr", "password": PASSWORD})
    request: Any = RequestFactory().get("/")
    request.session = SessionStore(browser.session.session_key)
    request.user = get_user(request)
    actor = accounts.actor_for(request)
    assert gate.files_of(actor, actor.id) == []
    browser.post("/compte/deconnexion/")
    with pytest.raises(SessionEnded):
        gate.files_of(actor, actor.id)


def test_a_session_the_keeper_has_ended_is_asked_to_sign_in_again(pages: None) -> None:
    request: Any = RequestFactory().get("/mes-rendez-vous/")
    request.session = SessionStore()
    request.session["serment.capability"] = "x"
    answer = Standing(lambda _request: HttpResponse()).process_exception(request, SessionEnded())
    assert answer is not None
    assert answer.headers["Location"] == "/compte/connexion/?next=/mes-rendez-vous/"
    assert request.session.is_empty()


def test_the_numbers_of_addresses_do_not_tell_who_signed_up_first() -> None:
    numbers = []
    for person in range(12):
        made = registration.create(SYSTEM, f"nadia{person}@exemple.fr", NADIA)
        with tenancy.inside(account=made.pk):
            numbers.append(EmailAddress.objects.get(user_id=made.pk).pk)
    assert numbers != sorted(numbers)  # a counter's would be
    assert max(numbers) > 1 << 40

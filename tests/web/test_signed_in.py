"""The head of a page tells who is signed in, opens their own name on record, and never fails."""

from __future__ import annotations

import pytest
from django.test import Client

from serment.disclosure import SYSTEM, Actor, KeeperUnavailable, gate
from serment.identity import registration, staff
from serment.identity.models import Account, Role
from serment.web import signed_in
from tests import factors
from tests.identity.conftest import make_establishment

pytestmark = pytest.mark.django_db
PASSWORD = "un cheval blanc sous la pluie"
NAME = {"given_name": "Marie-Bérangère", "family_name": "de Roquefeuil-Montpeyroux"}
FULL = "Marie-Bérangère de Roquefeuil-Montpeyroux"


def _account(email: str) -> Account:
    return registration.create(SYSTEM, email, NAME, password=PASSWORD)


def _signed_in(email: str) -> Client:
    browser = Client(headers={"accept-language": "fr"})
    answer = browser.post("/compte/connexion/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def _reads(account: Account) -> int:
    capability = gate.open_session("patient", account.pk, "", None, 1)
    own = Actor("patient", account.pk, capability=capability)
    return sum(one.kind == "read" for one in gate.history(own, account.pk))


def test_a_patient_s_name_stands_there_opened_once_for_many_pages() -> None:
    account = _account("mb@exemple.fr")
    browser = _signed_in("mb@exemple.fr")
    before = _reads(account)
    for _ in range(3):
        assert FULL in browser.get("/").content.decode()
    assert _reads(account) == before + 1


def test_nobody_s_name_is_opened_for_who_is_not_signed_in() -> None:
    page = Client().get("/").content.decode()
    assert 'class="who"' not in page


def test_staff_read_their_name_role_and_house() -> None:
    account = _account("desk@exemple.fr")
    house = make_establishment("cabinet-du-quai")
    staff.create(SYSTEM, house, Role.SECRETARY, dict(NAME), account=account.pk)
    browser = Client(headers={"accept-language": "fr"})
    factors.sign_in(browser, "desk@exemple.fr", PASSWORD, factors.plant(account.pk))
    page = browser.get("/cabinet/patients/").content.decode()
    for words in (FULL, "secrétaire", "cabinet-du-quai"):
        assert words in page


def test_without_the_keeper_the_page_stands_without_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _account("mb@exemple.fr")
    browser = _signed_in("mb@exemple.fr")
    asked: list[object] = []

    def down(*_: object) -> None:
        asked.append(1)
        raise KeeperUnavailable

    monkeypatch.setattr(signed_in, "_silent_until", 0.0)
    monkeypatch.setattr(gate, "reveal", down)
    for _ in range(2):
        answer = browser.get("/")
        assert answer.status_code == 200
        assert FULL not in answer.content.decode()
        assert "Mon compte" in answer.content.decode()
    # A keeper that hangs costs one wait, not one for each page.
    assert len(asked) == 1

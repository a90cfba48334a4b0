"""Passwords on the pages: hidden, filled by managers, taken as typed, never grown old."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from serment import clock
from serment.clock import DrivenClock, SystemClock
from serment.identity import passwords
from tests.identity.conftest import PASSWORD, PERSON, sign_up

pytestmark = pytest.mark.django_db
EXACT = "  Une Mule Grise " + "dans la brume épaisse du matin, près du pont " * 2


def _fields(page: str) -> list[str]:
    return re.findall(r"<input[^>]*password[^>]*>", page)


def _enter(browser: Client, password: str) -> int:
    typed = {"login": PERSON["email"], "password": password}
    return int(browser.post("/compte/connexion/", typed).status_code)


def test_fields_hide_it_and_managers_fill_them(browser: Client) -> None:
    seen = {
        "connexion": ["current-password"],
        "inscription": ["new-password"],
        "mot-de-passe": ["current-password", "new-password"],
    }
    for path, wanted in seen.items():
        if path == "mot-de-passe":
            sign_up(browser)
        fields = _fields(browser.get(f"/compte/{path}/").content.decode())
        assert [re.findall(r'autocomplete="([\w-]+)"', one)[0] for one in fields] == wanted, path
        for one in fields:
            assert 'type="password"' in one
            assert not re.search(r'maxlength="\d{1,2}"|onpaste|readonly|autocomplete="off"', one)


def test_one_is_taken_exactly_as_typed(browser: Client) -> None:
    assert len(EXACT) > 64
    sign_up(browser, password1=EXACT)
    browser.post("/compte/deconnexion/")
    for other in (EXACT.strip(), EXACT.lower(), EXACT[:72], EXACT[:-1]):
        assert _enter(browser, other) == 200
    assert _enter(browser, EXACT) == 302


def test_changing_asks_for_the_present_one(browser: Client) -> None:
    sign_up(browser)
    new = "une mule grise dans la brume"
    for present in ("", "un cheval noir sous la neige"):
        typed = {"oldpassword": present, "password1": new}
        assert browser.post("/compte/mot-de-passe/", typed).status_code == 200
    typed = {"oldpassword": PASSWORD, "password1": new}
    assert browser.post("/compte/mot-de-passe/", typed).status_code == 302
    browser.post("/compte/deconnexion/")
    assert (_enter(browser, PASSWORD), _enter(browser, new)) == (200, 302)


def test_one_does_not_grow_old(browser: Client) -> None:
    sign_up(browser)
    browser.post("/compte/deconnexion/")
    clock.drive(DrivenClock(clock.now() + timedelta(days=1_000)))
    try:
        entered: Any = browser.post(
            "/compte/connexion/", {"login": PERSON["email"], "password": PASSWORD}
        )
    finally:
        clock.drive(SystemClock())
    assert entered.url == "/mes-rendez-vous/"  # on to where they go, not to a form for a new one


def _refused(password: str) -> bool:
    try:
        passwords.refuse_weak(password)
    except ValidationError:
        return True
    return False


def test_words_of_this_site_make_none(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ("serment-docteur-7", "cabinetmedecin!", "rendezvousSante1")
    assert [one for one in made if not _refused(one)] == []
    monkeypatch.setattr(passwords, "SITE_WORDS", ())
    assert [one for one in made if not _refused(one)]  # the control: it is these words

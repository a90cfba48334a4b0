"""A password is weighed as a thief would guess it, and its hash costs the thief, by choice."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.exceptions import ValidationError
from django.test import Client

from serment.directory import tenancy
from serment.identity import passwords
from serment.identity.models import Account
from tests.identity.conftest import PASSWORD, PERSON, sign_up

GOOD = (PASSWORD, "une mule grise dans la brume", "Xk7#pQ9!vLm2", "correct horse battery staple")
KNOWN = tuple(PERSON[name] for name in ("given_name", "family_name", "birth_date", "email"))


def _reason(password: str, known: tuple[str, ...] = ()) -> str:
    try:
        passwords.refuse_weak(password, known)
    except ValidationError as refused:
        return str(refused.code)
    return ""


@pytest.mark.parametrize("password", GOOD)
def test_a_phrase_and_a_random_string_are_good_enough(password: str) -> None:
    assert _reason(password, KNOWN) == ""
    assert passwords.bits(password, KNOWN) >= passwords.BITS_MIN


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Xk7#pQ9!vLm", "password_too_short"),
        ("q1w2e3r4t5y6", "password_too_common"),
        ("motdepasse2026!", "password_too_common"),
        ("azertyuiop-poiuytreza", "password_too_weak"),
        ("chocolatchocolat", "password_too_weak"),
        ("le le le le le le le", "password_too_weak"),
        ("x" * 1_001, "password_too_long"),
    ],
)
def test_what_thieves_try_first_is_refused_with_its_reason(password: str, reason: str) -> None:
    assert _reason(password) == reason


def test_the_form_s_own_words_count_as_known_and_only_there() -> None:
    for own in ("Quatrevaux-Philomene-1961", "quatrevauxphilomene!", "emoneliph Quatrevaux"):
        assert _reason(own, KNOWN) == "password_too_weak", own
    # The control: for anybody else these are fine.
    stranger = ("Ludmila", "Strnad", "1990-01-01", "x@exemple.fr")
    assert _reason("quatrevauxphilomene!", stranger) == ""


def test_the_list_of_leaks_is_whole() -> None:
    assert len(passwords.breached()) > 40_000
    assert {"123456", "azerty", "marseille", "doudou"} <= passwords.breached()


def test_a_hash_is_argon2id_and_costs_more_than_fifty_milliseconds() -> None:
    spent = []
    for _ in range(3):
        begun = time.perf_counter()
        made = make_password(PASSWORD)
        spent.append(time.perf_counter() - begun)
    assert made.startswith("argon2$argon2id$v=19$m=65536,t=2,p=1$")
    assert min(spent) >= 0.05


@pytest.mark.django_db
def test_an_old_hash_still_signs_in_and_is_made_anew(browser: Client, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "serment.identity.passwords.Argon2id",
        "django.contrib.auth.hashers.ScryptPasswordHasher",
    ]
    sign_up(browser)
    account = UUID(browser.get("/moi/").content.decode().split()[1])
    browser.post("/compte/deconnexion/")
    with tenancy.inside(account=account):
        old = make_password(PASSWORD, hasher="scrypt")
        Account.objects.filter(pk=account).update(password=old)
    typed = {"login": PERSON["email"], "password": PASSWORD}
    assert browser.post("/compte/connexion/", typed).status_code == 302
    with tenancy.inside(account=account):
        assert identify_hasher(Account.objects.get(pk=account).password).algorithm == "argon2"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("Philomene.Quatrevaux", "Ce mot de passe se devine trop vite."),
        ("chevalchevalcheval", "Ce mot de passe se devine trop vite."),
    ],
)
def test_the_form_says_why_beside_the_field(browser: Client, password: str, said: str) -> None:
    page = browser.post("/compte/inscription/", PERSON | {"password1": password}).content.decode()
    assert said in page.split('id="id_password1_error"')[1].split("</p>")[0]


@pytest.mark.parametrize("guarded", [True, False])
def test_a_megabyte_in_another_field_is_not_weighed(
    monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """What it weighs a password against is bounded; without the bound all of it is sought."""
    if not guarded:
        monkeypatch.setattr(passwords, "_KNOWN_LETTERS_MAX", 1 << 20)
    sought = passwords._words(["mot " * 50_000 + "x" * 200_000])
    assert (max(map(len, sought)) <= 120) is guarded

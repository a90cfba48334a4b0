"""People and places for identity's tests."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, gate

PASSWORD = "un cheval blanc sous la pluie"
PERSON = {
    "given_name": "Philomène",
    "family_name": "Quatrevaux",
    "birth_date": "12 mars 1961",
    "email": "Philomene.Quatrevaux@exemple.fr",
    "phone": "06 98 76 54 32",
    "password1": PASSWORD,
}
# In every form in which a part of it could lie in a column.
TRACES = (
    "Philomène", "philomene", "Quatrevaux", "quatrevaux@", "@exemple.fr", "698765432",
    "698 76 54 32", "98 76 54", "1961-03-12", "12 mars 1961", "12/03/1961",
)  # fmt: skip

KNOWN = {
    "family_name": "Quatrevaux", "given_name": "Philomène", "birth_date": "1941-03-12",
    "phone": "+33698765432", "email": "famille.quatrevaux@exemple.fr",
}  # fmt: skip
"""Somebody the desk knows."""


@pytest.fixture
def pages(settings: Any) -> None:
    """Identity's pages alone, in a bare frame."""
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick
    settings.ROOT_URLCONF = "tests.identity.doors"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = [str(Path(__file__).parent / "templates")]
    templates[0]["OPTIONS"]["context_processors"] = [
        "django.template.context_processors.request",
        "django.template.context_processors.i18n",
    ]
    settings.TEMPLATES = templates
    settings.MIDDLEWARE = [
        one
        for one in settings.MIDDLEWARE
        if not one.startswith(("serment.web.failures", "serment.web.practice"))
    ]


@pytest.fixture
def browser(pages: None) -> Client:
    return Client(headers={"accept-language": "fr"})


@pytest.fixture
def establishment(db: None) -> UUID:
    return make_establishment("cabinet-de-la-gare")


def make_establishment(slug: str) -> UUID:
    from serment.directory.models import Establishment  # after pytest has set Django up

    made = ids.new_id()
    with tenancy.inside(tenant=made):
        Establishment.objects.create(id=made, slug=slug, name=slug, kind="practice")
    return made


@pytest.fixture
def secretary_of() -> Callable[[UUID], Actor]:
    """A secretary's actor at an establishment, with a session at the keeper."""

    def make(establishment: UUID) -> Actor:
        who = ids.new_id()
        capability = gate.open_session("staff", who, "secretary", establishment, 1)
        return Actor("staff", who, "secretary", establishment, capability=capability)

    return make


@pytest.fixture
def patient() -> Callable[[UUID], Actor]:
    """A patient's actor for an account, with a session at the keeper."""

    def make(account: UUID) -> Actor:
        capability = gate.open_session("patient", account, "", None, 1)
        return Actor("patient", account, capability=capability)

    return make


def sent() -> list[EmailMessage]:
    """All messages, once the worker has been by."""
    from serment.outbox import envelopes  # after pytest has set Django up

    envelopes.send_waiting(clock.now())
    return mail.outbox


def code_sent() -> str:
    """The code of the last message."""
    sent()
    found = re.search(r"code\s: (\S+)", mail.outbox[-1].body)
    assert found, mail.outbox[-1].body
    return found.group(1)


def sign_up(browser: Client, **changed: str) -> Any:
    """The form and the code: a signed-in browser."""
    answer = browser.post("/compte/inscription/", PERSON | changed)
    assert answer.status_code == 302, answer.content.decode()
    return browser.post("/compte/code/", {"code": code_sent(), "action": "verify"})


@pytest.fixture
def file(establishment: UUID) -> UUID:
    from serment.identity import files

    return files.create(SYSTEM, establishment, KNOWN).pk


@pytest.fixture
def desk(secretary_of: Callable[[UUID], Actor], establishment: UUID) -> Actor:
    return secretary_of(establishment)


@pytest.fixture
def hand(desk: Actor, establishment: UUID, file: UUID) -> Callable[..., Any]:
    """A secretary hands out a code for the file."""
    from serment.identity import desk_codes

    def issue(**said: bool) -> Any:
        with tenancy.inside(tenant=establishment):
            return desk_codes.issue(desk, file, "passport", clock.now(), **said)

    return issue

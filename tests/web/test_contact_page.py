"""My own page of how I may be reached: behind two fresh proofs, for every file of mine."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, gate
from serment.identity import contact, files, reaching, registration
from tests import factors
from tests.web_practice.house import PASSWORD, make_house

pytestmark = pytest.mark.django_db
EMAIL = "aurore@exemple.fr"
FORM = {"mail": "1", "email": "sure@exemple.fr", "neutral": "1", "hours": "le matin"}


@pytest.fixture
def account() -> UUID:
    named = {"given_name": "Aurore", "family_name": "Lemoine"}
    return registration.create(SYSTEM, EMAIL, named, password=PASSWORD).pk


def _itself(account: UUID) -> Actor:
    return Actor("patient", account, capability=gate.open_session("patient", account, "", None, 1))


def test_it_counts_in_every_house_and_in_those_to_come(account: UUID) -> None:
    houses = [make_house(number).practice for number in (0, 1)]
    me = _itself(account)
    with tenancy.inside(account=account):
        old = files.find_or_create_for_account(me, houses[0].establishment)
    browser: Any = Client(headers={"accept-language": "fr"})
    factors.sign_in(browser, EMAIL, PASSWORD, factors.plant(account))
    page = browser.get("/mon-compte/contact").content.decode()
    assert "Comment me joindre" in page
    assert 'name="former"' not in page  # there is no former safe way yet
    answer = browser.post("/mon-compte/contact", FORM | {"number": "06"})
    assert answer.status_code == 422
    assert 'value="le matin"' in answer.content.decode()
    assert 'name="former"' not in answer.content.decode()
    assert browser.post("/mon-compte/contact", FORM).url == "/mon-compte/"
    assert 'name="former"' in browser.get("/mon-compte/contact").content.decode()
    mended = browser.post("/mon-compte/contact", FORM | {"number": "06", "had": "1"})
    assert 'name="former"' in mended.content.decode()
    with tenancy.inside(account=account):
        new = files.find_or_create_for_account(me, houses[1].establishment)
    for practice, file in zip(houses, (old, new), strict=True):
        with tenancy.inside(practice.establishment):
            said = reaching.of_file(practice.secretary(), file)
        assert (said.email, said.neutral, said.phone) == ("sure@exemple.fr", True, False)
    # Nowhere else: not on the account's page, in no address.
    assert "sure@exemple.fr" not in browser.get("/mon-compte/").content.decode()


def test_an_hour_later_it_wants_the_second_factor_again(
    account: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser: Any = Client(headers={"accept-language": "fr"})
    factors.sign_in(browser, EMAIL, PASSWORD, factors.plant(account))
    assert browser.post("/mon-compte/contact", FORM).url == "/mon-compte/"  # the control
    real = time.time
    later = timedelta(minutes=11).total_seconds()
    monkeypatch.setattr(time, "time", lambda: real() + later)
    for answer in (browser.get("/mon-compte/contact"),
                   browser.post("/mon-compte/contact", {"mail": "1"})):  # fmt: skip
        assert "/compte/confirmer/" in str(getattr(answer, "url", ""))
    with tenancy.inside(account=account):
        assert reaching.of_account(_itself(account)).email == "sure@exemple.fr"


def test_the_pure_rules() -> None:
    said = contact.Wishes

    def way(usual: str, **wishes: Any) -> tuple[str, str, bool]:
        found = contact.way(said(**wishes), usual)
        return found.channel, found.address, found.neutral

    assert way("u@x.fr") == ("mail", "u@x.fr", False)
    assert way("") == ("letter", "", False)
    assert way("", email="s@x.fr") == ("mail", "s@x.fr", False)
    assert way("u@x.fr", shared=True) == ("mail", "u@x.fr", True)
    assert way("u@x.fr", shared=True, email="s@x.fr") == ("mail", "s@x.fr", False)
    assert way("u@x.fr", mail=False, letter=False) == ("call", "", False)
    assert way("u@x.fr", mail=False, letter=False, phone=False) == ("none", "", False)
    calling = contact.calling(said(number="+33639980077", phone=True), "+33639982104")
    assert (calling.number, calling.not_this) == ("+33639980077", "+33639982104")
    assert contact.calling(said(phone=False), "+33639982104").number == ""
    assert not contact.calling(said(), "+33639982104").warns
    assert contact.calling(said(phone=False), "").warns, "they forbade it, number or not"
    assert not contact.calling(said(), "").warns, "no number known forbids nothing"
    assert not contact.calling(said(hours="le matin"), "").warns
    assert contact.write(said()) == ""
    assert contact.read(contact.write(said(email="s@x.fr"))) == said(email="s@x.fr")

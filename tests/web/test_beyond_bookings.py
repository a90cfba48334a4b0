"""A password opens one’s own visits; whatever shows more wants a second factor, and leads there."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.test import Client

from serment.identity import policy
from tests import factors
from tests.web.test_booking_pages import sign_in, sign_in_surely, someone

pytestmark = pytest.mark.django_db
OPENED = "/qui-a-ouvert-mes-donnees/"
BEYOND = (OPENED, f"{OPENED}?avant=12", f"{OPENED}recu/12", "/mon-compte/")


def test_a_password_opens_visits_and_nothing_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = sign_in(someone())
    assert browser.get("/mes-rendez-vous/").status_code == 200
    for address in BEYOND:
        answer = browser.get(address)
        assert answer.status_code == 302, address
        assert answer["Location"] == f"/compte/confirmer/?next={quote(address)}"
        assert "Lemoine" not in answer.content.decode()
        page = browser.get(answer["Location"]).content.decode()
        assert "Protégez d’abord votre compte" in page
        assert page.count("button-primary") == 1
        assert 'href="/mes-rendez-vous/"' in page
    # The control: with nobody asking how surely it is known who comes, the password opens them.
    monkeypatch.setattr(policy, "_known_well_enough", lambda _request, _door: None)
    assert "Lemoine" in browser.get("/mon-compte/").content.decode()


def test_two_factors_open_them() -> None:
    browser = sign_in_surely(someone())
    assert browser.get("/mon-compte/").status_code == 200
    assert browser.get(OPENED).status_code == 200


def test_the_way_there_ends_where_one_was_going() -> None:
    browser = sign_in(someone())
    wanted = f"{OPENED}?avant=12"
    offer = browser.get(browser.get(wanted)["Location"]).content.decode()
    (way,) = re.findall(r'href="(/compte/securite/application/[^"]*)"', offer)
    form = browser.get(way.replace("&amp;", "&")).content.decode()
    secret = form.split('class="secret-text">')[1].split("<")[0].replace(" ", "")
    wrong = browser.post("/compte/securite/application/", {"code": "000000"}).content.decode()
    assert secret in wrong.replace(" ", "")  # a slip does not begin anew
    codes = browser.post("/compte/securite/application/", {"code": factors.code(secret)})
    (onward,) = re.findall(r'button-primary" href="([^"]*)"', codes.content.decode())
    assert onward == wanted
    assert browser.get(onward).status_code == 200


def test_a_way_given_up_leads_nowhere_later() -> None:
    browser = sign_in(someone())
    browser.get(f"/compte/securite/application/?next={OPENED}")
    form = browser.get("/compte/securite/application/").content.decode()
    secret = form.split('class="secret-text">')[1].split("<")[0].replace(" ", "")
    codes = browser.post("/compte/securite/application/", {"code": factors.code(secret)})
    assert f'href="{OPENED}"' not in codes.content.decode().partition("<main")[2]


def test_signed_out_the_way_is_sign_in() -> None:
    for address in BEYOND:
        assert Client().get(address)["Location"].startswith("/compte/connexion/?next=")

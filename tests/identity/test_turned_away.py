"""Who is turned away is counted: in an hour, at a door, at a house; not who, nor without end."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client

from serment.identity import desk_codes, staff, turned_away
from serment.identity.turned_away import EACH, PLACES_MAX, SOURCES_MAX, Place, Tally
from serment.sightings import writing
from serment.sightings.models import Kind, this_hour
from tests import factors
from tests.identity.conftest import PASSWORD, PERSON, sign_up

TRIES = 100_000
WRONG = "un cheval noir sous la neige"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    turned_away.TALLY.forget()


def test_many_tries_are_a_few_rows_and_true_to_a_factor_of_two() -> None:
    tally, rows = Tally(), []
    place, hour = Place(Kind.WRONG_PASSWORD), this_hour()
    for number in range(TRIES):
        _, facts = tally.count(place, f"2001:db8::{number % 5000:x}", hour)
        rows += [facts] if facts else []
    assert len(rows) < EACH + 20
    counted = sum(one["times"] for one in rows)
    assert TRIES // 2 <= counted <= TRIES
    assert sum(one["sources"] for one in rows) == SOURCES_MAX
    assert [one["times"] for one in rows[:EACH]] == [1] * EACH
    assert tally.count(place, "x", hour + timedelta(hours=1))[1] == {"times": 1, "sources": 1}


def test_more_places_than_there_are_doors_are_counted_together() -> None:
    tally, hour = Tally(), this_hour()
    places = [Place(Kind.CLOSED_DOOR, UUID(int=at)) for at in range(PLACES_MAX + 500)]
    written = [tally.count(place, "x", hour) for place in places]
    named = {place for place, facts in written if facts}
    assert len(named) == PLACES_MAX + 1
    assert Place(Kind.CLOSED_DOOR) in named


def _rows(superuser: Any) -> list[tuple[str, UUID | None, str, dict[str, int]]]:
    found = superuser.execute(
        "SELECT kind, establishment_id, door, facts FROM sightings_sighting"
        " ORDER BY kind, door, facts::text DESC"
    ).fetchall()
    return [
        (kind, house, door, json.loads(facts) if isinstance(facts, str) else facts)
        for kind, house, door, facts in found
    ]


ONCE = {"times": 1, "sources": 1}


@pytest.mark.django_db(transaction=True, databases=["default", "search"])
def test_what_fails_is_counted_where_a_rollback_takes_nothing(
    browser: Client, establishment: UUID, superuser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(browser)
    account = UUID(browser.get("/moi/").content.decode().split()[1])
    assert browser.get("/cabinet/").status_code == 404
    browser.post("/compte/deconnexion/")
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post("/compte/connexion/", {}).status_code == 403
    for login in (PERSON["email"], "personne@exemple.fr"):
        browser.post("/compte/connexion/", {"login": login, "password": WRONG})
    monkeypatch.setattr(desk_codes, "TRIES", "0/m/ip")
    browser.post("/compte/carte/", {"code": "00000-00000", "birth_date": "12/03/1941"})
    assert _rows(superuser) == [
        ("closed_door", None, "tests.identity.doors.desk", ONCE),
        ("foreign_form", None, "account_login", ONCE),
        ("wrong_desk_code", None, "account_card", ONCE),
        ("wrong_password", None, "account_login", ONCE),
        ("wrong_password", None, "account_login", {"times": 1, "sources": 0}),
    ]
    _join(account, establishment)
    factors.plant(account)
    browser.post("/compte/connexion/", {"login": PERSON["email"], "password": PASSWORD})
    assert browser.post(factors.SECOND_STEP, {"code": "000000"}).status_code == 200
    assert ("wrong_code", establishment, "account_second_step", ONCE) in _rows(superuser)


def _join(account: UUID, establishment: UUID) -> None:
    from serment.disclosure import SYSTEM
    from serment.identity.models import Role

    who: dict[str, str | None] = {"given_name": "Ana", "family_name": "Lys"}
    staff.create(SYSTEM, establishment, Role.SECRETARY, who, account=account)


@pytest.mark.django_db(transaction=True, databases=["default", "search"])
def test_written_inside_the_refusal_it_would_be_gone(superuser: Any) -> None:
    """The control: why nothing is written where it is noted."""
    with transaction.atomic():
        writing.note(Kind.CLOSED_DOOR, times=1)
        transaction.set_rollback(True)
    assert _rows(superuser) == []

    def refusing(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            turned_away.noted(request, Kind.CLOSED_DOOR)
            transaction.set_rollback(True)
        return HttpResponse(status=404)

    request = HttpRequest()
    request.META["REMOTE_ADDR"] = "192.0.2.7"
    turned_away.Counting(refusing)(request)
    assert _rows(superuser) == [("closed_door", None, "", ONCE)]

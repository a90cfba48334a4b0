"""Who may hear of an agenda's changes, and that the database says them; nobody stays for them."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection
from django.test import Client

from serment.directory import tenancy
from serment.identity import unattended
from serment.live import changes
from serment.scheduling.models import Appointment
from serment.web.practice import direct, kiosk_guard
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db
ALONE = {unattended.HEADER: "1"}


def test_a_desk_hears_its_own_house_and_nobody_else_any(house: House, desk: Client) -> None:
    assert (direct.HEARS, direct.HOUSE) == (changes.KEY, changes.HOUSE), "said in two places"
    slot: dict[str, str] = {}
    answer = desk.get("/cabinet/direct", headers=ALONE, **{changes.KEY: slot})  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert slot == {changes.HOUSE: str(house.practice.establishment)}
    assert desk.get("/cabinet/direct").status_code == 204, "no ear in front: the page asks itself"
    nobody: dict[str, str] = {}
    assert Client().get("/cabinet/direct", **{changes.KEY: nobody}).status_code == 302  # type: ignore[arg-type]
    assert nobody == {}


def test_a_locked_desk_hears_nothing_and_listening_is_not_being_there(
    house: House, desk: Client
) -> None:
    desk.get(house.agenda())
    session = desk.session
    kept = session["serment.desk"]
    session["serment.desk"] = kept | {"present": kept["present"] - 100}
    session.save()
    before = desk.session["serment.desk"]["present"]
    desk.get(house.agenda(), headers=ALONE)
    assert desk.session["serment.desk"]["present"] == before
    desk.get(house.agenda())
    assert desk.session["serment.desk"]["present"] > before, "control: a hand on it is presence"
    session = desk.session
    session["serment.desk"] = kept | {"present": kept["present"] - 86400}
    session.save()
    slot: dict[str, str] = {}
    answer = desk.get("/cabinet/direct", headers=ALONE, **{changes.KEY: slot})  # type: ignore[arg-type]
    assert answer.status_code == kiosk_guard.LOCKED
    assert slot == {}


@pytest.mark.django_db(transaction=True)
def test_the_database_says_whose_agenda_changed_and_no_more() -> None:
    house = make_house(3)
    given = connection.get_connection_params()
    given.pop("cursor_factory", None)
    given.pop("context", None)
    with psycopg.connect(**given, autocommit=True) as ear:
        ear.execute("LISTEN serment_agenda")
        with tenancy.inside(house.practice.establishment):
            Appointment.objects.filter(pk=house.visits[0]).update(status="arrived")
            Appointment.objects.filter(pk=house.visits[0]).update(request_key=b"x" * 16)
        heard = [one.payload for one in ear.notifies(timeout=5, stop_after=1)]
        heard += [one.payload for one in ear.notifies(timeout=0.1)]
    assert heard == [f"{house.practice.establishment} {house.practice.role}"]

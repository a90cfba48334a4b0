"""Who may hear of an agenda's changes, and that the database says them; nobody stays for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.db import connection
from django.test import Client

from serment import ids
from serment.directory import tenancy
from serment.identity import unattended
from serment.live import changes
from serment.outbox.models import ReminderTicket
from serment.scheduling.models import Appointment, CallBack
from serment.web.practice import direct, kiosk_guard
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db
PAGES = Path(direct.__file__).parent
MIGRATION = PAGES.parents[1] / "scheduling/migrations/0015_lists_are_heard.py"
ALONE = {unattended.HEADER: "1"}


def test_a_desk_hears_its_own_house_and_nobody_else_any(house: House, desk: Client) -> None:
    said = direct.HEARS, direct.HOUSE, direct.WHO
    assert said == (changes.KEY, changes.HOUSE, changes.WHO), "said in two places"
    slot: dict[str, str] = {}
    answer = desk.get("/cabinet/direct", headers=ALONE, **{changes.KEY: slot})  # type: ignore[arg-type]
    assert answer.status_code == 200
    who = slot.pop(changes.WHO)
    assert slot == {changes.HOUSE: str(house.practice.establishment)}
    assert UUID(who) not in {house.practice.establishment, *house.files}
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


def _ear() -> psycopg.Connection[tuple[object, ...]]:
    """A connection beside Django's, which listens."""
    given = connection.get_connection_params()
    given.pop("cursor_factory", None)
    given.pop("context", None)
    ear = psycopg.connect(**given, autocommit=True)
    ear.execute("LISTEN serment_agenda")
    return ear


def _heard(ear: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    heard = [one.payload for one in ear.notifies(timeout=5, stop_after=1)]
    return heard + [one.payload for one in ear.notifies(timeout=0.1)]


@pytest.mark.django_db(transaction=True)
def test_the_database_says_whose_agenda_changed_and_no_more() -> None:
    house = make_house(3)
    with _ear() as ear:
        with tenancy.inside(house.practice.establishment):
            Appointment.objects.filter(pk=house.visits[0]).update(status="arrived")
            Appointment.objects.filter(pk=house.visits[0]).update(request_key=b"x" * 16)
        heard = _heard(ear)
    assert heard == [f"{house.practice.establishment} {house.practice.role}"]


@pytest.mark.django_db(transaction=True)
def test_the_database_says_which_list_changed_and_of_whom_nothing() -> None:
    """Each act in a transaction of its own, for two alike in one are said once."""
    house = make_house(3)
    here = house.practice.establishment
    missed = Appointment.objects.filter(pk=house.visits[0])
    call, told = ids.new_id(), ids.new_id()
    calls, rights = CallBack.objects.filter(pk=call), ReminderTicket.objects.filter(pk=told)
    right = ReminderTicket(
        id=told, establishment_id=here, record_id=ids.new_id(), terms=b"", ticket=b""
    )
    acts: list[tuple[Callable[[], object], str]] = [
        (lambda: missed.update(status="noshow", missed="counts"), str(house.practice.role)),
        (lambda: CallBack(id=call, establishment_id=here, due_on=house.day).save(), "calls"),
        (lambda: calls.update(taken_by=ids.new_id()), "calls"),
        (lambda: calls.update(done_on=house.day), "calls"),
        (lambda: missed.update(missed="contested"), "contested"),
        (lambda: missed.update(missed="excused"), "contested"),
        (lambda: missed.update(missed="counts"), ""),
        (right.save, ""),
        (lambda: rights.update(ticket=b"another"), ""),
        (lambda: rights.update(answer="cannot"), "cannot_come"),
        (rights.delete, "cannot_come"),
        (right.save, ""),
        (lambda: rights.update(answer=""), ""),
        (rights.delete, ""),
    ]
    with _ear() as ear:
        for act, _says in acts:
            with tenancy.inside(here):
                act()
        heard = [one.payload for one in ear.notifies(timeout=1)]
    assert heard == [f"{here} {says}" for _act, says in acts if says]


def test_each_list_that_is_heard_is_one_that_a_page_shows() -> None:
    """The names in the migration, in the page that asks and in the pages that show."""
    told = set(re.findall(r"list_changed\('(\w+)'\)", MIGRATION.read_text()))
    asked = set(
        re.findall(
            r'"(\w+)"',
            re.search(r"LISTS = \[(.*)\]", (PAGES / "static/practice/direct.js").read_text())[1],
        )
    )
    shown = {
        name
        for page in (PAGES / "templates/practice").glob("*.html")
        for name in re.findall(r'data-hears="(\w+)"', page.read_text())
    }
    assert told == asked == shown == {"calls", "contested", "cannot_come"}

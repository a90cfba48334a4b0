"""The waiting room: who waits is told by hour and initials, never by name; a wall opens no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.disclosure import gate
from serment.identity import unattended
from serment.scheduling import attending, refusals
from serment.scheduling.models import Appointment
from serment.web.practice import initials, kiosk_guard
from tests.web_practice.house import PEOPLE, House

pytestmark = pytest.mark.django_db
BOARD = "/cabinet/salle-d-attente/"


@pytest.fixture
def today(house: House) -> House:
    """The three visits are now, one minute after the other."""
    initials.forget()
    at = clock.now().replace(microsecond=0)
    with tenancy.inside(house.practice.establishment):
        for number, visit in enumerate(house.visits):
            span = (at + timedelta(minutes=number), at + timedelta(minutes=number + 20))
            found = Appointment.objects.filter(pk=visit)
            found.update(starts_at=span[0], ends_at=span[1])
    return house


def _mark(house: House, number: int, *states: str) -> None:
    with tenancy.inside(house.practice.establishment):
        for state in states:
            attending.mark(house.practice.secretary(), house.visits[number], state, clock.now())


def _row(house: House, number: int) -> Appointment:
    with tenancy.inside(house.practice.establishment):
        return Appointment.objects.get(pk=house.visits[number])


def _text(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ").replace("\u202f", " ")


def test_when_somebody_came_is_told_and_forgotten_once_they_were_seen(today: House) -> None:
    _mark(today, 0, "arrived", "arrived")
    row = _row(today, 0)
    since = attending.presence(row.presence, row.id)
    assert since is not None
    assert timedelta(0) <= clock.now() - since.arrived_at < timedelta(minutes=2)
    assert attending.presence(row.presence, today.visits[1]) is None, "bound to its own visit"
    _mark(today, 0, "checked-in")
    row = _row(today, 0)
    entered = attending.presence(row.presence, row.id)
    assert entered is not None
    assert (entered.arrived_at, entered.entered_at is None) == (since.arrived_at, False)
    assert row.course is not None
    told = gate.history(today.practice.secretary(), today.files[0], 50)
    written = [one for one in told if "course" in one.fields and one.kind != "read"]
    assert len(written) == 2, "each change once, pressed twice or not"
    _mark(today, 0, "fulfilled")
    assert _row(today, 0).presence is None
    with pytest.raises(refusals.AlreadyOver):
        _mark(today, 0, "arrived")


def test_the_board_names_nobody_and_opens_initials_when_asked_and_once(
    today: House, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    people = initials.naming.people
    monkeypatch.setattr(
        initials.naming,
        "people",
        lambda actor, ids: (opened.append(len(ids)), people(actor, ids))[1],
    )
    _mark(today, 0, "arrived")
    _mark(today, 1, "checked-in")
    page = _text(desk.get(BOARD))
    assert "depuis" in page
    assert "B. R." not in page
    assert opened == [], "nothing opens unasked"
    desk.post(f"{BOARD}montrer", {"quoi": "initiales"})
    pages = [_text(desk.get(BOARD)) for _turn in range(3)]
    assert all("B. R." in page and "A. L." in page for page in pages)
    assert all(word not in page for page in pages for who in PEOPLE for word in who[:2])
    assert opened == [2], "drawn anew, opened once"
    told = gate.history(today.practice.secretary(), today.files[0], 50)
    assert any(row.kind == "read" and "given_name" in row.fields for row in told), "on record"
    initials.forget()
    desk.get(BOARD)
    assert opened == [2, 2], "control: what is not kept is opened"
    desk.post(f"{BOARD}montrer", {"quoi": "fermer"})
    assert "B. R." not in _text(desk.get(BOARD))


def test_the_next_one_goes_in_once_though_pressed_twice(today: House, desk: Client) -> None:
    _mark(today, 0, "arrived", "checked-in")
    _mark(today, 1, "arrived")
    _mark(today, 2, "arrived")
    (turn,) = desk.get(BOARD).context["turns"]
    sent = {
        "agenda": str(today.practice.role),
        "sort": str(turn.in_room.visit.id), "entre": str(turn.coming.visit.id),
    }  # fmt: skip
    assert desk.post(f"{BOARD}suivant", sent).status_code == 302
    page = _text(desk.post(f"{BOARD}suivant", sent, follow=True))
    assert "déjà fait" in page
    states = [_row(today, number).status for number in range(3)]
    assert states == ["fulfilled", "checked-in", "arrived"]


def test_a_screen_on_a_wall_stays_and_opens_nothing_else(
    today: House, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _mark(today, 0, "arrived")
    desk.post(f"{BOARD}montrer", {"quoi": "mur"})
    session = desk.session
    session["serment.desk"] = session["serment.desk"] | {"present": 0.0}
    session.save()
    page = _text(desk.get(BOARD, headers={unattended.HEADER: "1"}))
    assert "B. R." in page
    assert "data-lock-minutes" not in page
    assert "Solène" not in page
    assert "/cabinet/patients/" not in page
    # Control: without the mark the very same screen has locked long ago.
    with monkeypatch.context() as off:
        off.setattr(kiosk_guard, "on_a_wall", lambda _session: False)
        off.setattr(kiosk_guard.kiosk_state, "lock", lambda _request, _pages: None)
        assert desk.get(BOARD).status_code == kiosk_guard.LOCKED
    assert desk.post(f"{BOARD}suivant", {}).status_code == kiosk_guard.LOCKED
    assert desk.get(BOARD).status_code == kiosk_guard.LOCKED, "locked for good, not only there"

"""What a form was drawn from: a visit that moved since, a time far off or that does not exist."""

from __future__ import annotations

import base64
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.scheduling import booking, moving
from serment.scheduling.models import Appointment
from tests.scheduling.practice import paris
from tests.web_practice.house import House

pytestmark = pytest.mark.django_db
KEY = base64.urlsafe_b64encode(b"0123456789abcdef").decode()


def _form(house: House, **changed: str) -> dict[str, str]:
    return {
        "cle": KEY,
        "agenda": str(house.practice.role),
        "motif": str(house.practice.reason),
        "heure": house.at(15).isoformat(),
        "patient": str(house.files[1]),
    } | changed


def _moved(house: House, at: int = 1) -> str:
    """Somebody else moves a visit to 15 h 30; when it began before."""
    wanted = house.practice.booking(house.files[at], house.at(15, 30))
    with tenancy.inside(house.practice.establishment):
        before = Appointment.objects.get(pk=house.visits[at]).starts_at
        moving.move(house.practice.secretary(), house.visits[at], wanted, clock.now())
    return before.isoformat()


def _status(house: House, at: int = 1) -> str:
    with tenancy.inside(house.practice.establishment):
        return str(Appointment.objects.get(pk=house.visits[at]).status)


def _text(answer: object) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("act", "sent", "done"),
    [("annuler", {}, "cancelled"), ("etat", {"etat": "arrive"}, "arrived")],
)
def test_a_visit_moved_meanwhile_is_neither_cancelled_nor_marked_unseen(
    house: House, desk: Client, act: str, sent: dict[str, str], done: str
) -> None:
    panel = desk.get(house.agenda(rdv=str(house.visits[1])))
    seen = _moved(house)
    assert f'name="vu" value="{seen}"' in _text(panel)
    address = f"/cabinet/visite/{house.visits[1]}/{act}"
    page = _text(desk.post(address, sent | {"vu": seen}, follow=True))
    assert "déplacé entre-temps" in page
    assert "15 h 30 –" in page
    assert _status(house) == "booked"
    # The control: asked about the visit as it is now, it is done.
    desk.post(address, sent | {"vu": house.at(15, 30).isoformat()})
    assert _status(house) == done


def test_moving_what_moved_meanwhile_asks_again(house: House, desk: Client) -> None:
    seen = _moved(house)
    form = _form(house, heure=house.at(16).isoformat(), deplace=str(house.visits[1]))
    answer = desk.post("/cabinet/reserver/", form | {"vu": seen})
    assert answer.status_code == 409
    page = _text(answer)
    assert "déplacé entre-temps" in page
    assert "15 h 30" in page
    assert f'name="vu" value="{house.at(15, 30).isoformat()}"' in page
    again = form | {"vu": house.at(15, 30).isoformat()}
    assert desk.post("/cabinet/reserver/", again).status_code == 302
    # The same form twice is one move, though the visit no longer begins as it was seen.
    assert desk.post("/cabinet/reserver/", again).status_code == 302


def test_far_ahead_the_year_is_said_and_confirmed(house: House, desk: Client) -> None:
    far = house.day + timedelta(days=7 * 60)
    form = _form(house, heure=paris(far, 10).isoformat())
    answer = desk.post("/cabinet/reserver/", form)
    assert answer.status_code == 422
    page = _text(answer)
    assert f"{far.year} à 10 h 00" in page
    assert "jusqu’à 60 jours" in page
    assert desk.post("/cabinet/reserver/", form | {"loin": "oui"}).status_code == 302
    near = _text(desk.get("/cabinet/reserver/", _form(house)))
    assert "Vérifiez l’année" not in near


def test_somebody_who_comes_that_day_already_is_told(house: House, desk: Client) -> None:
    page = _text(desk.get("/cabinet/reserver/", _form(house)))
    assert "vient déjà ce jour-là" in page
    assert "10 h 00" in page
    other = (house.day + timedelta(days=1)).isoformat()
    page = _text(desk.get("/cabinet/reserver/", _form(house, heure=f"{other}T10:00")))
    assert "vient déjà" not in page
    with tenancy.inside(house.practice.establishment):
        booking.cancel(house.practice.secretary(), house.visits[1], "", clock.now())
    assert "vient déjà" not in _text(desk.get("/cabinet/reserver/", _form(house)))


def test_an_hour_that_the_clocks_leave_out_is_not_another_hour(house: House, desk: Client) -> None:
    sent = _form(house, heure="2027-03-28T02:30")
    page = _text(desk.get("/cabinet/reserver/", sent))
    assert "Cette heure n’existe pas" in page
    assert "3 h 30" not in page
    assert desk.post("/cabinet/reserver/", sent).status_code == 422
    page = _text(desk.get("/cabinet/reserver/", _form(house, heure="2027-03-28T03:30")))
    assert "n’existe pas" not in page


@pytest.mark.parametrize("day", ["2026-02-30", "hier", "1821-01-01"])
def test_a_day_that_does_not_exist_is_said(house: House, desk: Client, day: str) -> None:
    assert "Cette date n’existe pas" in _text(desk.get(f"/cabinet/?jour={quote(day)}"))
    assert "n’existe pas" not in _text(desk.get(house.agenda()))

"""The desk reads, before and after it cancels, whether the person hears of it and how."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Purpose
from serment.identity import files
from serment.outbox import delivery, letters
from serment.outbox.models import Message
from tests.web_practice.house import House

pytestmark = pytest.mark.django_db


def _with_address(house: House, at: int) -> None:
    with tenancy.inside(house.practice.establishment):
        files.change(
            house.practice.secretary(), house.files[at], {"email": "quelquun@example.fr"},
            Purpose.RECEPTION,
        )  # fmt: skip


def _page(desk: Client, address: str) -> str:
    return desk.get(address).content.decode().replace("\u00a0", " ")


def _open(desk: Client, house: House, at: int) -> str:
    visit = house.visits[at]
    desk.post(f"/cabinet/visite/{visit}/ouvrir", {"retour": house.agenda()})
    return _page(desk, house.agenda(rdv=str(visit)))


def _cancel(desk: Client, house: House, at: int) -> str:
    address = f"/cabinet/visite/{house.visits[at]}/annuler"
    answer = desk.post(address, {"retour": house.agenda()}, follow=True)
    return answer.content.decode().replace("\u00a0", " ")


def test_before_cancelling_the_channel_is_said_once_the_person_is_open(
    house: House, desk: Client
) -> None:
    _with_address(house, 1)
    closed = _page(desk, house.agenda(rdv=str(house.visits[0])))
    assert "par courriel, ou par une lettre" in closed
    assert "une lettre attendra" in _open(desk, house, 0)
    assert "un courriel part" in _open(desk, house, 1)
    assert "quelquun@" not in _open(desk, house, 1)


def test_after_cancelling_the_channel_is_said_and_is_the_one_that_is_used(
    house: House, desk: Client
) -> None:
    _with_address(house, 1)
    assert "une lettre attend d’être imprimée" in _cancel(desk, house, 0)
    assert "Un courriel part" in _cancel(desk, house, 1)
    mail.outbox.clear()
    delivery.send_due(delivery.next_try(0, clock.now()))
    assert [one.to for one in mail.outbox] == [["quelquun@example.fr"]]
    waiting = {one.record_id: one.kind for one in letters.waiting(house.practice.establishment)}
    assert waiting[house.visits[0]] == "cancellation"
    assert house.visits[1] not in waiting


def test_taken_back_before_anybody_printed_it_no_letter_says_cancelled(
    house: House, desk: Client
) -> None:
    page = _cancel(desk, house, 0)
    assert 'id="undo"' in page
    delivery.send_due(delivery.next_try(0, clock.now()))
    answer = desk.post(
        f"/cabinet/visite/{house.visits[0]}/remettre", {"retour": house.agenda()}, follow=True
    )
    assert "La lettre d’annulation n’attend plus" in answer.content.decode()
    with tenancy.inside(house.practice.establishment):
        told = Message.objects.get(record_id=house.visits[0], kind="cancellation")
    assert told.state == "cancelled"


def test_a_booking_says_how_the_person_is_told(house: House, desk: Client) -> None:
    form = {
        "agenda": str(house.practice.role), "motif": str(house.practice.reason),
        "heure": house.at(15).isoformat(), "patient": str(house.files[1]), "mot": "",
    }  # fmt: skip
    page = desk.post("/cabinet/reserver/", form, follow=True).content.decode()
    assert "imprimez la carte ou la lettre" in page

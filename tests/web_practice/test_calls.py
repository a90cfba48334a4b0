"""Calls the desk has to make: nobody is named unasked, and one person takes each."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.outbox import answers
from serment.outbox.models import ReminderTicket
from serment.scheduling import calls
from serment.scheduling.models import Appointment, CallBack
from tests.scheduling.practice import PARIS
from tests.web_practice.house import PEOPLE, House, make_house

pytestmark = pytest.mark.django_db
LIST = "/cabinet/rappels/"
WHY = "Résultat arrivé, à dire de vive voix"


def _text(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ")


def _only(house: House) -> CallBack:
    with tenancy.inside(house.practice.establishment):
        return CallBack.objects.get()


def test_a_call_from_a_file_names_nobody_until_it_is_opened(house: House, desk: Client) -> None:
    today = clock.now().astimezone(PARIS).date().isoformat()
    address = f"/cabinet/patients/{house.files[0]}/rappel"
    refused = desk.post(address, {"pourquoi": WHY, "quand": "2020-01-01"})
    assert refused.status_code == 422
    assert WHY in _text(refused), "what was typed is there"
    desk.post(address, {"pourquoi": WHY, "quand": today})
    page = _text(desk.get(LIST))
    assert all(word not in page for word in (*PEOPLE[0][:2], WHY))
    assert "menu-count" in page
    call = str(_only(house).id)
    opened = _text(desk.post(LIST, {"rappel": call, "acte": "voir"}))
    assert "Bastien Roux-Delmas" in opened
    assert WHY in opened
    desk.post(LIST, {"rappel": call, "acte": "prendre"})
    assert "vous vous en occupez" in _text(desk.get(LIST))
    page = _text(desk.post(LIST, {"rappel": call, "acte": "fait"}, follow=True))
    assert "1 rappel fait" in page
    assert "menu-count" not in page


def test_one_colleague_takes_a_call_and_another_house_sees_none(house: House) -> None:
    today = clock.now().astimezone(PARIS).date()
    first, second = house.practice.secretary(), house.practice.secretary()
    with tenancy.inside(house.practice.establishment):
        made = calls.add(first, house.files[1], WHY, today, today)
        calls.take(first, made.id)
        with pytest.raises(calls.TakenByAnother):
            calls.take(second, made.id)
        calls.leave(first, made.id)
        calls.take(second, made.id)
        calls.finish(second, made.id, today)
        assert calls.how_many_due(house.practice.establishment, today) == 0
        CallBack.objects.update(done_on=today - calls.KEPT - calls.KEPT)
        calls.add(first, house.files[2], WHY, today, today)
        assert CallBack.objects.count() == 1, "what was done is gone after a while"
    browser = make_house(1).enter()
    sent = {"rappel": str(_only(house).id), "acte": "fait"}
    assert browser.post(LIST, sent).status_code == 404
    assert _only(house).done_on is None


def test_who_cannot_come_is_put_on_the_list_without_a_name(house: House, desk: Client) -> None:
    page = _text(desk.post(f"/cabinet/visite/{house.visits[0]}/rappel", follow=True))
    assert PEOPLE[0][0] not in page
    opened = _text(desk.post(LIST, {"rappel": str(_only(house).id), "acte": "voir"}))
    assert "Ne peut pas venir : rendez-vous du" in opened


def test_the_menu_counts_as_many_who_cannot_come_as_the_page_lists(
    house: House, desk: Client
) -> None:
    here, gone = house.practice.establishment, house.visits[1:]
    with tenancy.inside(here):
        told = ReminderTicket.objects.filter(establishment_id=here, record_id__in=house.visits)
        assert told.update(answer="cannot") == 3
        past = clock.now() - timedelta(days=1)
        Appointment.objects.filter(pk=gone[0]).update(status="cancelled")
        Appointment.objects.filter(pk=gone[1]).update(
            starts_at=past, ends_at=past + timedelta(minutes=20)
        )
        assert len(answers.cannot_come(here)) == 3, "the control: three wrote"
    page = _text(desk.get("/cabinet/reponses/"))
    counted = re.search(r"Ne viennent pas</span><span class=\"menu-count\">(\d+)", page)
    assert counted is not None
    assert page.count('data-row="') == int(counted[1]) == 1

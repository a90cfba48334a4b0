"""A visit noted as missed, from the desk's key to the patient's press and the desk's answer."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.outbox import delivery
from serment.scheduling.models import Appointment
from tests.scheduling.practice import count
from tests.web.test_booking_pages import address, send, sign_in_surely, someone
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db
TERMS = {"move_hours": "0", "cancel_hours": "0", "offer_minutes": "30", "waiting_open": "1"}
LIST = "/cabinet/absences-contestees/"
WORDS = "J’ai attendu vingt minutes dans le couloir"


def _text(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ").replace("\u202f", " ")


def _missed(house: House, desk: Client, browser: Client) -> list[str]:
    """Two visits booked online, now over, at which the desk noted that nobody came."""
    own = []
    for hour in (14, 15):
        key = base64.b64encode(bytes([hour]) * 16).decode()
        made = send(browser, house.practice, house.at(hour), cle=key)
        assert made.status_code == 302, made.content.decode()
        own.append(made["Location"].split("/")[2])
    then = clock.now() - timedelta(days=2)
    with tenancy.inside(house.practice.establishment):
        for number, visit in enumerate(own):
            begins = then + timedelta(hours=number)
            Appointment.objects.filter(pk=visit).update(
                starts_at=begins, ends_at=begins + timedelta(minutes=30)
            )
    for visit in own:
        assert desk.post(f"/cabinet/visite/{visit}/etat", {"etat": "absent"}).status_code == 302
    return own


def _link() -> str:
    mail.outbox.clear()
    delivery.send_due(delivery.next_try(0, clock.now()))
    letters = [one for one in mail.outbox if "noté comme manqué" in one.body]
    assert len(letters) == 2
    for hidden in ("Rivage", "Consultation", "quai du Port", "Cabinet du Port"):
        assert hidden not in letters[0].body
    found = re.search(r"https?://[^/]+(/r/\S+)", str(letters[0].body))
    assert found is not None
    return found[1]


def test_a_press_says_that_it_is_not_so_a_person_answers_and_a_limit_is_told_plainly() -> None:
    house = make_house(role="practitioner")
    desk, browser = house.enter(), sign_in_surely(someone())
    assert desk.post("/cabinet/en-ligne/", {**TERMS, "missed_max": "1"}).status_code == 422
    told = desk.post("/cabinet/en-ligne/", {**TERMS, "missed_max": "2", "missed_months": "6"})
    assert told.status_code == 302
    own = _missed(house, desk, browser)
    asked = address(house.practice, house.at(16))
    page = _text(browser.get(asked))
    assert "Appelez pour prendre rendez-vous" in page
    assert all(number in page for number in ("tel:15", "tel:112", "sms:114"))
    assert all(f"/mes-rendez-vous/{one}/" in page for one in own)
    before = count(house.practice)
    assert "jusqu’au" in _text(send(browser, house.practice, house.at(16)))
    wish = {"motif": str(house.practice.reason), "premiere": "oui", "mode": "in_person"}
    wish |= {f"jour-{n}": "1" for n in range(7)}
    assert "Appelez" in _text(browser.post(f"/attendre/{house.practice.role}/", wish))
    assert count(house.practice) == before
    stranger, link = Client(headers={"accept-language": "fr"}), _link()
    shown = _text(stranger.get(link))
    assert "Ce n’est pas juste" in shown
    assert not re.search("Rivage|Lemoine|Cabinet du Port|Consultation", shown.partition("<main")[2])
    assert "Appelez pour" in _text(browser.get(asked)), "opening a link says nothing"
    assert "C’est dit." in _text(stranger.post(link, {"acte": "conteste"}, follow=True))
    assert "Appelez pour" not in _text(browser.get(asked))
    _answered(desk, browser, own)
    file = _file_of_limited(desk, own[0])
    assert "on lui demande d’appeler" in _text(desk.get(file))
    desk.post(f"{file}limite", {"pourquoi": "  "})
    assert "Appelez pour" in _text(browser.get(asked)), "nobody lifts it without saying why"
    desk.post(f"{file}limite", {"pourquoi": "suivi difficile ce printemps"})
    assert "on lui demande d’appeler" not in _text(desk.get(file))
    assert send(browser, house.practice, house.at(16)).status_code == 302


def _answered(desk: Client, browser: Client, own: list[str]) -> None:
    """One said by the link, one on one's own page; both are answered, one of them twice."""
    mine = [f"/mes-rendez-vous/{one}/" for one in own]
    pages = [_text(browser.get(one)) for one in mine]
    (left,) = [at for at, page in enumerate(pages) if "compte jusqu’au" in page]
    done = browser.post(f"{mine[left]}contester", {"mot": WORDS}, follow=True)
    assert WORDS in _text(done)
    listed = _text(desk.get(LIST))
    assert "menu-count" in listed
    assert "Lemoine" not in listed
    assert WORDS not in listed
    opened = _text(desk.post(LIST, {"visite": own[left], "acte": "voir"}))
    assert "Lemoine" in opened
    assert WORDS in opened
    for one in own:
        answer = {"visite": one, "acte": "maintenir", "mot": "La salle était vide"}
        assert "C’est répondu" in _text(desk.post(LIST, answer, follow=True))
    again = desk.post(LIST, {"visite": own[0], "acte": "excuser"}, follow=True)
    assert "C’est déjà réglé" in _text(again)
    read = _text(browser.get(mine[left]))
    assert "La salle était vide" in read
    assert "contester" not in read


def _file_of_limited(desk: Client, visit: str) -> str:
    desk.post(f"/cabinet/visite/{visit}/ouvrir", {"quoi": "personne"})
    page = _text(desk.get(f"/cabinet/?rdv={visit}"))
    found = re.search(r'href="(/cabinet/patients/[0-9a-f-]{36}/)"', page)
    assert found is not None
    return found[1]


def test_a_secretary_lifts_nothing_and_another_house_answers_nothing(
    house: House, desk: Client
) -> None:
    sent = {"pourquoi": "pour voir"}
    assert desk.post(f"/cabinet/patients/{house.files[0]}/limite", sent).status_code == 404
    theirs = make_house(1).enter()
    answer = {"visite": str(house.visits[0]), "acte": "excuser"}
    assert theirs.post(LIST, answer).status_code == 404
    assert (
        theirs.post(f"/cabinet/visite/{house.visits[0]}/etat", {"etat": "excuse"}).status_code
        == 404
    )

"""Booking at the desk: once however often it is sent, nothing typed lost, and taken back."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Purpose, gate
from serment.identity import files
from serment.outbox.models import Message
from serment.outbox.sms import stand_in
from serment.scheduling import booking, sealed_details, secrecy
from serment.scheduling.models import Appointment, Occupancy, VisitReason
from tests.scheduling.practice import make_role
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db
KEY = base64.urlsafe_b64encode(b"0123456789abcdef").decode()


def _form(house: House, hour: int, minute: int = 0, **changed: str) -> dict[str, str]:
    return {
        "cle": KEY,
        "agenda": str(house.practice.role),
        "motif": str(house.practice.reason),
        "heure": house.at(hour, minute).isoformat(),
        "patient": str(house.files[1]),
        "mot": "appellera avant",
    } | changed


def _standing(house: House) -> list[Appointment]:
    with tenancy.inside(house.practice.establishment):
        return list(Appointment.objects.exclude(status="cancelled").order_by("starts_at"))


def _made(answer: Any) -> str:
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return parse_qs(urlsplit(answer["Location"]).query)["rdv"][0]


def test_the_page_offers_free_times_of_the_week(house: House, desk: Client) -> None:
    page = desk.get(f"/cabinet/reserver/?agenda={house.practice.role}&jour={house.day}")
    slots = re.findall(r'class="slot[^>]*>([^<]*)<', page.content.decode().replace("\u00a0", " "))
    assert "14 h 00" in slots
    assert slots.count("9 h 00") < 7


def test_a_form_sent_twice_is_one_appointment(house: House, desk: Client) -> None:
    first = _made(desk.post("/cabinet/reserver/", _form(house, 15)))
    assert _made(desk.post("/cabinet/reserver/", _form(house, 15))) == first
    assert len(_standing(house)) == 4
    assert str(first) in desk.get(house.agenda(rdv=first)).content.decode()


def test_taken_meanwhile_keeps_what_was_typed_and_offers_the_nearest(
    house: House, desk: Client
) -> None:
    answer = desk.post("/cabinet/reserver/", _form(house, 9))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "appellera avant" in page
    assert str(house.files[1]) in page
    near = re.findall(r'class="slot" form="confirm" name="autre_heure" value="([^"]+)"', page)
    assert len(near) >= 2
    assert _made(desk.post("/cabinet/reserver/", _form(house, 9, autre_heure=near[0])))


def test_overbooking_only_when_asked_in_so_many_words(house: House, desk: Client) -> None:
    assert desk.post("/cabinet/reserver/", _form(house, 9)).status_code == 409
    assert len(_standing(house)) == 3
    made = _made(desk.post("/cabinet/reserver/", _form(house, 9, en_plus="oui")))
    assert "en plus" in desk.get(house.agenda(rdv=made)).content.decode()


def test_moving_gives_up_the_former_time_only_if_the_new_one_is_had(
    house: House, desk: Client
) -> None:
    former = str(house.visits[1])
    taken = desk.post("/cabinet/reserver/", _form(house, 9, deplace=former))
    assert taken.status_code == 409
    assert len(_standing(house)) == 3
    made = _made(desk.post("/cabinet/reserver/", _form(house, 16, deplace=former)))
    assert made == former
    assert [one.starts_at for one in _standing(house)][-1] == house.at(16)
    assert len(_standing(house)) == 3


def test_what_is_kept_from_relatives_stays_so_where_it_was_cancelled_while_the_form_was_open(
    house: House, desk: Client
) -> None:
    """It is booked anew then, and its message would go to an address that they read. The control:
    an open visit is told of."""
    for number, kept in ((1, True), (0, False)):
        former, actor = house.visits[number], house.practice.secretary()
        with tenancy.inside(house.practice.establishment):
            if kept:
                secrecy.keep_secret(actor, former)
            booking.cancel(actor, former, "", clock.now())
        form = _form(house, 15 + number, deplace=str(former), patient=str(house.files[number]))
        form["cle"] = base64.urlsafe_b64encode(bytes([number]) * 16).decode()
        made = UUID(_made(desk.post("/cabinet/reserver/", form)))
        with tenancy.inside(house.practice.establishment):
            row = Appointment.objects.get(pk=made)
            assert sealed_details.reveal(actor, Purpose.BOOKING, [row])[made].kept == kept
            assert Message.objects.filter(record_id=made).exists() != kept


def test_of_a_secret_visit_no_message_is_announced_and_its_number_is_warned_of(
    house: House, desk: Client
) -> None:
    """The address and the number in a minor's file are often a parent's. The control: of an open
    visit the same acts announce their message."""
    actor = house.practice.secretary()
    files.change(actor, house.files[1], {"email": "mere@exemple.fr", "birth_date": "2012-02-02"})
    for hour, more, said in ((14, {}, "courriel"), (15, {"garder": "oui"}, "secret")):
        key = base64.urlsafe_b64encode(bytes([hour]) * 16).decode()
        booked = desk.post("/cabinet/reserver/", _form(house, hour, cle=key, **more))
        made = _made(booked)
        assert f"dit=pris-{said}" in booked["Location"]
        secret = "Ce rendez-vous est secret : si vous annulez, aucun message ne part."
        closed = _panel(desk, house, made)
        assert secret not in closed
        assert "ouvrez le motif avant d’appeler" in closed
        assert "sauf si ce rendez-vous est secret" in closed
        desk.post(f"/cabinet/visite/{made}/ouvrir", {"quoi": "motif", "retour": house.agenda()})
        opened = _panel(desk, house, made)
        assert (secret in opened) == bool(more)
        assert ("peut-être celui d’un parent" in opened) == bool(more)
        assert "ouvrez le motif avant d’appeler" not in opened
        assert "sauf si ce rendez-vous est secret" not in opened
        moved = desk.post("/cabinet/reserver/", _form(house, hour, 30, cle=key, deplace=made))
        assert f"dit=deplace-{said}" in moved["Location"]
        here = {"retour": house.agenda(rdv=made)}
        cancelled = desk.post(f"/cabinet/visite/{made}/annuler", here)
        assert f"dit=annule-{said}" in cancelled["Location"]
        back = desk.post(f"/cabinet/visite/{made}/remettre", here)
        assert ("dit=remis-secret" in back["Location"]) == bool(more)


def test_where_sms_leave_from_here_the_desk_does_not_announce_a_letter(
    house: House, desk: Client, settings: Any, tmp_path: Path
) -> None:
    """The control: without a provider of SMS, or without a number, it is a letter."""
    actor = house.practice.secretary()
    files.change(actor, house.files[1], {"email": ""})
    settings.SMS = {"provider": stand_in.NAME, "secret_file": str(tmp_path)}
    for hour, provider, phone, said in (
        (14, settings.SMS, "06 39 98 00 11", "sms"), (15, None, "06 39 98 00 11", "lettre"),
        (16, settings.SMS, "", "lettre"),
    ):  # fmt: skip
        settings.SMS = provider
        files.change(actor, house.files[1], {"phone": phone})
        key = base64.urlsafe_b64encode(bytes([hour]) * 16).decode()
        booked = desk.post("/cabinet/reserver/", _form(house, hour, cle=key))
        assert f"dit=pris-{said}" in booked["Location"]
        assert ("un SMS part" in _panel(desk, house, _made(booked))) == (said == "sms")


def _panel(desk: Client, house: House, visit: str) -> str:
    return desk.get(house.agenda(rdv=visit)).content.decode().replace("\u00a0", " ")


def test_another_houses_patient_cannot_be_booked(house: House, desk: Client) -> None:
    from tests.web_practice.house import make_house

    other = make_house(3)
    answer = desk.post("/cabinet/reserver/", _form(house, 15, patient=str(other.files[0])))
    assert answer.status_code == 404
    assert len(_standing(house)) == 3


def test_arrived_and_back(house: House, desk: Client) -> None:
    visit = house.visits[0]
    for state, expected in (("arrive", "arrived"), ("prevu", "booked")):
        desk.post(f"/cabinet/visite/{visit}/etat", {"etat": state, "retour": house.agenda()})
        assert _standing(house)[0].status == expected


def test_a_cancellation_is_taken_back_once(house: House, desk: Client) -> None:
    visit = house.visits[0]
    desk.post(f"/cabinet/visite/{visit}/annuler", {"retour": house.agenda()})
    assert len(_standing(house)) == 2
    assert "Remettre ce rendez-vous" in desk.get(house.agenda(rdv=str(visit))).content.decode()
    back = _made(desk.post(f"/cabinet/visite/{visit}/remettre", {"retour": house.agenda()}))
    assert back == _made(desk.post(f"/cabinet/visite/{visit}/remettre", {"retour": house.agenda()}))
    assert len(_standing(house)) == 3


def test_taking_back_when_somebody_else_has_the_time_says_so(house: House, desk: Client) -> None:
    visit = house.visits[0]
    desk.post(f"/cabinet/visite/{visit}/annuler", {"retour": house.agenda()})
    _made(desk.post("/cabinet/reserver/", _form(house, 9)))
    answer = desk.post(f"/cabinet/visite/{visit}/remettre", {"retour": house.agenda()}, follow=True)
    assert "n’est plus libre" in answer.content.decode()
    assert len(_standing(house)) == 3


def test_the_card_says_when_and_where_and_never_why(house: House, desk: Client) -> None:
    page = desk.get(f"/cabinet/visite/{house.visits[0]}/carte").content.decode()
    assert "Bastien Roux-Delmas" in page
    assert "3 quai du Port" in page
    assert "Consultation" not in page
    assert "mot scellé" not in page


def test_time_taken_is_freed_with_the_cancellation(house: House, desk: Client) -> None:
    desk.post(f"/cabinet/visite/{house.visits[0]}/annuler", {"retour": house.agenda()})
    with tenancy.inside(house.practice.establishment):
        assert Occupancy.objects.filter(kind="appointment").count() == 2


def test_looking_at_other_times_keeps_what_was_written(house: House, desk: Client) -> None:
    form = _form(house, 15, premiere="oui", mode="video")
    other = house.at(16).isoformat()
    for look in ({"choisir": other}, {"choisir": "", "vers_heure": other}):
        answer = desk.post("/cabinet/reserver/", form | look)
        page = answer.content.decode().replace("\u00a0", " ")
        assert answer.status_code == 200
        assert "appellera avant" in page
        assert 'name="premiere" value="oui" checked' in page
        assert 'value="video" checked' in page
        assert f'name="heure" value="{other}"' in page
    assert len(_standing(house)) == 3
    # The control: without that button the same form books.
    assert _made(desk.post("/cabinet/reserver/", form))


def test_another_practitioner_or_reason_keeps_the_note_and_the_time(
    house: House, desk: Client
) -> None:
    look = {"choisir": "", "vers_agenda": str(house.second), "vers_jour": house.day.isoformat()}
    page = desk.post("/cabinet/reserver/", _form(house, 15) | look).content.decode()
    assert "appellera avant" in page
    assert f'name="agenda" value="{house.second}"' in page
    assert f'name="heure" value="{house.at(15).isoformat()}"' in page


def test_days_further_on_are_looked_at_with_the_note_and_the_time_kept(
    house: House, desk: Client
) -> None:
    later = (house.day + timedelta(days=7)).isoformat()
    look = {"choisir": "", "vers_jour": later}
    page = desk.post("/cabinet/reserver/", _form(house, 15) | look).content.decode()
    assert "appellera avant" in page
    assert f'name="vers_jour" form="confirm" value="{later}"' in page
    assert f'name="heure" value="{house.at(15).isoformat()}"' in page


def test_another_day_lets_the_time_of_the_former_day_go(house: House, desk: Client) -> None:
    later = (house.day + timedelta(days=7)).isoformat()
    query = f"agenda={house.practice.role}&patient={house.files[1]}&jour={later}"
    kept = urlencode({"heure_gardee": house.at(15).isoformat()})
    page = desk.get(f"/cabinet/reserver/?{query}&{kept}").content.decode()
    assert "Choisissez une heure." in page
    assert f'name="jour" value="{later}"' in page


def test_steps_are_booked_and_moved_at_the_desk_together(db: None) -> None:
    house = make_house(role="practitioner")
    practice, desk = house.practice, house.enter()
    with tenancy.inside(practice.establishment):
        role = make_role(practice.establishment, practice.site)
        then = VisitReason.objects.create(
            establishment_id=practice.establishment, role_id=role, duration_minutes=30,
            name_fr="Ensuite", name_en="Then",
        )  # fmt: skip
    rules = {
        "duration_minutes": "30", "buffer_before_minutes": "0", "buffer_after_minutes": "0",
        "notice_minutes": "0", "horizon_days": "60", "sessions": "1", "apart_least_days": "7",
        "apart_most_days": "7", "propose": "oui", "etape-1": str(then.id), "apres-1": "0",
        "name_fr": "Consultation", "pour": ["nouveaux", "connus"], "comment": ["place", "video"],
        "auplus-1": "",
    }  # fmt: skip
    page = reverse("practice:reason_rules", args=[practice.reason])
    assert "combien de minutes après" in desk.post(page, rules).content.decode()
    said = desk.post(page, rules | {"auplus-1": "30"})
    assert said.status_code == 302, said.content.decode()
    shown = desk.get("/cabinet/reserver/", _form(house, 15)).content.decode()
    steps = re.findall(rf'value="({role} [^"]+)" selected', shown)
    assert steps == [f"{role} {then.id} {house.at(15, 30).isoformat()}"]
    assert desk.post("/cabinet/reserver/", _form(house, 15)).status_code == 422, "not without it"
    made = _made(desk.post("/cabinet/reserver/", _form(house, 15) | {"etape": steps[0]}))
    assert len(_standing(house)) == 5
    later = f"{role} {then.id} {house.at(16, 30).isoformat()}"
    to = _form(house, 16) | {"deplace": made, "etape": later}
    assert _made(desk.post("/cabinet/reserver/", to)) == made
    starts = [one.starts_at for one in _standing(house)]
    assert {house.at(16), house.at(16, 30)} <= set(starts)
    gone = desk.post(f"/cabinet/visite/{made}/annuler", {"toutes": "oui"})
    assert gone.status_code == 302
    assert len(_standing(house)) == 3


def test_why_a_visit_was_cancelled_is_read_with_its_reason(house: House, desk: Client) -> None:
    visit = house.visits[0]
    own = f"/cabinet/visite/{visit}"
    desk.post(f"{own}/annuler", {"raison": "Le docteur est souffrant."})
    page = house.agenda(rdv=str(visit))
    assert "souffrant" not in desk.get(page).content.decode(), "closed until it is asked for"
    desk.post(f"{own}/ouvrir", {"quoi": "motif"})
    opened = desk.get(page).content.decode()
    assert "par le cabinet" in opened
    assert "Le docteur est souffrant." in opened
    told = gate.history(house.practice.secretary(), house.files[0], 9)
    assert any("cancellation" in one.fields for one in told if one.kind == "read"), "on record"

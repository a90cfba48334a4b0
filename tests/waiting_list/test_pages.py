"""Moving one's own visit, waiting for an hour, and taking it by a link, as the pages have it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import Purpose
from serment.outbox import delivery, rendering
from serment.scheduling import booking, freed, sealed_details, taking, waiting_list
from serment.scheduling.models import Appointment, SlotOffer, VisitReason, WeeklyOpening
from serment.scheduling.waiting_list import Asked
from tests.scheduling.practice import Practice, make_file, make_practice, paris
from tests.web.test_booking_pages import send, sign_in_surely, someone
from tests.web_practice.house import make_house, next_tuesday

pytestmark = pytest.mark.django_db
EVERY_DAY = {f"jour-{n}": "1" for n in range(7)}


def _visit(answer: Any) -> str:
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"].split("?")[0])


def test_a_patient_moves_their_visit_and_keeps_it_where_the_new_hour_is_gone() -> None:
    practice, day = make_practice(), next_tuesday()
    browser, other = sign_in_surely(someone()), sign_in_surely(someone())
    mine = _visit(send(browser, practice, paris(day, 9)))
    week = "1" if "10 h 00" not in _times(browser, mine, "0") else "0"
    assert "10 h 00" in _times(browser, mine, week)
    wanted = {"heure": paris(day, 10).isoformat(), "vu": paris(day, 9).isoformat()}
    assert _starts(practice) == [paris(day, 9)]
    assert browser.get(f"{mine}deplacer", wanted).status_code == 200
    assert _starts(practice) == [paris(day, 9)], "looking moves nothing"
    _visit(send(other, practice, paris(day, 10)))
    gone = browser.post(f"{mine}deplacer", wanted)
    assert gone.status_code == 409
    assert "Rien n’est changé" in gone.content.decode()
    assert _starts(practice) == [paris(day, 9), paris(day, 10)]
    assert other.post(f"{mine}deplacer", wanted).status_code == 404, "nobody else's to move"
    wanted["heure"] = paris(day, 11).isoformat()
    moved = browser.post(f"{mine}deplacer", wanted, follow=True).content.decode()
    assert "C’est déplacé." in moved
    assert _starts(practice) == [paris(day, 10), paris(day, 11)]
    wanted["heure"] = paris(day, 15).isoformat()
    assert browser.post(f"{mine}deplacer", wanted).status_code == 409, "seen at another hour"


def test_who_ticks_no_day_is_told_so_and_waits_for_nothing() -> None:
    practice, browser = make_practice(), sign_in_surely(someone())
    mine = _visit(send(browser, practice, paris(next_tuesday(), 9)))
    path, sooner = f"/attendre/{practice.role}/", {"plus-tot": mine.split("/")[2]}
    assert "checked" in _day_boxes(browser.get(path, sooner)), "Monday to Friday to begin with"
    for form in (sooner, {"motif": str(practice.reason), "premiere": "oui"}):
        refused = browser.post(path, form)
        assert refused.status_code == 422
        assert "Choisissez au moins un jour" in refused.content.decode()
        assert "checked" not in _day_boxes(refused), "what was sent, not what it began with"
    assert "Listes d’attente" not in browser.get("/mes-rendez-vous/").content.decode()
    assert browser.post(path, sooner | EVERY_DAY).status_code == 302, "the control"


def _day_boxes(answer: Any) -> str:
    return " ".join(re.findall(r'<input[^>]*name="jour-\d"[^>]*>', answer.content.decode()))


def _times(browser: Client, mine: str, week: str) -> str:
    page = browser.get(f"{mine}deplacer", {"semaine": week}).content.decode()
    return str(page.replace("\u00a0", " "))


def _starts(practice: Practice) -> list[datetime]:
    with tenancy.inside(practice.establishment):
        return sorted(Appointment.objects.values_list("starts_at", flat=True))


def _full() -> tuple[Practice, datetime, UUID]:
    """One hour a week, taken."""
    practice, day = make_practice(horizon_days=9), next_tuesday()
    at = paris(day, 11)
    with tenancy.inside(practice.establishment):
        WeeklyOpening.objects.filter(role_id=practice.role).delete()
        WeeklyOpening.objects.create(
            establishment_id=practice.establishment, role_id=practice.role, weekday=1,
            starts="11:00", ends="11:30", valid_until=day,
        )  # fmt: skip
    actor, file = practice.patient(email="avant@exemple.fr")
    return practice, at, booking.book(actor, practice.booking(file, at), clock.now()).id


def _cancel(practice: Practice, visit: UUID) -> None:
    with tenancy.inside(practice.establishment):
        booking.cancel(practice.secretary(), visit, "", clock.now())


def test_an_offer_s_link_shows_the_hour_alone_acts_by_a_button_and_serves_once() -> None:
    practice, at, visit = _full()
    browser = sign_in_surely(someone())
    form = {"motif": str(practice.reason), "premiere": "oui", **EVERY_DAY}
    page = browser.get(f"/attendre/{practice.role}/").content.decode()
    assert "Attendre une heure libre" in page
    joined = browser.post(f"/attendre/{practice.role}/", form)
    assert joined.status_code == 302
    assert browser.post(f"/attendre/{practice.role}/", form).status_code == 409
    assert "en tête de la liste" in browser.get("/mes-rendez-vous/").content.decode()
    assert "nous vous écrivons" in browser.get(joined.url).content.decode()
    _cancel(practice, visit)
    at_once = browser.get(joined.url).content.decode()
    assert "une heure libre vous va déjà" in at_once
    assert "nous vous écrivons" not in at_once, "it is below: nothing is to be waited for"
    mail.outbox.clear()
    with tenancy.inside(practice.establishment):
        SlotOffer.objects.get()
    delivery.send_due(_awake())
    (letter,) = [one for one in mail.outbox if "gardée pour vous" in one.body]
    found = re.search(r"https?://[^/]+(/r/\S+)", str(letter.body))
    assert found is not None
    stranger = Client(headers={"accept-language": "fr"})
    opened = stranger.get(found[1])
    assert (opened["X-Robots-Tag"], opened["Cache-Control"]) == ("noindex, nofollow", "no-store")
    shown = opened.content.decode().replace("\u00a0", " ")
    assert "11 h 00" in shown
    for hidden in ("Rivage", "Lemoine", "Cabinet du Port", "Consultation"):
        assert hidden not in shown.partition("<main")[2]
    assert len(_starts(practice)) == 1, "opening a link takes nothing"
    for nothing in (stranger.get(found[1], {"dit": "prendre"}),
                    stranger.post(found[1], {"acte": "prendre"}, follow=True)):  # fmt: skip
        said = nothing.content.decode()
        assert ("C’est réservé." in said, "Je la prends" in said) == (False, True)
    taken = stranger.post(found[1], {"acte": "prendre", "heure": at.isoformat()}, follow=True)
    assert "C’est réservé." in taken.content.decode()
    with tenancy.inside(practice.establishment):
        assert Appointment.objects.filter(status="booked", starts_at=at).count() == 1
    again = stranger.post(found[1], {"acte": "quitter"}, follow=True).content.decode()
    assert "Ce lien a servi" in again
    mine = browser.get("/mes-rendez-vous/").content.decode().replace("\u00a0", " ")
    assert "11 h 00" in mine
    assert "Listes d’attente" not in mine
    _cancels_by_the_confirmation_s_link(practice, stranger, at)


def _cancels_by_the_confirmation_s_link(practice: Practice, stranger: Client, at: datetime) -> None:
    """What came off the list is cancelled at once like any other, and its hour is free."""
    mail.outbox.clear()
    delivery.send_due(delivery.next_try(0, clock.now()))
    (letter,) = [one for one in mail.outbox if "est confirmé" in one.body]
    found = re.search(r"https?://[^/]+(/r/\S+)", str(letter.body))
    assert found is not None
    done = stranger.post(found[1], {"reponse": "annuler", "vu": at.isoformat()}, follow=True)
    assert "C’est annulé." in done.content.decode()
    with tenancy.inside(practice.establishment):
        assert not Appointment.objects.filter(status="booked", starts_at=at).exists()


def _awake() -> datetime:
    from serment.outbox import moments

    now = delivery.next_try(0, clock.now())
    return moments.awake_again(now, "Europe/Paris") if _quiet(now) else now


def _quiet(now: datetime) -> bool:
    from serment.outbox import moments

    return moments.is_quiet(now, "Europe/Paris")


def test_the_desk_puts_somebody_without_e_mail_on_the_list_and_reads_whom_to_call() -> None:
    house = make_house()
    desk = house.enter()
    file = house.files[0]
    path = f"/cabinet/patients/{file}/attente"
    assert "Soignant et motif" in desk.get(path).content.decode()
    form = {"motif": str(house.practice.reason), "telephone": "1", "premiere": "oui", **EVERY_DAY}
    assert desk.post(path, form).status_code == 302
    page = desk.get("/cabinet/liste-d-attente/").content.decode()
    assert "À appeler" in page, "an hour is free at once: the desk calls"
    assert "Roux-Delmas" not in page
    found = re.search(r'name="attente" value="([0-9a-f-]{36})"', page)
    hour = re.search(r'name="heure" value="([^"]+)"', page)
    assert found is not None
    assert hour is not None
    who = desk.post("/cabinet/liste-d-attente/", {"attente": found[1], "acte": "voir"})
    assert "Roux-Delmas" in who.content.decode()
    answer = {"attente": found[1], "acte": "prendre", "heure": hour[1]}
    assert desk.post("/cabinet/liste-d-attente/", answer).status_code == 302
    assert "Personne n’attend." in desk.get("/cabinet/liste-d-attente/").content.decode()
    with tenancy.inside(house.practice.establishment):
        visit = Appointment.objects.get(id=found[1], status="booked")
        told = sealed_details.reveal(house.practice.secretary(), Purpose.AGENDA, [visit])
    assert told[visit.pk].first_visit
    assert freed.sweep_of(house.practice.establishment, clock.now()) == 0


def test_who_runs_the_house_sets_its_deadlines() -> None:
    desk = make_house(role="practitioner").enter()
    typed = {"move_hours": "24", "cancel_hours": "abc", "offer_minutes": "20"}
    refused = desk.post("/cabinet/en-ligne/", typed)
    assert refused.status_code == 422
    assert "abc" in refused.content.decode()
    typed["cancel_hours"] = "2"
    assert desk.post("/cabinet/en-ligne/", typed).status_code == 302
    assert 'value="24"' in desk.get("/cabinet/en-ligne/").content.decode()


def test_the_desk_is_offered_no_reason_that_nobody_can_wait_for() -> None:
    house = make_house()
    path, reason = f"/cabinet/patients/{house.files[0]}/attente", str(house.practice.reason)
    desk = house.enter()
    assert reason in desk.get(path).content.decode()
    with tenancy.inside(house.practice.establishment):
        VisitReason.objects.filter(pk=reason).update(by_invitation=True)
    assert reason not in desk.get(path).content.decode()
    assert desk.post(path, {"motif": reason, **EVERY_DAY}).status_code == 422


def test_who_wants_to_come_sooner_reads_that_taking_it_moves_their_visit() -> None:
    house = make_house()
    place, desk = house.practice.establishment, house.practice.secretary()
    with tenancy.inside(place):
        wish = Asked(house.practice.role, house.practice.reason, "in_person", house.files[2])
        waiting_list.join(desk, replace(wish, moves=house.visits[2]), clock.now())
        booking.cancel(desk, house.visits[0], "", clock.now())
        waiting_list.join(desk, replace(wish, patient_file=house.files[1]), clock.now())
        facts = [taking._facts(one.wish_id) for one in SlotOffer.objects.all()]
    said = [(one.sooner, rendering.letter("offer", one, "fr").body) for one in facts if one]
    assert [one for one, _text in sorted(said)] == [False, True]
    assert all(("votre rendez-vous y est avancé" in text) == sooner for sooner, text in said)


def test_before_a_minor_is_written_to_the_desk_reads_whose_mailbox_it_may_be() -> None:
    house = make_house()
    desk, minor = house.enter(), ids.new_id()
    born = clock.now().date().replace(year=clock.now().year - 15, day=1).isoformat()
    make_file(
        house.practice.establishment, minor, family_name="Roux", given_name="Zoé",
        birth_date=born, email="parent@exemple.fr",
    )  # fmt: skip
    for page in ("attente", "inviter"):
        told = [
            "souvent celle d’un parent"
            in desk.get(f"/cabinet/patients/{one}/{page}").content.decode()
            for one in (minor, house.files[0])
        ]
        assert told == [True, False], page

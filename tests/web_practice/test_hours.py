"""Rules about time at the desk: told, changed, tried before they are saved, and settled after."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.directory.models import PractitionerRole, Site
from serment.disclosure import SYSTEM, Purpose, gate
from serment.identity.models import PatientFile
from serment.scheduling import booking
from serment.scheduling.models import (
    Absence,
    Appointment,
    Closure,
    RecurringAbsence,
    Resource,
    ResourceKind,
    Substitution,
    VisitReason,
    WeeklyOpening,
)
from serment.web import wording
from tests.scheduling.practice import make_role
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db
AT = "/cabinet/horaires/"


@pytest.fixture
def doctors() -> House:
    """A house in which a practitioner signs in."""
    return make_house(role="practitioner")


def text(answer: object) -> str:
    found: str = answer.content.decode()  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", found.replace("\u00a0", " "))


def mark(page: str) -> str:
    """What the page says was seen, as its form sends it."""
    return re.findall(r'name="vu" value="([^"]*)"', page)[0]


def hours_form(house: House, **changed: object) -> dict[str, object]:
    role = str(house.practice.role)
    asked: dict[str, object] = {"agenda": role, "jours": ["5"], "de": "09:00", "a": "12:00"}
    return asked | changed


def of_day(house: House) -> WeeklyOpening:
    with tenancy.inside(house.practice.establishment):
        return WeeklyOpening.objects.get(
            role_id=house.practice.role, weekday=house.day.weekday(), starts="09:00"
        )


def test_hours_are_added_told_and_taken_away(doctors: House) -> None:
    desk = doctors.enter()
    form = hours_form(doctors, semaines="2", comptees=doctors.day.isoformat(), public="1")
    answer = desk.post(f"{AT}heures/", form, follow=True)
    page = text(answer)
    assert "Les heures sont enregistrées" in page
    assert "Toutes les 2 semaines" in page
    assert "Personnes déjà venues" in page
    row = WeeklyOpening.objects.get(weekday=5)
    assert (row.every_weeks, row.anchor, row.public) == (2, doctors.day, 1)
    gone = desk.post(f"{AT}heures/retirer", {"regle": str(row.id), "portee": "all"}, follow=True)
    assert "Ces heures sont retirées" in text(gone)
    assert not WeeklyOpening.objects.filter(id=row.id).exists()


def test_hours_that_give_nothing_are_told_before_they_are_saved(doctors: House) -> None:
    desk = doctors.enter()
    short = hours_form(doctors, a="09:10")
    page = text(desk.post(f"{AT}heures/", short))
    assert "Cette règle ne donnera aucun créneau" in page
    assert "10 minutes et le motif en prend 30" in page
    assert not WeeklyOpening.objects.filter(weekday=5).exists()
    desk.post(f"{AT}heures/", short | {"vu": mark(page)})
    assert WeeklyOpening.objects.filter(weekday=5).exists(), "the practice decides"


def test_hours_at_two_places_at_once_are_told_before_they_are_saved(doctors: House) -> None:
    desk, practice = doctors.enter(), doctors.practice
    with tenancy.inside(practice.establishment):
        site = Site.objects.get(id=practice.site)
        site.id, site.slug, site.name = ids.new_id(), f"{site.slug}-2", "Cabinet du Quai"
        site.save(force_insert=True)
        elsewhere = make_role(practice.establishment, site.id, 7)
        row = PractitionerRole.objects.get(id=elsewhere)
        row.practitioner_id = PractitionerRole.objects.get(id=practice.role).practitioner_id
        row.save(update_fields=["practitioner"])
        WeeklyOpening.objects.filter(role_id=elsewhere).update(
            weekday=5, every_weeks=2, anchor=doctors.day
        )
    form = hours_form(doctors, semaines="2", comptees=(doctors.day + timedelta(7)).isoformat())
    desk.post(f"{AT}heures/", form)
    mine = WeeklyOpening.objects.filter(role_id=practice.role, weekday=5)
    assert mine.exists(), "in the other weeks nothing is in the way"
    mine.delete()
    form |= {"comptees": doctors.day.isoformat()}
    page = text(desk.post(f"{AT}heures/", form))
    assert "à un autre endroit (Cabinet du Quai" in page
    assert not mine.exists()
    desk.post(f"{AT}heures/", form | {"vu": mark(page)})
    assert mine.exists(), "the practice decides"


def test_what_was_typed_comes_back_with_what_is_wrong(doctors: House) -> None:
    desk = doctors.enter()
    answer = desk.post(f"{AT}heures/", hours_form(doctors, jours=[], a="08:00", urgence="90"))
    assert answer.status_code == 422
    page = text(answer)
    assert "Choisissez au moins un jour" in page
    assert 'value="08:00"' in page
    assert 'value="90"' in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"semaines": "99999999999999999999"}, "écrivez un nombre de 1 à"),
        ({"semaines": "0"}, "écrivez un nombre de 1 à"),
        ({"urgence": "999999999999"}, "écrivez un nombre de minutes, de 0 à"),
        ({"urgence": "-5"}, "écrivez un nombre de minutes, de 0 à"),
    ],
)
def test_a_number_out_of_bounds_is_said_and_never_another_saved(
    doctors: House, changed: dict[str, str], said: str
) -> None:
    answer = doctors.enter().post(f"{AT}heures/", hours_form(doctors, **changed))
    assert answer.status_code == 422
    page = text(answer)
    assert said in page
    assert all(f'value="{value}"' in page for value in changed.values()), "as it was typed"
    assert not WeeklyOpening.objects.filter(weekday=5).exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, True),
        ({"de": "10:00", "a": "11:00"}, True),
        ({"semaines": "2"}, True),
        ({"au": "2099-01-01"}, True),
        ({"a": "12:30"}, False),
        ({"feries": "oui"}, False),
    ],
)
def test_hours_that_are_open_already_are_said_before_they_are_saved_again(
    doctors: House, changed: dict[str, str], said: bool
) -> None:
    desk = doctors.enter()
    desk.post(f"{AT}heures/", hours_form(doctors))
    rows = WeeklyOpening.objects.filter(weekday=5)
    assert rows.count() == 1
    again = hours_form(doctors, **changed)
    page = text(desk.post(f"{AT}heures/", again))
    told = f"samedi, {'10 h 00 – 11 h 00' if 'de' in changed else '9 h 00 – 12 h 00'}"
    assert (f"Ces heures sont déjà ouvertes : {told}." in page) == said
    assert rows.count() == (1 if said else 2)
    own = {"regle": str(rows.first().id), "portee": "all"}  # type: ignore[union-attr]
    page = text(desk.post(f"{AT}heures/", hours_form(doctors, a="11:30", **own), follow=True))
    assert said == ("Ces heures sont déjà ouvertes" not in page), "but for the rule itself"


def test_an_absence_is_told_as_one_says_it_and_none_that_is_over_is_kept(doctors: House) -> None:
    desk, day = doctors.enter(), doctors.day + timedelta(days=28)
    form = {"agenda": str(doctors.practice.role), "qui": "soignant", "quand": "fois"}
    past = form | {"du": "2025-12-01", "mot": "Congés"}
    answer = desk.post(f"{AT}absence/", past)
    assert answer.status_code == 422
    assert "déjà finie : elle ne fermerait rien. Vérifiez l’année" in text(answer)
    assert 'value="Congés"' in text(answer)
    for wrong in ({"au": "2026-02-31"}, {"de": "25:00"}):
        assert "ne peut pas être lue" in text(desk.post(f"{AT}absence/", form | past | wrong))
    assert not Absence.objects.exists()
    one_day = form | {"du": day.isoformat(), "mot": ""}
    desk.post(f"{AT}absence/", one_day | {"de": "14:00", "a": "16:00"})
    desk.post(f"{AT}absence/", one_day)
    page = text(desk.get(f"{AT}?agenda={doctors.practice.role}"))
    told = wording.day(day, year=True).replace("\u00a0", " ")
    assert page.count(f"Le {told}, toute la journée") == 1
    assert "déjà inscrite" not in page
    again = text(desk.post(f"{AT}absence/", one_day))
    assert "Cette absence est déjà inscrite." in again
    assert Absence.objects.count() == 2, "the practice decides"
    assert f"Le {told}, 14 h 00 – 16 h 00" in page


def test_who_may_set_the_terms_finds_their_page_and_which_number_is_wrong(doctors: House) -> None:
    desk = doctors.enter()
    assert "/cabinet/en-ligne/" in text(desk.get(AT))
    numbers = {"move_hours": "24", "cancel_hours": "9999", "offer_minutes": "30"}
    answer = desk.post("/cabinet/en-ligne/", numbers)
    assert answer.status_code == 422
    wrong = re.findall(r'id="e-([a-z_]+)"', text(answer))
    assert wrong == ["cancel_hours"]
    assert 'value="9999"' in text(answer)


def test_one_date_is_changed_and_the_others_stay(doctors: House) -> None:
    desk, row = doctors.enter(), of_day(doctors)
    form = hours_form(
        doctors, regle=str(row.id), portee="one", jour=doctors.day.isoformat(),
        jours=[str(row.weekday)], de="10:00",
    )  # fmt: skip
    page = text(desk.post(f"{AT}heures/", form))
    assert "rendez-vous se trouverai" in page, "visits at nine would be left outside"
    answer = desk.post(f"{AT}heures/", form | {"vu": mark(page)}, follow=True)
    assert "hors des heures ouvertes" in text(answer)
    row.refresh_from_db()
    assert row.skipped == [doctors.day]
    one_day = WeeklyOpening.objects.get(valid_from=doctors.day)
    assert (str(one_day.starts), one_day.valid_until) == ("10:00:00", doctors.day)
    assert "Dates à part" in text(desk.get(f"{AT}?agenda={doctors.practice.role}"))
    wrong = form | {"jour": (doctors.day + timedelta(days=1)).isoformat()}
    assert desk.post(f"{AT}heures/", wrong).status_code == 422


def _gets_an_address(house: House, file: UUID, email: str) -> None:
    here = house.practice.establishment
    with tenancy.inside(here):
        row = PatientFile.objects.get(pk=file)
        values: dict[str, str | None] = {"email": email}
        gate.seal(SYSTEM, Purpose.IMPORT, row, values, subject=file, tenant=here)
        row.save(update_fields=["email"])


def _ticked(page: str) -> list[str]:
    return re.findall(r'name="rdv" value="([^"]*)" checked', page)


def test_a_holiday_is_tried_saved_and_its_patients_moved_or_called(doctors: House) -> None:
    """The whole way: the preview, the absence, one press for all, one press to put all back."""
    for at, file in enumerate(doctors.files[:2]):
        _gets_an_address(doctors, file, f"vacances-{at}@exemple.fr")
    desk, day = doctors.enter(), doctors.day
    form = {
        "agenda": str(doctors.practice.role), "qui": "soignant", "quand": "fois",
        "du": day.isoformat(), "au": (day + timedelta(days=2)).isoformat(), "mot": "Congés",
    }  # fmt: skip
    page = text(desk.post(f"{AT}absence/", form))
    assert "3 rendez-vous se trouveraient hors des heures ouvertes" in page
    assert "2 par courriel" in page
    assert "1 par téléphone seulement" in page
    assert "Roux-Delmas" not in page, "no name is opened"
    assert not Absence.objects.exists()
    wanted = _ticked(text(desk.post(f"{AT}absence/", form | {"vu": mark(page)}, follow=True)))
    assert len(wanted) == 3
    move = {"rdv": wanted, "quoi": "deplacer", "chez": ""}
    done = text(desk.post(f"{AT}sans-heure/", move))
    assert "2 déplacés, 1 à rappeler." in done
    assert _ticked(done) == [], "who is to be called is listed and not ticked"
    back = re.search(r'name="defaire" value="([^"]+)"', done)
    assert back is not None
    undone = text(desk.post(f"{AT}sans-heure/defaire", {"defaire": back[1]}))
    assert "3 remis à leur place." in undone
    assert len(_ticked(undone)) == 3
    assert f'action="{AT}sans-heure/"' in undone, "what is pressed next settles, and undoes nothing"
    assert desk.get(f"{AT}sans-heure/defaire").headers["Location"] == f"{AT}sans-heure/"
    assert "2 déplacés, 1 à rappeler." in text(desk.post(f"{AT}sans-heure/", move))
    assert "2 déjà réglés par un collègue" in text(desk.post(f"{AT}sans-heure/", move))
    with tenancy.inside(doctors.practice.establishment):
        visits = {one.partition("@")[0] for one in wanted}
        days = [one.starts_at.date() for one in Appointment.objects.filter(id__in=visits)]
    assert sum(day <= one <= day + timedelta(days=2) for one in days) == 1
    rest = text(desk.get(f"{AT}sans-heure/"))
    assert "à rappeler" in rest
    over = re.findall(r'name="rdv" value="([^"]*)"', rest)
    ended = text(desk.post(f"{AT}sans-heure/", {"rdv": over, "quoi": "annuler"}))
    assert "Tous les rendez-vous à venir sont à une heure ouverte" in ended
    assert "Congés" in text(desk.get(AT))
    absence = Absence.objects.get()
    gone = {"sorte": "absence", "id": str(absence.id), "agenda": form["agenda"]}
    assert "de nouveau ouvertes" in text(desk.post(f"{AT}absence/retirer", gone, follow=True))


def test_what_this_server_did_not_sign_undoes_nothing(doctors: House) -> None:
    desk = doctors.enter()
    for sent in ("", "forged", "x:y:z"):
        answer = text(desk.post(f"{AT}sans-heure/defaire", {"defaire": sent}, follow=True))
        assert "Les messages sont partis" in answer


def test_the_house_closes_somebody_meets_weekly_and_another_stands_in(doctors: House) -> None:
    desk, day = doctors.enter(), doctors.day + timedelta(days=60)
    base = {"agenda": str(doctors.practice.role), "du": day.isoformat()}
    desk.post(f"{AT}absence/", base | {"qui": "maison", "quand": "fois", "mot": "Pont"})
    weekly = {"qui": "soignant", "quand": "semaine", "jour": "2", "semaines": "2"}
    desk.post(f"{AT}absence/", base | weekly | {"de": "13:00", "a": "14:00"})
    stands_in = {"qui": "soignant", "quand": "fois", "remplace": str(doctors.second)}
    desk.post(f"{AT}absence/", base | stands_in)
    assert Closure.objects.get().public_note == "Pont"
    assert RecurringAbsence.objects.get().every_weeks == 2
    assert Substitution.objects.get().substitute_id == doctors.second
    again = desk.post(f"{AT}absence/", base | stands_in)
    assert again.status_code == 409
    assert "remplace déjà ce soignant" in text(again)
    page = text(desk.get(AT))
    for said in ("Pont", "Chaque mercredi, 13 h 00 – 14 h 00", "Remplacements"):
        assert said in page


def test_a_reason_gets_a_cap_and_a_room(doctors: House) -> None:
    desk, reason = doctors.enter(), doctors.practice.reason
    site = str(doctors.practice.site)
    desk.post(f"{AT}salles/", {"sorte": "Échographe", "nom": "Écho 1", "lieu": site})
    kind = Resource.objects.get().kind_id
    typed = {
        "duration_minutes": "30", "buffer_before_minutes": "0", "buffer_after_minutes": "0",
        "notice_minutes": "0", "horizon_days": "60", "daily_cap": "3", "salles": [str(kind)],
        "propose": "oui", "sessions": "4", "apart_least_days": "6", "apart_most_days": "8",
        "name_fr": "Consultation", "pour": ["nouveaux", "connus"], "comment": ["place", "video"],
    }  # fmt: skip
    desk.post(f"{AT}motif/{reason}/", typed)
    row = VisitReason.objects.get(id=reason)
    assert (row.daily_cap, row.needs) == (3, [kind])
    assert (row.sessions, row.apart_least_days, row.apart_most_days) == (4, 6, 8)
    wrong = desk.post(f"{AT}motif/{reason}/", typed | {"duration_minutes": "3"})
    assert wrong.status_code == 422
    assert "Un nombre de 5 à 480" in text(wrong)
    desk.post(f"{AT}salles/", {"salle": str(Resource.objects.get().id), "quoi": "retirer"})
    page = text(desk.post(f"{AT}motif/{reason}/", typed))
    assert "ne donnera aucun créneau" in page, "the only one is out of service"


def test_why_a_time_is_not_offered_is_told_at_the_desk(house: House, desk: Client) -> None:
    asked = f"agenda={house.practice.role}&motif={house.practice.reason}"
    page = text(desk.get(f"{AT}pourquoi/?{asked}&jour={house.day.isoformat()}&heure=12:30"))
    assert "Le soignant ne reçoit pas à cette heure." in page
    assert "Ce créneau est proposé à la réservation." in page, "the whole day stands beside"
    leads = re.findall(r'href="(/cabinet/[^"]*)">(Les heures|Réserver|Le motif)<', page)
    assert {said for _to, said in leads} == {"Les heures", "Réserver"}, "the desk sets no reason"
    assert all(desk.get(to.replace("&amp;", "&")).status_code == 200 for to, _said in leads)
    assert "Ajouter des heures" not in text(desk.get(AT)), "the desk reads and does not set"


def test_a_session_in_a_group_is_set_and_somebody_is_booked_in(doctors: House) -> None:
    desk, reason = doctors.enter(), doctors.practice.reason
    with tenancy.inside(doctors.practice.establishment):
        VisitReason.objects.filter(id=reason).update(in_groups=True)
    at = f"{doctors.day.isoformat()}T19:00"
    typed = {"motif": str(reason), "debut": at, "places": "8"}
    assert desk.post(f"{AT}seances/changer", typed | {"places": ""}).status_code == 422
    page = text(desk.post(f"{AT}seances/changer", typed, follow=True))
    assert "0 inscrits pour 8 places" in page
    assert "Ce temps est déjà pris" in text(desk.post(f"{AT}seances/changer", typed))
    there = re.findall(r'href="(/cabinet/reserver/\?[^"]*)"', page)[0].replace("&amp;", "&")
    assert "19 h 00" in text(desk.get(there))
    assert "Séance de groupe, 0 sur 8" in text(
        desk.get(doctors.agenda(agenda=str(doctors.practice.role)))
    )
    with tenancy.inside(doctors.practice.establishment):
        Absence.objects.create(
            establishment_id=doctors.practice.establishment, role_id=doctors.practice.role,
            span=(doctors.at(0), doctors.at(23)),
        )  # fmt: skip
    page = text(desk.get(f"{AT}seances/"))
    assert "Le soignant est absent à ce moment" in page
    assert "Personne ne peut s’y inscrire." in page
    assert "Inscrire quelqu’un" not in page
    typed["debut"] = f"{doctors.day.isoformat()}T20:30"
    assert "levez d’abord l’absence" in text(desk.post(f"{AT}seances/changer", typed))


def test_before_a_device_is_out_of_service_its_visits_are_named(doctors: House) -> None:
    desk, house = doctors.enter(), doctors.practice
    with tenancy.inside(house.establishment):
        kind = ResourceKind.objects.create(establishment_id=house.establishment, name_fr="Laser")
        room = Resource.objects.create(
            establishment_id=house.establishment, site_id=house.site, kind=kind, name="Laser 1"
        )
        VisitReason.objects.filter(id=house.reason).update(needs=[kind.id])
        actor, file = house.patient(email="laser@exemple.fr")
        made = booking.book(actor, house.booking(file, doctors.at(14)), clock.now())
    asked = {"salle": str(room.id), "quoi": "retirer"}
    page = text(desk.post(f"{AT}salles/", asked))
    assert "1 rendez-vous n’aurait plus ce qu’il lui faut" in page
    assert "Laser 1" in page
    with tenancy.inside(house.establishment):
        assert Resource.objects.get(pk=room.pk).active, "said first"
    page = text(desk.post(f"{AT}salles/", asked | {"vu": mark(page)}, follow=True))
    assert f'value="{made.id}@' in page, "among those to be settled"
    desk.post(f"{AT}salles/", asked | {"quoi": "remettre"})
    assert f'value="{made.id}@' not in text(desk.get(f"{AT}sans-heure/"))
    day = f"/cabinet/?agenda={house.role}&jour={doctors.day.isoformat()}&rdv={made.id}"
    assert "Laser 1" not in text(desk.get(day)), "a device tells what for: closed with the reason"
    desk.post(f"/cabinet/visite/{made.id}/ouvrir", {"quoi": "motif", "retour": day})
    assert "Laser 1" in text(desk.get(day))

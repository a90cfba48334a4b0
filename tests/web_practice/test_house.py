"""A house publishes itself: places, who receives, reasons; what its manager is led to first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from serment.directory import publishing, rpps, tenancy
from serment.directory.models import Establishment, Practitioner, PractitionerRole, Site
from serment.scheduling.models import VisitReason
from tests.web_practice.house import House, make_house

AT = "/cabinet/etablissement/"
SITE = {
    "name": "Cabinet du Lac", "address_line": "3 quai des Cygnes", "commune": "74000 Annecy",
    "phone": "0450000000", "step_free": "oui", "bring_fr": "Votre carte Vitale",
}  # fmt: skip


def number(first_ten: str = "1045678901") -> str:
    return first_ten + rpps.check_digit(first_ten)


def entry(site: UUID, **more: str) -> dict[str, Any]:
    return {
        "rpps": number(), "title": "Dr", "given_name": "Ada", "family_name": "Chanterelle",
        "metier": "10/SM38", "lieu": str(site), "secteur": "1", "nouveaux": "oui",
        "langue": ["fr", "lsf"],
    } | more  # fmt: skip


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def fresh(db: None) -> tuple[House, Client]:
    """A manager at work; the places and entries below are new."""
    house = make_house(role="manager")
    return house, house.enter()


def _site(house: House, name: str = "Cabinet du Lac") -> Site:
    return Site.objects.get(establishment_id=house.practice.establishment, name=name)


def test_a_place_takes_its_clock_and_holidays_from_its_commune(fresh: tuple[House, Client]) -> None:
    house, desk = fresh
    assert desk.post(f"{AT}lieu/", SITE).status_code == 302
    row = _site(house)
    assert (row.commune_code, row.city, row.timezone) == ("74010", "Annecy", "Europe/Paris")
    assert (row.phone, row.step_free, row.holiday_region) == ("04 50 00 00 00", True, "FR")
    away = SITE | {"name": "Case", "commune": "97400 Saint-Denis"}
    assert desk.post(f"{AT}lieu/", away).status_code == 302
    assert _site(house, "Case").timezone == "Indian/Reunion"
    page = text(desk.get(AT))
    assert "3 quai des Cygnes" in page
    assert "Case" in page


def test_a_place_that_is_unclear_is_asked_about_and_nothing_typed_is_lost(
    fresh: tuple[House, Client],
) -> None:
    house, desk = fresh
    said = desk.post(f"{AT}lieu/", SITE | {"commune": "74700"})
    assert said.status_code == 422
    page = text(said)
    assert "choisissez" in page
    assert "3 quai des Cygnes" in page
    assert "Votre carte Vitale" in page
    assert 'value="74256"' in page, "Sallanches is one of those it may be"
    assert desk.post(f"{AT}lieu/", SITE | {"commune": "74700", "code": "74256"}).status_code == 302
    assert _site(house).city == "Sallanches"
    for typed, words in (
        ({"commune": "99999"}, "Aucune commune"),
        ({"name": ""}, "Écrivez le nom de ce lieu"),
        ({"point": "là-bas"}, "deux nombres"),
        ({"point": "48.85, 2.35"}, "à plus de 40"),
        ({"phone": "abc"}, "que des chiffres"),
    ):
        said = desk.post(f"{AT}lieu/", SITE | {"name": "Autre"} | typed)
        assert said.status_code == 422, typed
        assert words in text(said), typed
    assert Site.objects.filter(establishment_id=house.practice.establishment).count() == 2


def test_booked_visits_keep_their_clock(fresh: tuple[House, Client]) -> None:
    house, desk = fresh
    there = f"{AT}lieu/{house.practice.site}/"
    away = SITE | {"name": "Loin", "commune": "97400 Saint-Denis"}
    said = desk.post(there, away)
    assert said.status_code == 422
    assert "autre fuseau" in text(said)
    assert desk.post(there, SITE | {"name": "Près"}).status_code == 302
    with tenancy.inside(tenant=house.practice.establishment):
        from serment.scheduling.models import Appointment

        Appointment.objects.all().update(status="cancelled")
    assert desk.post(there, away).status_code == 302, "the control: nobody comes any more"


def test_who_is_published_is_found_at_once(fresh: tuple[House, Client]) -> None:
    house, desk = fresh
    desk.post(f"{AT}lieu/", SITE)
    said = desk.post(f"{AT}soignant/", entry(_site(house).pk))
    assert said.status_code == 302, text(said)
    row = PractitionerRole.objects.get(practitioner__rpps=number())
    assert (row.specialty_id, row.sector, row.languages) == ("SM38", 1, ["fr", "lsf"])
    stranger = Client(headers={"accept-language": "fr"})
    assert "Ada Chanterelle" in text(stranger.get(f"/soignant/{row.practitioner.slug}/"))
    found = text(stranger.get("/rendez-vous/?quoi=specialty:ophtalmologue&ou=74010"))
    assert "Chanterelle" in found
    page = text(desk.get(AT))
    assert "sans motif : en ajouter" in page
    assert "sans heures : en ajouter" in page
    role = entry(_site(house).pk, given_name="Adèle", metier="10/SM54", rang="4", visible="oui")
    assert desk.post(f"{AT}soignant/{row.pk}/", role).status_code == 302
    row.refresh_from_db()
    assert (row.specialty_id, row.position, row.practitioner.given_name) == ("SM54", 4, "Adèle")


def test_an_entry_that_cannot_be_is_said_by_its_fields(fresh: tuple[House, Client]) -> None:
    house, desk = fresh
    site = house.practice.site
    wrong = number()[:10] + str((int(number()[10]) + 1) % 10)
    for typed, words in (
        ({"rpps": wrong}, "le dernier vérifie les autres"),
        ({"family_name": ""}, "Écrivez le nom"),
        ({"metier": ""}, "Choisissez le métier"),
        ({"metier": "10/"}, "Choisissez le métier"),
        ({"metier": "92/SM38"}, "Choisissez le métier"),
        ({"lieu": "7"}, "Choisissez où"),
    ):
        said = desk.post(f"{AT}soignant/", entry(site, **typed))
        assert said.status_code == 422, typed
        assert words in text(said), typed
    assert not Practitioner.objects.filter(rpps=number()).exists()
    assert desk.post(f"{AT}soignant/", entry(site)).status_code == 302
    said = desk.post(f"{AT}soignant/", entry(site))
    assert said.status_code == 422
    assert "déjà une fiche" in text(said)


def test_a_place_of_another_house_is_refused(fresh: tuple[House, Client]) -> None:
    _house, desk = fresh
    other = make_house(5)
    said = desk.post(f"{AT}soignant/", entry(other.practice.site))
    assert said.status_code == 422
    assert "Choisissez où" in text(said)
    assert desk.get(f"{AT}lieu/{other.practice.site}/").status_code == 404
    assert desk.get(f"{AT}soignant/{other.practice.role}/").status_code == 404
    assert (
        desk.get(f"/cabinet/horaires/motif/nouveau/?agenda={other.practice.role}").status_code
        == 404
    )


def test_a_name_that_others_publish_stays(fresh: tuple[House, Client]) -> None:
    house, desk = fresh
    other = make_house(5)
    theirs = PractitionerRole.objects.get(pk=other.practice.role).practitioner
    site = house.practice.site
    said = desk.post(f"{AT}soignant/", entry(site, rpps=theirs.rpps), follow=True)
    assert "déjà connu sous le nom" in text(said)
    before = (theirs.given_name, theirs.family_name)
    theirs.refresh_from_db()
    assert (theirs.given_name, theirs.family_name) == before
    theirs.given_name = "Autre"
    here = tenancy.inside(tenant=house.practice.establishment)
    with here, pytest.raises(DatabaseError), transaction.atomic():
        theirs.save(update_fields=["given_name"])
    own = Practitioner.objects.get(roles__pk=house.practice.role)
    person = publishing.Person(own.rpps, "", "Corrigée", own.family_name)
    with tenancy.inside(tenant=house.practice.establishment):
        assert publishing.rename(own, person, house.practice.establishment), "the control"


def test_who_has_visits_to_come_is_neither_hidden_nor_moved(fresh: tuple[House, Client]) -> None:
    house, desk = fresh
    desk.post(f"{AT}lieu/", SITE)
    row = PractitionerRole.objects.get(pk=house.practice.role)
    same = entry(row.site_id, family_name=row.practitioner.family_name, visible="oui")
    there = f"{AT}soignant/{row.pk}/"
    hidden = {name: value for name, value in same.items() if name != "visible"}
    for typed in (hidden, same | {"lieu": str(_site(house).pk)}):
        said = desk.post(there, typed)
        assert said.status_code == 422
        assert "3 rendez-vous sont pris" in text(said)
    with tenancy.inside(tenant=house.practice.establishment):
        from serment.scheduling.models import Appointment

        Appointment.objects.all().update(status="cancelled")
    assert desk.post(there, hidden).status_code == 302, "the control: nobody comes any more"
    row.refresh_from_db()
    assert not row.active
    assert "caché" in text(desk.get(AT))


def test_a_reason_is_added_with_its_words_and_signs(fresh: tuple[House, Client]) -> None:
    house, desk = fresh
    at = "/cabinet/horaires/motif/nouveau/"
    typed = {
        "agenda": str(house.second), "name_fr": "Consultation de suivi", "name_en": "",
        "pour": ["connus"], "comment": ["place"], "tarif": "26,50 €", "duration_minutes": "25",
        "signes": ["chest_pain"],
    }  # fmt: skip
    assert desk.post(at, typed).status_code == 302
    row = VisitReason.objects.get(role_id=house.second, name_fr="Consultation de suivi")
    assert (row.name_en, row.fee_cents, row.duration_minutes) == ("Follow-up visit", 2650, 25)
    assert (row.new_patients, row.known_patients, row.video) == (False, True, False)
    assert row.red_flags == ["chest_pain"]
    for wrong, words in (
        ({"name_fr": " "}, "Écrivez pourquoi"),
        ({"pour": []}, "au moins pour qui"),
        ({"comment": []}, "au moins une façon"),
        ({"tarif": "gratuit"}, "un prix en euros"),
        ({"duration_minutes": "2"}, "Un nombre de 5 à 480"),
    ):
        said = desk.post(at, typed | wrong)
        assert said.status_code == 422, wrong
        assert words in text(said), wrong
    page = text(desk.get(f"/cabinet/horaires/motif/{row.pk}/"))
    assert 'value="26,50"' in page
    assert 'value="Consultation de suivi"' in page


def test_an_empty_house_leads_on_and_only_its_manager_may(db: None) -> None:
    manager, secretary = make_house(role="manager"), make_house(3)
    for house in (manager, secretary):
        with tenancy.inside(tenant=house.practice.establishment):
            PractitionerRole.objects.filter(establishment_id=house.practice.establishment).update(
                active=False
            )
    desk, hers = manager.enter(), secretary.enter()
    for path in ("/cabinet/", "/cabinet/mois/", "/cabinet/horaires/", "/cabinet/agendas/"):
        page = text(desk.get(path))
        assert f'href="{AT}soignant/"' in page, path
        page = text(hers.get(path))
        assert "Personne ne reçoit encore ici." in page, path
        assert AT not in page, path
        assert "La direction publie" in page, path
    assert "La direction publie" in text(hers.get("/cabinet/reserver/"))
    assert hers.get(AT).status_code == 404


def test_the_house_is_renamed_and_its_telephone_read_aloud(fresh: tuple[House, Client]) -> None:
    house, desk = fresh
    said = desk.post(AT, {"nom": "Maison du Lac", "sorte": "center", "telephone": "0450112233"})
    assert said.status_code == 302
    here = Establishment.objects.get(pk=house.practice.establishment)
    assert (here.name, here.kind, here.phone) == ("Maison du Lac", "center", "04 50 11 22 33")
    said = desk.post(AT, {"nom": "", "sorte": "center", "telephone": "non"})
    assert said.status_code == 422
    assert "que les patients lisent" in text(said)

"""Officers count who opened what, of their own house alone; nobody else has the page."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from serment.disclosure import gate
from serment.identity import accounts
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db


def _enter(role: str, number: int = 0) -> tuple[House, Client]:
    house = make_house(number, role)
    return house, house.enter()


@pytest.mark.parametrize("role", ["privacy_officer", "security_officer"])
def test_an_officer_begins_with_the_counts_of_the_own_house(role: str) -> None:
    house = make_house(0, role)
    browser = Client(headers={"accept-language": "fr"})
    told = {"login": house.email, "password": "un cheval gris sous la neige"}
    assert browser.post("/compte/connexion/", told).url == accounts.OFFICERS_HOME
    page = browser.get(accounts.OFFICERS_HOME).content.decode()
    assert f"serment perimeter --establishment {house.practice.establishment}" in page
    assert ("Lignes du registre" in page) is True  # the keeper of the tests is not isolated
    # The agenda is not theirs.
    assert browser.get("/cabinet/").status_code == 404


def test_an_opening_is_counted_with_its_actor_and_a_patient_s_name_is_not_shown() -> None:
    house, officer = _enter("privacy_officer")
    before = officer.get("/acces/").content.decode()
    assert "Personne n’a rien ouvert" in before  # the control
    _open_as_secretary(house.practice.establishment, house.files[:2])
    page = officer.get("/acces/").content.decode()
    assert "Les données de 2 personnes ont été ouvertes" in page
    assert "secrétaire" not in before
    for name in ("Roux-Delmas", "Aurore", "Lemoine"):
        assert name not in page


def _open_as_secretary(establishment: UUID, files: list[UUID]) -> None:
    from serment import ids
    from serment.directory import tenancy
    from serment.disclosure import Actor, Purpose
    from serment.identity.models import PatientFile

    who = ids.new_id()
    capability = gate.open_session("staff", who, "secretary", establishment, 1)
    actor = Actor("staff", who, "secretary", establishment, capability=capability)
    with tenancy.inside(tenant=establishment):
        rows = list(PatientFile.objects.filter(pk__in=files))
        gate.reveal(actor, Purpose.RECEPTION, rows, ["family_name"])


def test_another_house_s_openings_are_not_counted() -> None:
    _house, officer = _enter("privacy_officer")
    other = make_house(1)
    _open_as_secretary(other.practice.establishment, other.files)
    assert "Personne n’a rien ouvert" in officer.get("/acces/").content.decode()


@pytest.mark.parametrize("role", ["secretary", "practitioner", "manager"])
def test_for_anybody_else_of_the_house_the_page_is_not_there(role: str) -> None:
    _house, browser = _enter(role)
    assert browser.get("/acces/").status_code == 404


def test_who_is_not_signed_in_is_sent_to_sign_in() -> None:
    assert Client().get("/acces/").url == "/compte/connexion/?next=/acces/"


def test_asking_for_the_counts_is_itself_recorded() -> None:
    _house, officer = _enter("security_officer")
    before = gate.health().size
    officer.get("/acces/")
    assert gate.health().size > before


def test_the_partners_page_promises_no_more_than_there_is() -> None:
    page = Client(headers={"accept-language": "fr"}).get("/partenaires/").content.decode()
    assert "n’est pas encore ouverte" in page
    assert Client().get("/fhir/metadata").status_code == 404

"""Finding, making and correcting files: nothing typed in an address, nothing typed lost."""

from __future__ import annotations

import pytest
from django.test import Client

from serment.disclosure import gate
from tests.web_practice.house import PEOPLE, House

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", ["rou", "ROUX", "bas", "0639982104", "12/03/1961"])
def test_three_letters_a_telephone_or_a_birth_date_find(
    house: House, desk: Client, text: str
) -> None:
    page = desk.post("/cabinet/patients/", {"q": text}).content.decode()
    assert "Roux-Delmas" in page
    assert f"/cabinet/patients/{house.files[0]}/" in page


def test_two_letters_find_nobody(house: House, desk: Client) -> None:
    page = desk.post("/cabinet/patients/", {"q": "ro"}).content.decode()
    assert "Roux-Delmas" not in page
    assert "trois lettres" in page


def test_a_search_shows_nobody_of_another_house(house: House, desk: Client) -> None:
    from tests.web_practice.house import make_house

    other = make_house(4)
    page = desk.post("/cabinet/patients/", {"q": "rou"}).content.decode()
    assert str(other.files[0]) not in page
    assert str(house.files[0]) in page


def test_a_search_from_a_booking_leads_back_to_it(house: House, desk: Client) -> None:
    suite = f"agenda={house.practice.role}&autre=https://exemple.com"
    page = desk.post("/cabinet/patients/", {"q": "rou", "suite": suite}).content.decode()
    assert f"?agenda={house.practice.role}&amp;patient={house.files[0]}" in page
    assert "exemple.com" not in page


def test_a_file_shows_itself_its_visits_and_who_opened_it(house: House, desk: Client) -> None:
    page = desk.get(f"/cabinet/patients/{house.files[0]}/").content.decode()
    assert "Bastien Roux-Delmas" in page
    assert str(house.visits[0]) in page
    assert "<strong>Vous</strong>" in page
    rows = gate.history(house.practice.secretary(), house.files[0], 200)
    assert any(row.purpose == "reception" and row.kind == "read" for row in rows)


def test_a_form_in_error_keeps_everything_and_says_why_beside_each_field(
    house: House, desk: Client
) -> None:
    typed = {
        "family_name": "", "given_name": "Zoé", "birth_date": "31/02/1960", "phone": "12",
        "address": "3 rue des Lilas",
    }  # fmt: skip
    answer = desk.post("/cabinet/patients/nouveau", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    for kept in ("Zoé", "31/02/1960", 'value="12"', "3 rue des Lilas"):
        assert kept in page
    for name in ("family_name", "birth_date", "phone"):
        assert f'id="e-{name}"' in page


def test_a_file_without_an_e_mail_then_corrected(house: House, desk: Client) -> None:
    typed = {"family_name": "Sanspapier", "given_name": "Zoé", "phone": "06 39 98 00 11"}
    answer = desk.post("/cabinet/patients/nouveau", typed)
    assert answer.status_code == 302
    page = desk.get(answer["Location"]).content.decode()
    assert "Zoé Sanspapier" in page
    assert "sans e-mail" in page
    change = f"{answer['Location']}corriger"
    assert 'value="Sanspapier"' in desk.get(change).content.decode()
    desk.post(change, typed | {"family_name": "Avecpapier", "birth_date": "1/2/1980"})
    page = desk.get(answer["Location"]).content.decode()
    assert "Zoé Avecpapier" in page
    assert "1er" in page
    found = desk.post("/cabinet/patients/", {"q": "avecp"}).content.decode()
    assert answer["Location"] in found


def test_a_file_made_during_a_booking_goes_back_to_it(house: House, desk: Client) -> None:
    typed = {
        "family_name": "Sanspapier", "given_name": "Zoé",
        "suite": f"agenda={house.practice.role}&heure={house.at(15).isoformat()[:16]}",
    }  # fmt: skip
    answer = desk.post("/cabinet/patients/nouveau", typed)
    assert answer["Location"].startswith("/cabinet/reserver/?agenda=")
    page = desk.get(answer["Location"]).content.decode()
    assert "Zoé Sanspapier" in page
    assert "Confirmer le rendez-vous" in page


def test_no_name_in_any_address(house: House, desk: Client) -> None:
    page = desk.post("/cabinet/patients/", {"q": "rou"}).content.decode()
    for family, given, _birth, _phone in PEOPLE:
        assert f"={family}" not in page
        assert f"/{given}" not in page

"""The file's page says how sure the identity is, in words, and lets the desk see to it."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.test import Client

from serment import clock, ids
from serment.disclosure import gate
from serment.scheduling import booking
from serment.web import field_words
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db

FORM = {
    "family_name": "Dubois", "given_name": "Angela", "birth_name": "DUBOIS", "sex": "female",
    "birth_date": "24/08/1962", "first_birth_given_name": "ANGELA", "birth_place": "75107",
    "birth_given_names": "ANGELA CLAIRE", "phone": "", "email": "", "address": "",
}  # fmt: skip


def _made(desk: Client, **changed: str) -> str:
    answer = desk.post("/cabinet/patients/nouveau", FORM | changed)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"])


def _page(desk: Client, file: str) -> str:
    return desk.get(file).content.decode()


def test_a_document_seen_validates_and_a_correction_undoes_it(desk: Client) -> None:
    file = _made(desk)
    assert "Identité provisoire" in _page(desk, file)
    desk.post(f"{file}identite", {"vu": "passport"})
    assert "Identité validée" in _page(desk, file)
    desk.post(f"{file}corriger", FORM | {"phone": "06 98 76 54 32"})
    assert "Identité validée" in _page(desk, file)  # the control: no trait was touched
    asked = desk.post(f"{file}corriger", FORM | {"birth_place": "69123"})
    assert asked.status_code == 422
    assert "69123" in asked.content.decode(), "nothing typed is lost"
    assert "Identité validée" in _page(desk, file), "traits are locked until somebody says so"
    desk.post(f"{file}corriger", FORM | {"birth_place": "69123", "identite": "corriger"})
    assert "Identité provisoire" in _page(desk, file)


def test_what_is_not_complete_is_not_compared(desk: Client) -> None:
    file = _made(desk, birth_place="")
    assert "Je l’ai vue" not in _page(desk, file)
    desk.post(f"{file}identite", {"vu": "passport"})
    page = _page(desk, file)
    assert "Complétez d’abord les cinq traits" in page
    assert "Identité provisoire" in page


def test_a_doubt_is_said_first_and_taken_back(desk: Client) -> None:
    file = _made(desk)
    desk.post(f"{file}identite", {"vu": "identity_card"})
    desk.post(f"{file}identite", {"doute": "oui"})
    page = _page(desk, file)
    assert "Identité douteuse" in page
    assert "Je l’ai vue" not in page
    assert "lever le doute" in page
    desk.post(f"{file}identite", {"vu": "passport"})  # by hand, past the page
    assert "Identité provisoire" in _page(desk, file)
    desk.post(f"{file}identite", {"doute": "non"})
    assert "Identité douteuse" in _page(desk, file), "no doubt ends without proof"
    desk.post(f"{file}identite", {"doute": "passport"})
    assert "Identité douteuse" not in _page(desk, file)
    assert "Identité validée" in _page(desk, file)


@pytest.mark.parametrize("sent", [{}, {"vu": "everything"}, {"doute": "x"}])
def test_anything_else_changes_nothing(desk: Client, sent: dict[str, str]) -> None:
    file = _made(desk)
    assert desk.post(f"{file}identite", sent).status_code == 302
    assert "Identité provisoire" in _page(desk, file)


def test_another_houses_file_is_not_there(house: House, desk: Client) -> None:
    assert (
        desk.post(f"/cabinet/patients/{UUID(int=7)}/identite", {"doute": "oui"}).status_code == 404
    )


def test_duplicates_are_found_under_either_name_and_nobody_else_is(desk: Client) -> None:
    file = _made(desk)
    twice = _made(desk, family_name="Durand", given_name="Angéla", phone="06 98 76 54 32")
    other_day = _made(desk, birth_date="25/08/1962")
    page = _page(desk, f"{file}doublons")
    assert twice in page
    assert other_day not in page
    assert f'href="{file}"' in page.split("Revenir")[0]  # the way back, and no line of its own
    assert page.count(f'href="{file}"') == 1
    near = _made(desk, family_name="Dubbois", birth_name="")
    assert near in _page(desk, f"{file}doublons"), "as the list of pairs says, spelt otherwise"
    assert file in _page(desk, f"{near}doublons")
    assert "Aucun autre dossier" in _page(desk, f"{other_day}doublons")
    assert "rien à comparer" in _page(desk, f"{_made(desk, birth_date='')}doublons")
    assert desk.get(f"/cabinet/patients/{UUID(int=7)}/doublons").status_code == 404


def test_a_code_is_not_handed_out_unwarned_where_an_account_reads_a_file_alike(
    house: House, desk: Client
) -> None:
    """The controls: a file alike that nobody reads, one of another day that somebody reads, and an
    account that reads both say nothing."""
    file, twice = _made(desk), _made(desk, given_name="Angéla", phone="06 98 76 54 32")
    other_day = _made(desk, birth_date="25/08/1962")
    secretary, account = house.practice.secretary(), ids.new_id()

    def warned() -> bool:
        return "et un compte le lit" in _page(desk, f"{file}code")

    def linked(address: str, to: UUID) -> None:
        gate.link(secretary, account=to, patient_file=UUID(address.split("/")[-2]))

    linked(other_day, ids.new_id())
    assert not warned()
    linked(twice, account)
    assert warned()
    assert f'href="{file}doublons"' in _page(desk, f"{file}code")
    linked(file, account)
    assert not warned()


def test_pairs_wait_without_a_name_and_the_desk_compares_and_answers(desk: Client) -> None:
    """Seen by a secretary: no name in the list, both files beside each other, no joining."""
    one, other = _made(desk), _made(desk, given_name="Angéla", phone="06 98 76 54 32")
    page = _page(desk, "/cabinet/identites/")
    assert "Même date de naissance, même nom, même prénom" in page
    assert "Dubois" not in page
    pair = re.search(r"/cabinet/identites/[-0-9a-f]{36}/[-0-9a-f]{36}/", page)
    assert pair is not None
    side_by_side = _page(desk, pair.group())
    assert side_by_side.count("Dubois") == 2
    assert "Un soignant de la maison" in side_by_side
    assert desk.post(f"{pair.group()}reunir").status_code == 404
    desk.post(f"{pair.group()}deux")
    assert "Aucun dossier ne ressemble" in _page(desk, "/cabinet/identites/")
    assert one != other


def test_a_doctor_joins_and_parts_and_a_visit_says_when_it_was_made(db: None) -> None:
    house = make_house(role="practitioner")
    desk = house.enter()
    kept = f"/cabinet/patients/{house.files[0]}/"
    gone = _made(desk, family_name="Roux-Delmas", given_name="Bastien", email="b@exemple.fr")
    pair = f"/cabinet/identites/{house.files[0]}/{gone.split('/')[-2]}/"
    assert desk.post(f"{pair}reunir", {"birth_date": "autre"}).status_code == 302
    page = _page(desk, kept)
    assert "b@exemple.fr" in page
    assert "Deux dossiers réunis" in page
    led = desk.get(gone)
    assert (led.status_code, led.headers["Location"]) == (302, kept)
    wanted = house.practice.booking(UUID(gone.split("/")[-2]), house.at(15))
    booking.book(house.practice.secretary(), wanted, clock.now())
    assert "pris pendant" not in _page(desk, kept)
    assert "Redeviennent deux" in _page(desk, f"{pair}separer")
    desk.post(f"{pair}separer")
    assert "b@exemple.fr" not in _page(desk, kept)
    assert "pris pendant" in _page(desk, gone)
    assert "pris pendant" not in _page(desk, kept)
    rows = gate.history(house.practice.secretary(), house.files[0])
    assert {word for row in rows for word in field_words.acts(row)} == {
        "dossiers réunis", "dossiers séparés de nouveau",
    }  # fmt: skip


def test_the_comparing_page_says_who_reads_one_of_the_files_before_the_button(db: None) -> None:
    house = make_house(role="practitioner")
    desk, doctor = house.enter(), house.practice.secretary()
    kept = house.files[0]
    made = UUID(_made(desk, family_name="Roux-Delmas").split("/")[-2])
    pair = f"/cabinet/identites/{kept}/{made}/"
    assert "Un compte de patient lit" not in _page(desk, pair)  # the control
    gate.link(doctor, account=ids.new_id(), patient_file=made)
    for way in (pair, f"/cabinet/identites/{made}/{kept}/"):
        page = _page(desk, way)
        assert "Un compte de patient lit le dossier réuni" in page.split("reunir")[0]
        assert "avec un code remis à la personne" in page
        assert "verra les rendez-vous des deux" not in page
    desk.post(f"{pair}reunir")
    assert "ne lit que ce qu’il lisait" in _page(desk, f"/cabinet/patients/{kept}/")


def test_the_mornings_list_names_who_has_shown_no_document(house: House, desk: Client) -> None:
    """Names only for those who remain, and only when asked."""
    address = f"/cabinet/identites/?jour={house.day.isoformat()}"
    assert "Lemoine" not in _page(desk, address)
    told = desk.post("/cabinet/identites/", {"jour": house.day.isoformat(), "ouvrir": "jour"})
    assert told.content.decode().count("provisoire") == len(house.files)
    traits = FORM | {"family_name": "Lemoine", "given_name": "Aurore", "identite": "corriger"}
    file = f"/cabinet/patients/{house.files[1]}/"
    desk.post(f"{file}corriger", traits)
    desk.post(f"{file}identite", {"vu": "identity_card"})
    told = desk.post("/cabinet/identites/", {"jour": house.day.isoformat(), "ouvrir": "jour"})
    assert "Lemoine" not in told.content.decode()
    desk.post(f"{file}identite", {"doute": "oui"})
    told = desk.post("/cabinet/identites/", {"ouvrir": "douteuses"})
    assert "Lemoine" in told.content.decode()

"""The file's page says how sure the identity is, in words, and lets the desk see to it."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from tests.web_practice.house import House

pytestmark = pytest.mark.django_db

FORM = {
    "family_name": "Dubois", "given_name": "Angela", "birth_name": "DUBOIS", "sex": "female",
    "birth_date": "24/08/1962", "first_birth_given_name": "ANGELA", "birth_place": "75107",
    "birth_given_names": "ANGELA CLAIRE", "phone": "", "email": "", "address": "",
}  # fmt: skip


def _made(desk: Client, **changed: str) -> str:
    answer = desk.post("/cabinet/patients/nouveau", FORM | changed)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.url)


def _page(desk: Client, file: str) -> str:
    return desk.get(file).content.decode()


def test_a_document_seen_validates_and_a_correction_undoes_it(desk: Client) -> None:
    file = _made(desk)
    assert "Identité provisoire" in _page(desk, file)
    desk.post(f"{file}identite", {"vu": "passport"})
    assert "Identité validée" in _page(desk, file)
    desk.post(f"{file}corriger", FORM | {"phone": "06 98 76 54 32"})
    assert "Identité validée" in _page(desk, file)  # the control: no trait was touched
    desk.post(f"{file}corriger", FORM | {"birth_place": "69123"})
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
    desk.post(f"{file}identite", {"vu": "passport"})  # by hand, past the page
    assert "Identité provisoire" in _page(desk, file)
    desk.post(f"{file}identite", {"doute": "non"})
    assert "Identité douteuse" not in _page(desk, file)
    assert "Identité provisoire" in _page(desk, file)


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
    assert "Aucun autre dossier" in _page(desk, f"{other_day}doublons")
    assert "rien à comparer" in _page(desk, f"{_made(desk, birth_date='')}doublons")
    assert desk.get(f"/cabinet/patients/{UUID(int=7)}/doublons").status_code == 404

"""The finder understands what is typed with a telephone at one's ear, and says why it found."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from serment import ids
from serment.disclosure import gate
from serment.web.practice import finding
from serment.web.practice.finding import By
from tests.scheduling.practice import make_file
from tests.web_practice.house import House

TODAY = date(2026, 11, 22)
SHOWN = ("Justine", "Michel-Lévy")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("lef", ["lef"]),
        ("3/1/38", ["1938-01-03"]),
        ("lef 3.1.38", ["lef 1938-01-03"]),
        ("12/03/20", ["1920-03-12", "2020-03-12"]),
        ("12/03/1961", ["12/03/1961"]),
        ("31/02/38", ["31/02/38"]),
        ("0612", ["0612"]),
        ("0692 12", ["0692 12", "+26269212"]),
        ("06.39.98", ["06.39.98"]),
        ("0639 12", ["0639 12", "+26263912"]),
        ("+33692123456", ["+33692123456", "+262692123456"]),
        ("+33639980142", ["+33639980142"]),
        ("19041987", ["1987-04-19", "19041987"]),
        ("99999999", ["99999999"]),
        ("0590 00 11 22", ["0590 00 11 22", "+590590001122"]),
        ("", [""]),
    ],
)
def test_what_is_typed_is_read_as_it_is_kept(typed: str, read: list[str]) -> None:
    assert finding.readings(typed, TODAY) == read


@pytest.mark.parametrize(
    ("typed", "by"),
    [
        ("mic", set()),
        ("justine levy", set()),
        ("michellevy", set()),
        ("lef", {By.BIRTH_NAME}),
        ("just lef", {By.BIRTH_NAME}),
        ("0612", {By.PHONE}),
        ("+262 692", {By.PHONE}),
        ("mic 12/03/1961", {By.BIRTH_DATE}),
        ("1961-03-12", {By.BIRTH_DATE}),
        ("a@b.fr", {By.EMAIL}),
    ],
)
def test_why_somebody_was_found_that_the_name_does_not_say(typed: str, by: set[By]) -> None:
    assert finding.why(typed, SHOWN) == by


@pytest.fixture
def married(house: House) -> str:
    """Somebody who has taken another name, and telephones from La Réunion."""
    file = ids.new_id()
    make_file(
        house.practice.establishment, file, family_name="Michel", given_name="Andréa",
        birth_name="Lefebvre", birth_date="1938-01-03", phone="+262692123456",
    )  # fmt: skip
    return str(file)


def _page(desk: Client, typed: str) -> str:
    answer = desk.post("/cabinet/patients/", {"q": typed})
    return answer.content.decode().replace("\u00a0", " ")


@pytest.mark.django_db
def test_a_birth_name_is_shown_only_where_it_is_why(desk: Client, married: str) -> None:
    page = _page(desk, "lef")
    assert married in page
    assert "nom de naissance Lefebvre" in page
    page = _page(desk, "mich")
    assert married in page
    assert "Lefebvre" not in page


@pytest.mark.django_db
def test_a_birth_name_not_shown_is_not_opened(house: House, desk: Client, married: str) -> None:
    def opened() -> set[str]:
        from uuid import UUID

        rows = gate.history(house.practice.secretary(), UUID(married), 50)
        return {
            name.rpartition(".")[2] for row in rows if row.kind == "read" for name in row.fields
        }

    _page(desk, "mich")
    assert "birth_name" not in opened()
    _page(desk, "lef")
    assert "birth_name" in opened()


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["0692 12 34 56", "0692123", "+262692", "3/1/38", "mich 3/1/38"])
def test_overseas_numbers_and_short_dates_find(desk: Client, married: str, typed: str) -> None:
    page = _page(desk, typed)
    assert married in page
    assert "06 92 12 34 56" in page
    assert "par le téléphone" in page or "par la date de naissance" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "field", "value"),
    [
        ("Sanscourriel", "family_name", "Sanscourriel"),
        ("Lefèvre Gisèle", "family_name", "Lefèvre"),
        ("Lefèvre Gisèle", "given_name", "Gisèle"),
        ("de la Tour Anne", "family_name", "de la Tour Anne"),
        ("06 39 98 00 11", "phone", "06 39 98 00 11"),
        ("3/1/38", "birth_date", "3/1/38"),
    ],
)
def test_what_found_nobody_begins_the_new_file(
    desk: Client, typed: str, field: str, value: str
) -> None:
    answer = desk.post("/cabinet/patients/nouveau", {"recherche": typed, "suite": ""})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert f'name="{field}" type="{"tel" if field == "phone" else "text"}" value="{value}"' in page
    assert "field-error" not in page


@pytest.mark.django_db
def test_an_open_century_is_asked_about_beside_the_field(desk: Client) -> None:
    typed = {"family_name": "Sanspapier", "given_name": "Zoé", "birth_date": "12/03/20"}
    answer = desk.post("/cabinet/patients/nouveau", typed)
    assert answer.status_code == 422
    assert "1920 ou 2020" in answer.content.decode()
    done = desk.post("/cabinet/patients/nouveau", typed | {"birth_date": "3/1/38"})
    assert done.status_code == 302
    assert "1938" in desk.get(done["Location"]).content.decode()


@pytest.mark.django_db
def test_a_birth_date_of_eight_digits_finds_and_a_number_is_no_name(
    desk: Client, married: str
) -> None:
    page = _page(desk, "03011938")
    assert married in page
    assert "par la date de naissance" in page
    page = _page(desk, "0699999999")
    assert "Personne de ce nom" not in page
    assert "Aucun de vos dossiers n’a ce numéro" in page
    assert "Personne de ce nom" in _page(desk, "zzzz")

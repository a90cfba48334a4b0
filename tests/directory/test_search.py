"""A patient finds by everyday words, in either language, with slips; never what nobody books."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from serment.directory import data, search
from tests.directory import make

pytestmark = pytest.mark.django_db


def first_of(typed: str, lang: str = "fr") -> str:
    found = search.complete_what(typed, lang)
    return found[0].code if found else ""


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("opht", "SM38"), ("ophtalmologue", "SM38"), ("yeux", "SM38"), ("œil", "SM38"),
        ("docteur des yeux", "SM38"), ("eye", "SM38"), ("eye doctor", "SM38"),
        ("oftalmo", "SM38"), ("ophtamologue", "SM38"),
        ("peau", "SM15"), ("medecin de la peau", "SM15"), ("skin", "SM15"), ("dermto", "SM15"),
        ("dos", "70"), ("j'ai mal au dos", "70"), ("back pain", "70"), ("kiné", "70"),
        ("dent", "40"), ("mal de dents", "40"), ("tooth", "40"), ("dentiste", "40"),
        ("généraliste", "SM54"), ("medecin", "SM54"), ("GP", "SM54"), ("docteur", "SM54"),
        ("sage femme", "50"), ("sagefemme", "50"), ("midwife", "50"),
        ("cœur", "SM04"), ("coeur", "SM04"), ("heart", "SM04"), ("gynéco", "SM20"),
        ("enfant", "SM40"), ("psy", "SM42"), ("irm", "SM74"), ("scan", "SM74"),
        ("jeneraliste", "SM54"), ("jinecologue", "SM20"), ("psikiatre", "SM42"),
        ("dermatologe", "SM15"), ("kinesiterapeute", "70"), ("O.R.L.", "SM39"),
        ("diabete", "SM62"), ("allergie", "SM57"), ("oreille", "SM39"), ("ENT", "SM39"),
    ],
)  # fmt: skip
def test_everyday_words_find_who_to_see(typed: str, code: str) -> None:
    assert first_of(typed) == code
    assert first_of(typed, "en") == code


@pytest.mark.parametrize(
    "typed", ["légiste", "médecine légale", "anatomopathologiste", "réanimateur", "ambulancier"]
)
def test_what_nobody_books_is_not_proposed(typed: str) -> None:
    hidden = {"SM60", "SM01", "SM46", "SM02", "36"}
    assert not hidden & {suggestion.code for suggestion in search.complete_what(typed)}


@pytest.mark.parametrize("typed", ["", "  ", "zzzzz", "%", "_", "'; DROP", "é" * 300, "\x00"])
def test_nonsense_finds_nothing_and_breaks_nothing(typed: str) -> None:
    assert search.complete_what(typed) == []


def test_labels_follow_the_page_s_language() -> None:
    french, english = search.complete_what("eye", "fr")[0], search.complete_what("eye", "en")[0]
    assert (french.label, french.hint) == ("Ophtalmologue", "Ophtalmologie")
    assert (english.label, english.hint) == ("Eye doctor", "Ophthalmology")
    assert french.slug == english.slug == "ophtalmologue"


def test_a_practitioner_is_found_by_name_either_way_round_without_accents() -> None:
    role = make.role(make.establishment(), "Zélie-Bréhat", "Maëlys")
    for typed in ("zel", "ZELIE BREHAT", "dr zélie", "maelys zelie", "Zélie-Bréhat Maëlys"):
        found = [s for s in search.complete_what(typed) if s.kind == "practitioner"]
        assert [s.id for s in found] == [role.practitioner_id], typed
        assert found[0].label == "Dr Maëlys Zélie-Bréhat"
        assert found[0].hint == "Ophtalmologue · Sallanches"


def test_a_practitioner_who_left_is_not_found() -> None:
    make.role(make.establishment(), "Zorglubine", active=False)
    assert search.complete_what("zorglub") == []


def test_an_establishment_is_found_by_any_word_of_its_name() -> None:
    house = make.establishment("Clinique Zéphyrine du Léman")
    for typed in ("clinique zeph", "zephyrine", "leman"):
        assert [s.id for s in search.complete_what(typed)] == [house.id]


def test_keys_leave_room_for_names() -> None:
    make.role(make.establishment(), "Dostoïevskaïa")
    kinds = [s.kind for s in search.complete_what("dos", limit=4)]
    assert "practitioner" in kinds
    assert kinds[0] in {"specialty", "profession"}
    assert len(kinds) <= 4


def test_a_specialty_s_other_codes_are_found_under_the_one_patients_know() -> None:
    assert search.codes_of("SM54") == ("SM54", "SM26", "SM53")
    assert search.codes_of("SM38") == ("SM38",)
    key = search.key_by_code("SM26")
    assert key is not None
    assert key.code == "SM54"
    assert search.key_by_slug("ophtalmologue") == search.key_by_code("SM38")
    assert search.key_by_slug("nothing-such") is None


def test_every_row_that_patients_book_has_words_in_both_languages() -> None:
    for name in ("specialties.csv", "professions.csv"):
        for row in data.table(name):
            assert all(row[c] for c in ("label_fr", "label_en", "person_fr", "person_en", "slug"))
            if row["bookable"] == "1":
                assert row["words_fr"], row["code"]
                assert row["words_en"], row["code"]


def test_the_files_are_plain_csv() -> None:
    folder = Path(data.__file__).parent
    with (folder / "specialties.csv").open(encoding="utf-8") as file:
        assert len({row["code"] for row in csv.DictReader(file)}) == 72
    with (folder / "professions.csv").open(encoding="utf-8") as file:
        assert len({row["code"] for row in csv.DictReader(file)}) == 29

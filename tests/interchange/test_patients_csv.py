"""Patient lists as practices have them: encodings, separators, headers, dates, what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from serment.interchange import patients_csv
from serment.interchange.patient_values import CellUnusable, birth_date, phone, sex
from serment.interchange.patients_csv import Found, TableUnreadable

TODAY = date(2026, 11, 22)
HEAD = "N° DOSSIER;NOM;PRENOM;DDN;SEXE;TEL;PORTABLE;EMAIL;ADRESSE;CP;VILLE"


def read(text: str, encoding: str = "cp1252") -> Found:
    return patients_csv.read(text.encode(encoding), TODAY)


def one(text: str, encoding: str = "cp1252") -> dict[str, str]:
    found = read(text, encoding)
    assert not found.refused
    (row,) = found.rows
    return dict(row.values)


def faults(text: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.field, one.fault) for one in read(text).refused]


@pytest.mark.parametrize(
    "encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16", "cp850", "mac-roman"]
)
def test_accents_survive_every_encoding_of_an_old_export(encoding: str) -> None:
    found = one("NOM;PRENOM\r\nLefèvre-Prévôt;Anaïs Zoé\r\n", encoding)
    assert found == {"family_name": "Lefèvre-Prévôt", "given_name": "Anaïs Zoé"}


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    text = (
        separator.join(["NOM", "PRENOM", "VILLE"]) + "\n" + separator.join(["Roc", "Lou", "Passy"])
    )
    assert one(text) == {"family_name": "Roc", "given_name": "Lou", "address": "Passy"}


def test_utf8_once_read_as_windows_1252_is_turned_back() -> None:
    wrong = "NOM;PRENOM\nGérard;Hélène".encode().decode("cp1252")
    assert one(wrong, "utf-8") == {"family_name": "Gérard", "given_name": "Hélène"}


def test_every_column_finds_its_field() -> None:
    row = "77;DUPONT;Marie;1/2/61;F;04 65 71 00 00;06 39 98 12 34;m@example.fr;3 rue X;74700;Passy"
    assert one(f"{HEAD}\n{row}") == {
        "source_reference": "77",
        "family_name": "DUPONT",
        "given_name": "Marie",
        "birth_date": "1961-02-01",
        "sex": "female",
        "phone": "0639981234",
        "email": "m@example.fr",
        "address": "3 rue X, 74700 Passy",
    }


@pytest.mark.parametrize(
    ("head", "row", "family", "born"),
    [
        ("NOM;NOM USAGE;PRENOM", "VULLIET;LEMOINE;Aurore", "LEMOINE", "VULLIET"),
        ("NOM;NOM D'USAGE;PRENOM", "VULLIET;;Aurore", "VULLIET", ""),
        ("NOM;NOM DE NAISSANCE;PRENOM", "LEMOINE;VULLIET;Aurore", "LEMOINE", "VULLIET"),
        ("NOM DE NAISSANCE;PRENOM", "VULLIET;Aurore", "VULLIET", ""),
        ("NOM;Nom de jeune fille;Prénom", "LEMOINE;Lemoine;Aurore", "LEMOINE", ""),
        ("NOM ET PRENOM;DDN", "DE LA TOUR Aurore;", "DE LA TOUR", ""),
    ],
)
def test_name_in_use_and_name_at_birth(head: str, row: str, family: str, born: str) -> None:
    found = one(f"{head}\n{row}")
    assert (found["family_name"], found.get("birth_name", "")) == (family, born)
    assert found["given_name"] == "Aurore"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("12/03/1961", "1961-03-12"), ("12-3-1961", "1961-03-12"), ("12.03.61", "1961-03-12"),
        ("1961-03-12", "1961-03-12"), ("12/03/1961 00:00:00", "1961-03-12"),
        ("1961-03-12T00:00:00Z", "1961-03-12"), ("19610312", "1961-03-12"),
        ("12031961", "1961-03-12"), ("12 mars 1961", "1961-03-12"), ("1er août 2003", "2003-08-01"),
        ("22352", "1961-03-12"), ("21/11/26", "2026-11-21"), ("23/11/26", "1926-11-23"),
        ("29/02/2024", "2024-02-29"),
    ],
)  # fmt: skip
def test_birth_dates_as_programs_write_them(written: str, meant: str) -> None:
    assert birth_date(written, TODAY).isoformat() == meant


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("31/02/1970", "date_not_in_calendar"), ("00/00/1950", "date_without_day"),
        ("01/01/2031", "date_to_come"), ("01/01/1850", "date_too_old"),
        ("hier", "date_unknown_form"), ("12/03", "date_unknown_form"),
    ],
)  # fmt: skip
def test_birth_dates_that_somebody_must_ask_about(written: str, fault: str) -> None:
    with pytest.raises(CellUnusable) as refused:
        birth_date(written, TODAY)
    assert refused.value.fault == fault


def test_sexes_and_titles() -> None:
    assert [sex(word) for word in ("F", "Mme", "H", "M.", "1", "2", "X")] == [
        "female", "female", "male", "male", "male", "female", "other",
    ]  # fmt: skip
    with pytest.raises(CellUnusable):
        sex("peut-être")


def test_telephones_with_lost_zero_and_remarks() -> None:
    assert phone("4 65 71 00 00") == "0465710000"
    assert phone("33639981234") == "+33639981234"
    assert phone("fille : 06.39.98.12.34 (soir)") == "0639981234"
    with pytest.raises(CellUnusable) as rounded:
        phone("6,39E+08")
    assert rounded.value.fault == "phone_rounded"


def test_each_refusal_names_its_line_and_column() -> None:
    text = "\r\n".join(
        [
            "Export du 3 janvier;;",
            "NOM;PRENOM;DDN;ADRESSE",
            'Alba;Rose;1/1/1980;"3 rue du Lac',
            'Bâtiment B"',
            ";Léa;1/1/1990;",
            "",
            ";;;",
            "Brun;Tom;32/1/1990;",
            "Carre;Lou;2/2/1992;rue X;de trop",
            "ALBA;rose;01/01/80;",
            "Du\ufffdont;Jo;;".replace("\ufffd", "?"),
        ]
    )
    assert faults(text) == [
        (5, "family_name", "missing"),
        (8, "birth_date", "date_not_in_calendar"),
        (9, "", "too_many_cells"),
        (10, "family_name", "repeated"),
    ]
    found = read(text)
    assert [row.line for row in found.rows] == [3, 11]
    assert found.rows[0].values["address"] == "3 rue du Lac Bâtiment B"
    assert found.empty_lines == 2
    assert next(one for one in found.refused if one.line == 10).other_line == 3


def test_letters_lost_in_an_earlier_conversion_are_refused() -> None:
    found = patients_csv.read("NOM;PRENOM\nDu\ufffdont;Jo".encode(), TODAY)
    assert [one.fault for one in found.refused] == ["letters_lost"]


def test_the_same_reference_for_two_people_is_refused() -> None:
    assert faults("NOM;PRENOM;N° DOSSIER\nA;B;12\nC;D;12") == [
        (3, "source_reference", "reference_repeated")
    ]


def test_people_without_latin_letters_stay_apart() -> None:
    found = patients_csv.read("NOM;PRENOM\n王;伟\n李;娜".encode(), TODAY)
    assert len(found.rows) == 2


def test_a_social_security_number_is_left_out() -> None:
    found = read("NOM;PRENOM;N° SECU\nA;B;261037400000123")
    assert found.columns_left_out == 1
    assert "261037400000123" not in str(found.rows)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"PK\x03\x04rest", "workbook"),
        (b"\xd0\xcf\x11\xe0rest", "workbook"),
        (b"NOM;PRENOM\x00;x", "not_text"),
        (b"a;b;c\n1;2;3", "no_header"),
        (b'NOM;PRENOM;VILLE\n"Roc;Lou;Passy\nBois;Max;Cluses\nPre;Zoe;Passy\n', "unclosed_quote"),
        (b'NOM;PRENOM\n"' + b"x\n" * 40, "unclosed_quote"),
        (b'NOM;PRENOM\n"' + b"x" * 200_000, "unclosed_quote"),
    ],
)
def test_what_is_no_patient_list_is_said_to_be_none(data: bytes, fault: str) -> None:
    with pytest.raises(TableUnreadable) as unreadable:
        patients_csv.read(data, TODAY)
    assert unreadable.value.fault == fault


def test_an_overlong_cell_refuses_its_line_only() -> None:
    found = read("NOM;PRENOM;ADRESSE\nA;B;" + "x" * 5000 + "\nC;D;rue")
    assert [one.fault for one in found.refused] == ["too_long"]
    assert len(found.rows) == 1

"""Every fault of a line is told, the line goes back to be mended, and what looks double is said."""

from __future__ import annotations

from datetime import date

import pytest

from serment.interchange import lookalikes, patients_csv, refused_lines
from serment.interchange.patients_csv import Found

TODAY = date(2026, 11, 22)
LIST = (
    "Export;;;\r\n"
    "NOM;PRENOM;DDN;TEL\r\n"
    "Lefèvre;Zoé;1/1/1980;\r\n"
    ";Anaïs;32/1/1990;abc\r\n"
    "Brun;Tom;2/2/1992;;de trop\r\n"
)


def read(text: str, encoding: str = "utf-8") -> Found:
    return patients_csv.read(text.encode(encoding), TODAY)


def test_all_faults_of_a_line_are_told_at_once() -> None:
    found = read(LIST)
    assert [(one.line, one.field, one.fault) for one in found.refused] == [
        (4, "family_name", "missing"),
        (4, "birth_date", "date_not_in_calendar"),
        (4, "phone", "phone_unusable"),
        (5, "", "too_many_cells"),
    ]
    assert [dict(half.values) for half in found.halves] == [{"given_name": "Anaïs"}, {}]


def test_a_name_that_lost_letters_is_not_also_missing() -> None:
    found = read("NOM;PRENOM;TEL\nDu\ufffdont;Jo;rien du tout")
    assert [(one.field, one.fault) for one in found.refused] == [
        ("family_name", "letters_lost"),
        ("phone", "phone_unusable"),
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16", "cp850"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_refused_lines_come_back_as_they_were_sent_with_their_faults(
    encoding: str, delimiter: str
) -> None:
    data = LIST.replace(";", delimiter).encode(encoding)
    told = {4: "Il manque le nom. C’est tout.", 5: "Une cellule de trop."}
    given_back = refused_lines.written(data, told, "À CORRIGER")
    text = given_back.decode(encoding).replace("'", "’")
    assert text.replace(delimiter, ";").splitlines() == [
        "À CORRIGER;NOM;PRENOM;DDN;TEL",
        "Il manque le nom. C’est tout.;;Anaïs;32/1/1990;abc",
        "Une cellule de trop.;Brun;Tom;2/2/1992;;de trop",
    ]
    assert given_back.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")


def test_a_mended_file_comes_in_and_its_own_column_is_no_column() -> None:
    given_back = refused_lines.written(LIST.encode("cp1252"), {4: "x"}, "À CORRIGER")
    mended = given_back.replace(b"x;;", b"x;Roc;").replace(b"32/1", b"3/1").replace(b"abc", b"")
    found = patients_csv.read(mended, TODAY)
    assert (len(found.rows), found.refused, found.columns_left_out) == (1, (), 0)
    again = refused_lines.written(given_back, {2: "encore"}, "À CORRIGER").decode("cp1252")
    assert again.count("CORRIGER") == 1
    assert "x;" not in again


def test_a_letter_the_encoding_has_not_changes_the_encoding_and_loses_nothing() -> None:
    misread = "Michał é".encode().decode("cp1252")
    data = f"NOM;PRENOM\r\nLefèvre;{misread}\r\n".encode("cp1252")
    given_back = refused_lines.written(data, {2: "à voir"}, "À CORRIGER")
    assert given_back.decode("utf-8-sig").splitlines()[1] == "à voir;Lefèvre;Michał é"


def alike(*lines: str) -> dict[int, int]:
    return lookalikes.pairs(read("\n".join(["NOM;PRENOM;DDN;TEL", *lines])).rows)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Marie;Dupont;1/2/1980;", "Dupont;Marie;1/2/1980;"),
        ("Lefebvre;Zoé;1/2/1980;", "Lefevre;Zoé;1/2/1980;"),
        ("Roc;Jean;1/2/1980;", "Roc;Jean-Pierre;1/2/1980;"),
        ("Roc;Jean;1/2/1980;", "Roc;Jean;;"),
        ("Roc;Lou;1/2/1980;0639981122", "Rocheux;Lou;1/2/1981;0639981122"),
    ],
)
def test_one_person_written_twice_is_noticed(one: str, other: str) -> None:
    assert alike(one, "Autre;Ève;3/3/1933;", other) == {4: 2}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Roc;Jean;1/2/1980;", "Roc;Ève;1/2/1980;"),
        ("Roc;Jean;1/2/1980;", "Roc;Jean;2/2/1980;"),
        ("Roc;Jean;1/2/1980;", "Pic;Jean;1/2/1980;"),
        ("Roc;Jean;;0639981122", "Roc;Ève;;0639981122"),
    ],
)
def test_different_persons_are_left_alone(one: str, other: str) -> None:
    assert alike(one, other) == {}


FORMULAS = "NOM;PRENOM;DDN;TEL\n=cmd|'/C calc'!A0;Zoé;99/99/9999;+33639981122\n@SUM(1);-2;x;y\n"


def _cells(given_back: bytes) -> list[str]:
    return [cell for line in given_back.decode().splitlines()[1:] for cell in line.split(";")]


def test_a_cell_given_back_is_never_a_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = {2: "à voir", 3: "à voir"}
    safe = _cells(refused_lines.written(FORMULAS.encode(), faults, "À CORRIGER"))
    assert safe[1].startswith("'=cmd")
    assert not [cell for cell in safe if cell.startswith(("=", "+", "-", "@"))]
    # The control: without the mark the spreadsheet gets what the file held.
    monkeypatch.setattr(refused_lines.text_tables, "inert", lambda cell: cell)
    live = _cells(refused_lines.written(FORMULAS.encode(), faults, "À CORRIGER"))
    assert {"@SUM(1)", "-2", "+33639981122"} <= set(live)


def test_what_was_marked_is_read_as_it_stood_however_often_it_goes_round() -> None:
    once = refused_lines.written(FORMULAS.encode(), {2: "à voir"}, "À CORRIGER")
    again = refused_lines.written(once, {2: "à voir"}, "À CORRIGER")
    assert again == once
    mended = once.decode().replace("99/99/9999", "1/1/1980").replace("'=cmd|'/C calc'!A0", "Brun")
    assert "'+33639981122" in mended
    [row] = read(mended).rows
    assert (row.values["family_name"], row.values["phone"]) == ("Brun", "+33639981122")
    assert read("NOM;PRENOM\n's-Gravenhage;Jo\n").rows[0].values["family_name"] == "'s-Gravenhage"

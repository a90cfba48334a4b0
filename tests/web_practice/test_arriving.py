"""Import in two steps: told first in full, brought in on a second press, taken back on a third."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from serment.directory import tenancy
from serment.identity.models import PatientFile
from serment.scheduling.models import Occupancy
from serment.web.practice import arrival_told
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db
PLACE = "/cabinet/import/"
CSV = (
    "Nom;Prénom;Date de naissance;Téléphone\r\n"
    "Durand;Zoé;12/03/1980;06 39 98 00 01\r\n"
    ";Paul;31/02/1980;abc\r\n"
).encode("cp1252")


def _files(house: House) -> int:
    with tenancy.inside(house.practice.establishment):
        return PatientFile.objects.count()


def _blocks(house: House) -> int:
    with tenancy.inside(house.practice.establishment):
        return Occupancy.objects.filter(kind="import").count()


def _form(page: str, button: str = "confirmer") -> dict[str, str]:
    """The hidden fields of the form that has a button."""
    end = page.index(f'name="{button}"')
    form = page[page.rindex("<form", 0, end) : end]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def _send(desk: Client, data: bytes, name: str = "patients.csv", **more: Any) -> str:
    file = SimpleUploadedFile(name, data)
    answer = desk.post(PLACE, {"quoi": "patients", "fichier": file, **more})
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def test_a_list_is_told_then_brought_in(house: House, desk: Client) -> None:
    before = _files(house)
    page = _send(desk, CSV)
    assert "1 personne à reprendre" in page
    assert "<td>3</td>" in page
    for fault in ("Nom", "Date de naissance", "Téléphone"):  # all of the line, at once
        assert f"<strong>{fault}</strong>" in page
    assert _files(house) == before
    told = _form(page) | {"confirmer": "oui"}
    done = desk.post(PLACE, told).content.decode()
    assert "1 dossier repris" in done
    assert "1 ligne à corriger" in done
    assert _files(house) == before + 1
    again = desk.post(PLACE, told).content.decode()
    assert "1 y était déjà" in again
    assert _files(house) == before + 1
    known = _send(desk, CSV)
    assert "Déjà reprises" in known
    assert 'name="confirmer"' not in known  # nothing is left to bring in


def test_refused_lines_are_given_back_and_kept_nowhere(house: House, desk: Client) -> None:
    asked = _form(_send(desk, CSV), "refusees") | {"refusees": "oui"}
    answer = desk.post(PLACE, asked)
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Cache-Control"] == "no-store"
    lines = answer.content.decode("cp1252").splitlines()
    assert lines[0] == "À CORRIGER;Nom;Prénom;Date de naissance;Téléphone"
    assert lines[1].endswith(";;Paul;31/02/1980;abc")
    assert len(lines) == 2
    mended = answer.content.decode("cp1252").replace(";;Paul;31/02", ";Roc;Paul;28/02")
    page = _send(desk, mended.replace("abc", "").encode("cp1252"))
    assert "1 personne à reprendre" in page


def test_somebody_who_has_a_file_here_is_not_brought_in_twice(house: House, desk: Client) -> None:
    people = ("Lemoine;Aurore;2/7/1988", "Roc;Lou;3/3/1983", "Roc;Lou;", "Lemoine;Aurore;3/8/1990")
    data = "\n".join(("NOM;PRENOM;DDN", *people)).encode()
    before = _files(house)
    page = _send(desk, data)
    assert "1 personne semble avoir déjà sa fiche ici" in page
    assert f"/cabinet/patients/{house.files[1]}/" in page
    assert "ligne 4 et ligne 3" in page
    told = _form(page) | {"confirmer": "oui"}
    assert re.search(r'name="laisser" value="2" checked', page)
    desk.post(PLACE, told | {"laisser": "2"})
    assert _files(house) == before + 3
    # The control: without the tick she is brought in a second time.
    desk.post(PLACE, told)
    assert _files(house) == before + 4


def _ics(house: House, *hours: int, name: str = "Mme Secrète") -> bytes:
    events = []
    for number, hour in enumerate(hours):
        start, end = house.at(hour), house.at(hour + 1)
        events.append(
            f"BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:{start:%Y%m%dT%H%M%SZ}\r\n"
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDTEND:{end:%Y%m%dT%H%M%SZ}\r\nSUMMARY:{name}\r\n"
            "END:VEVENT\r\n"
        )
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//FR\r\n"
    return f"{head}{''.join(events)}END:VCALENDAR\r\n".encode()


def _send_agenda(house: House, desk: Client, data: bytes) -> str:
    return _send(desk, data, "a.ics", quoi="agenda", agenda=str(house.practice.role))


def test_an_agenda_is_shown_day_by_day_before_anything_is_written(
    house: House, desk: Client
) -> None:
    page = _send_agenda(house, desk, _ics(house, 9, 16))
    assert "2 temps occupés lus" in page
    assert "1 rendez-vous est déjà pris sur ce temps" in page
    assert "9\u00a0h\u00a000 – 9\u00a0h\u00a030" in page
    assert "arrival-sketch" in page
    assert "Secrète" not in page
    assert "Roux-Delmas" not in page
    assert _blocks(house) == 0


def test_an_agenda_brings_busy_time_only_and_is_taken_back(house: House, desk: Client) -> None:
    page = _send_agenda(house, desk, _ics(house, 16))
    done = desk.post(PLACE, _form(page) | {"confirmer": "oui"}).content.decode()
    assert "1 temps occupé repris." in done
    assert _blocks(house) == 1
    assert "agenda repris" in desk.get(house.agenda()).content.decode()
    assert "rien à importer" in _send_agenda(house, desk, _ics(house, 16))
    moved = _send_agenda(house, desk, _ics(house, 17))
    assert "Changés depuis la dernière fois" in moved
    desk.post(PLACE, _form(moved) | {"confirmer": "oui"})
    assert _blocks(house) == 1
    undo = re.findall(r'name="annuler" value="([^"]+)"', desk.get(PLACE).content.decode())
    assert len(undo) == 2
    for arrival in undo:
        answer = desk.post(PLACE, {"annuler": arrival})
        assert "L’import est annulé" in answer.content.decode()
    assert _blocks(house) == 0


def test_nobody_takes_back_a_neighbours_import(house: House, desk: Client) -> None:
    page = _send_agenda(house, desk, _ics(house, 16))
    done = desk.post(PLACE, _form(page) | {"confirmer": "oui"}).content.decode()
    (arrival,) = set(re.findall(r'name="annuler" value="([^"]+)"', done))
    neighbour = make_house(1).enter()
    for wrong in (arrival, "x"):
        assert neighbour.post(PLACE, {"annuler": wrong}).status_code == 404
    assert _blocks(house) == 1


def test_the_recognised_columns_have_a_page(house: House, desk: Client) -> None:
    assert "/cabinet/import/colonnes/" in desk.get(PLACE).content.decode()
    page = desk.get("/cabinet/import/colonnes/").content.decode()
    assert "nom de jeune fille" in page


def test_lines_are_told_as_ranges() -> None:
    assert arrival_told.ranges([2, 3, 4, 7, 9, 10]) == "2–4, 7, 9–10"
    assert arrival_told.ranges([]) == ""


@pytest.mark.parametrize("data", [b"", b"\x00\xff\x00", b"ni;ceci\nni;cela\n"])
def test_what_is_no_list_is_refused_in_words(house: House, desk: Client, data: bytes) -> None:
    file = SimpleUploadedFile("x.csv", data, "text/csv")
    answer = desk.post(PLACE, {"quoi": "patients", "fichier": file})
    assert answer.status_code == 422
    assert "notice-error" in answer.content.decode()


def test_the_first_people_and_every_column_are_shown_as_they_are_read(
    house: House, desk: Client
) -> None:
    people = "".join(f"Durand{one};Zoé;12/03/1980;rien;07\r\n" for one in "abcde")
    file = f"Nom;Prénom;DDN;Mutuelle;N° sécu\r\n{people}".encode("cp1252")
    page = _send(desk, file).replace("\u00a0", " ")
    assert "« DDN » → date de naissance" in page
    assert "« Mutuelle », « N° sécu »" in page
    assert "Les 3 premières personnes" in page
    assert "<td>Duranda</td><td>Zoé</td><td>1980-03-12</td>" in page
    assert "Durandd" not in page
    assert "ne s’annule pas d’un bouton" in page
    told = _form(page) | {"confirmer": "oui"}
    assert "5 dossiers repris" in desk.post(PLACE, told).content.decode()
    again = _send(desk, file)
    assert "Aucune personne nouvelle" in again
    assert "Elles seront reprises toutes" not in again
    assert "Duranda" not in again


def test_a_file_sent_to_the_other_form_is_shown_its_own(house: House, desk: Client) -> None:
    role = str(house.practice.role)
    for kind, name, said in (
        ("agenda", "patients.csv", "sous « Des patients »"),
        ("patients", "agenda.ics", "sous « Un agenda »"),
    ):
        file = SimpleUploadedFile(name, CSV)
        answer = desk.post(PLACE, {"quoi": kind, "fichier": file, "agenda": role})
        assert answer.status_code == 422
        assert said in answer.content.decode().replace("\u00a0", " ")


def test_a_whole_day_is_called_so() -> None:
    zone = ZoneInfo("Europe/Paris")
    start = datetime(2026, 12, 24, tzinfo=zone)
    (day,) = arrival_told.days([(start, start + timedelta(days=1))], zone)
    assert day.times == ["toute la journée"]
    (day,) = arrival_told.days([(start, start + timedelta(hours=8))], zone)
    assert day.times == ["0\u00a0h\u00a000 – 8\u00a0h\u00a000"]

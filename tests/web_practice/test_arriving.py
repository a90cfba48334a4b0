"""Import in two steps: told first, brought in on a second press."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from serment.directory import tenancy
from serment.identity.models import PatientFile
from serment.scheduling.models import Occupancy
from tests.web_practice.house import House

pytestmark = pytest.mark.django_db
CSV = (
    "Nom;Prénom;Date de naissance;Téléphone\r\n"
    "Durand;Zoé;12/03/1980;06 39 98 00 01\r\n"
    ";Paul;31/02/1980;\r\n"
).encode("cp1252")


def _files(house: House) -> int:
    with tenancy.inside(house.practice.establishment):
        return PatientFile.objects.count()


def _hidden(page: str) -> dict[str, str]:
    form = page[page.index('name="contenu"') - 800 : page.index('name="confirmer"')]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def test_a_list_is_told_then_brought_in(house: House, desk: Client) -> None:
    before = _files(house)
    file = SimpleUploadedFile("patients.csv", CSV, "text/csv")
    page = desk.post("/cabinet/import/", {"quoi": "patients", "fichier": file}).content.decode()
    assert "1 personne à reprendre" in page
    assert "<td>3</td>" in page
    assert _files(house) == before
    told = _hidden(page) | {"confirmer": "oui"}
    done = desk.post("/cabinet/import/", told).content.decode()
    assert "1 dossier repris" in done
    assert _files(house) == before + 1
    again = desk.post("/cabinet/import/", told).content.decode()
    assert "1 y était déjà" in again
    assert _files(house) == before + 1


def test_an_agenda_brings_busy_time_only(house: House, desk: Client) -> None:
    start = house.at(16).strftime("%Y%m%dT%H%M%SZ")
    end = house.at(17).strftime("%Y%m%dT%H%M%SZ")
    ics = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//FR\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        f"DTSTAMP:{start}\r\nDTSTART:{start}\r\nDTEND:{end}\r\nSUMMARY:Mme Secrète\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()
    file = SimpleUploadedFile("a.ics", ics, "text/calendar")
    asked = {"quoi": "agenda", "agenda": str(house.practice.role), "fichier": file}
    page = desk.post("/cabinet/import/", asked).content.decode()
    assert "1 temps occupé à reprendre" in page
    assert "Secrète" not in page
    desk.post("/cabinet/import/", _hidden(page) | {"confirmer": "oui"})
    with tenancy.inside(house.practice.establishment):
        assert Occupancy.objects.filter(kind="import").count() == 1
    assert "agenda repris" in desk.get(house.agenda()).content.decode()


@pytest.mark.parametrize("data", [b"", b"\x00\xff\x00", b"ni;ceci\nni;cela\n"])
def test_what_is_no_list_is_refused_in_words(house: House, desk: Client, data: bytes) -> None:
    file = SimpleUploadedFile("x.csv", data, "text/csv")
    answer = desk.post("/cabinet/import/", {"quoi": "patients", "fichier": file})
    assert answer.status_code == 422
    assert "notice-error" in answer.content.decode()

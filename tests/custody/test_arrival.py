"""Data arrives whole or not at all, once, and its report holds nobody's data."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction

from serment.custody import arrival, command, sentences
from serment.directory import tenancy
from serment.directory.models import Establishment, PractitionerRole
from serment.disclosure import SYSTEM, Actor, KeeperUnavailable, NotYours, Purpose, gate
from serment.errors import NotThere, Unusable
from serment.identity.models import PatientFile
from serment.scheduling.models import Occupancy
from tests.scheduling.practice import NOW, TUESDAY, Practice, make_practice, paris

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
WINDOW = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
LIST = (
    "N° DOSSIER;NOM;PRENOM;DDN;PORTABLE;EMAIL\r\n"
    "1;Quatrevaux;Philomène;12/03/1961;06 39 98 11 22;philo@example.fr\r\n"
    "2;Hoarau;Expédit;31/02/1970;;\r\n"
    "3;Aït Saïd;Lounès;1/1/1990;06 39 98 33 44;pas-une-adresse\r\n"
    "4;Kerviel;Goulven;2/2/1982;06 39 98 55 66;\r\n"
).encode("cp1252")
TRACES = ("Quatrevaux", "Philom", "Hoarau", "Expédit", "Saïd", "Loun", "Kerviel", "Goulven",
          "98 11 22", "639981122", "philo@", "pas-une", "1961", "1982", "31/02")  # fmt: skip
AGENDA = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Mme Quatrevaux\r\n"
    b"DTSTART;TZID=Europe/Paris:20260303T100000\r\nDTEND;TZID=Europe/Paris:20260303T110000\r\n"
    b"RRULE:FREQ=WEEKLY;COUNT=3\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def practice() -> Practice:
    return make_practice()


def files_at(practice: Practice) -> list[PatientFile]:
    with tenancy.inside(practice.establishment):
        return list(PatientFile.objects.all())


def patients() -> arrival.PatientsReport:
    return arrival.read_patients(LIST, "liste.csv")


def test_accepted_people_get_files_that_the_desk_finds(practice: Practice) -> None:
    brought = arrival.bring_in_patients(practice.secretary(), practice.establishment, patients())
    assert (brought.added, brought.already) == (2, 0)
    desk = practice.secretary()
    (found,) = gate.find(
        desk, Purpose.SEARCH, "patient", "quatrevaux", tenant=practice.establishment
    )
    rows = [row for row in files_at(practice) if row.pk == found]
    opened = gate.reveal(desk, Purpose.RECEPTION, rows, ["given_name", "phone", "birth_date"])
    assert list(opened[found].values()) == ["Philomène", "+33639981122", "1961-03-12"]


def test_the_report_says_line_and_column_and_nothing_of_anybody() -> None:
    report = patients()
    assert [(line, field) for line, field, _sentence in report.refused] == [
        (3, "date de naissance"),
        (4, "adresse e-mail"),
    ]
    shown = repr(report) + str(report.refused)
    assert not [trace for trace in TRACES if trace in shown]
    # The control: what the representation leaves out would have told.
    assert "Quatrevaux" in str(asdict(report)["people"])


def test_the_same_list_twice_makes_nobody_twice(practice: Practice) -> None:
    desk = practice.secretary()
    arrival.bring_in_patients(desk, practice.establishment, patients())
    again = arrival.bring_in_patients(desk, practice.establishment, patients())
    assert (again.added, again.already) == (0, 2)
    other_spelling = b"NOM;PRENOM;DDN\nKERVIEL;goulven;02/02/82"
    third = arrival.read_patients(other_spelling, "autre.csv")
    assert arrival.bring_in_patients(desk, practice.establishment, third).already == 1
    assert len(files_at(practice)) == 2


def test_two_establishments_each_get_their_own_file_of_one_person(practice: Practice) -> None:
    neighbour = make_practice(1)
    arrival.bring_in_patients(practice.secretary(), practice.establishment, patients())
    brought = arrival.bring_in_patients(neighbour.secretary(), neighbour.establishment, patients())
    assert brought.added == 2
    assert not {row.pk for row in files_at(practice)} & {row.pk for row in files_at(neighbour)}


def test_when_the_database_fails_nothing_is_half_imported(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = practice.secretary()
    store = PatientFile.objects.bulk_create

    def fails_after_the_first(rows: list[PatientFile], **_: Any) -> None:
        store(rows[:1])
        raise DatabaseError("disk full")

    monkeypatch.setattr(PatientFile.objects, "bulk_create", fails_after_the_first)
    # The control: without the transaction the first row would stand.
    with transaction.atomic():
        with tenancy.inside(practice.establishment):
            row = PatientFile(establishment_id=practice.establishment)
            with pytest.raises(DatabaseError):
                fails_after_the_first([row])
        assert len(files_at(practice)) == 1
    with pytest.raises(DatabaseError):
        arrival.bring_in_patients(desk, practice.establishment, patients())
    assert len(files_at(practice)) == 1
    for name in ("quatrevaux", "kerviel"):
        assert not gate.find(desk, Purpose.SEARCH, "patient", name, tenant=practice.establishment)
    monkeypatch.undo()
    assert arrival.bring_in_patients(desk, practice.establishment, patients()).added == 2


def test_when_the_keeper_fails_half_way_nothing_is_imported(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_many = gate.seal_many

    def stops(actor: Actor, purpose: Purpose, batch: Any, **place: Any) -> None:
        seal_many(actor, purpose, batch[:1], **place)
        raise KeeperUnavailable

    desk = practice.secretary()
    monkeypatch.setattr(gate, "seal_many", stops)
    with pytest.raises(KeeperUnavailable):
        arrival.bring_in_patients(desk, practice.establishment, patients())
    assert files_at(practice) == []
    assert not gate.find(
        desk, Purpose.SEARCH, "patient", "quatrevaux", tenant=practice.establishment
    )


def test_only_those_with_the_right_bring_in_and_only_at_home(practice: Practice) -> None:
    neighbour = make_practice(2)
    patient, _file = practice.patient()
    for actor in (neighbour.secretary(), patient, _officer(practice)):
        with pytest.raises(NotThere):
            arrival.bring_in_patients(actor, practice.establishment, patients())
    assert arrival.bring_in_patients(practice.secretary(), practice.establishment, patients()).added


def _officer(practice: Practice) -> Actor:
    return Actor("staff", SYSTEM.id, "privacy_officer", practice.establishment)


def busy(practice: Practice) -> list[tuple[datetime, datetime]]:
    with tenancy.inside(practice.establishment):
        rows = Occupancy.objects.filter(claimant_id=practice.role, kind="import")
        return sorted((row.span.lower, row.span.upper) for row in rows)


def agenda() -> arrival.AgendaReport:
    return arrival.read_agenda(AGENDA, "agenda.ics", PARIS, WINDOW)


def test_an_agenda_becomes_busy_time_around_what_is_booked(practice: Practice) -> None:
    from serment.scheduling import booking

    desk, (_patient, file) = practice.secretary(), practice.patient()
    booking.book(desk, practice.booking(file, paris(TUESDAY, 10)), NOW)
    brought = arrival.bring_in_agenda(desk, practice.role, agenda())
    assert (brought.added, brought.already) == (3, 0)
    first = busy(practice)[0]
    assert first == (paris(TUESDAY, 10, 30), paris(TUESDAY, 11))
    again = arrival.bring_in_agenda(desk, practice.role, agenda())
    assert (again.added, again.already) == (0, 3)
    assert len(busy(practice)) == 3


def test_of_an_agenda_no_word_is_kept(practice: Practice) -> None:
    assert "Quatrevaux" in AGENDA.decode()
    assert "Quatrevaux" not in str(asdict(agenda()))
    arrival.bring_in_agenda(practice.secretary(), practice.role, agenda())
    with tenancy.inside(practice.establishment):
        rows = list(Occupancy.objects.filter(kind="import").values())
    assert "Quatrevaux" not in str(rows)


def test_a_neighbour_brings_no_agenda_in(practice: Practice) -> None:
    neighbour = make_practice(3)
    with pytest.raises(NotThere):
        arrival.bring_in_agenda(neighbour.secretary(), practice.role, agenda())
    assert busy(practice) == []


def test_every_fault_of_a_file_has_its_sentence() -> None:
    for data, sentence in (
        (b"PK\x03\x04", "classeur"),
        (b"", "vide"),
        (b"a;b", "NOM"),
        (b'NOM;PRENOM;VILLE\nA;B;C\n"D;E;F\nG;H;I\n', "ligne 3"),
    ):
        with pytest.raises(arrival.FileUnusable) as unusable:
            arrival.read_patients(data, "x.csv")
        assert sentence in unusable.value.sentence
    with pytest.raises(arrival.FileUnusable) as no_agenda:
        arrival.read_agenda(b"x", "x.ics", PARIS, WINDOW)
    assert "iCalendar" in no_agenda.value.sentence
    assert all(str(sentence).endswith(".") for sentence in sentences._OF_FAULT.values())


def run(
    practice: Practice, capsys: pytest.CaptureFixture[str], file: Path, **options: Any
) -> tuple[int, str]:
    slug = Establishment.objects.get(pk=practice.establishment).slug
    status = command.bring_in([file], slug, as_json=options.pop("as_json", False), **options)
    return status, capsys.readouterr().out


def test_the_command_reports_first_and_then_brings_in(
    practice: Practice, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "liste.csv"
    file.write_bytes(LIST)
    status, said = run(practice, capsys, file, dry_run=True)
    assert status == 1
    assert "2 accepted, 2 refused" in said
    assert files_at(practice) == []
    status, said_by_json = run(practice, capsys, file, as_json=True)
    (told,) = json.loads(said_by_json)["files"]
    assert (told["added"], len(told["refused"])) == (2, 2)
    assert not [trace for trace in TRACES if trace in said + said_by_json]
    file.write_text("NOM;PRENOM\nKerviel;Goulven")
    assert run(practice, capsys, file)[0] == 0


def test_the_command_asks_whose_agenda_it_is(
    practice: Practice, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "agenda.ics"
    file.write_bytes(AGENDA)
    with pytest.raises(Unusable):
        run(practice, capsys, file)
    slug = PractitionerRole.objects.get(pk=practice.role).practitioner.slug
    assert run(practice, capsys, file, role=slug)[0] == 0
    with pytest.raises(Unusable):
        run(practice, capsys, tmp_path / "none.csv")


def test_serment_itself_opens_nothing_of_what_it_brings_in(practice: Practice) -> None:
    arrival.bring_in_patients(arrival.COMMAND, practice.establishment, patients())
    with pytest.raises(NotYours):
        gate.reveal(arrival.COMMAND, Purpose.IMPORT, files_at(practice), ["family_name"])

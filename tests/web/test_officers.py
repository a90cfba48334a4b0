"""Officers count who opened what, of their own house alone; nobody else has the page."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from serment import clock
from serment.disclosure import containment, gate, oversight
from serment.identity import accounts
from serment.identity.staff import DisplayName
from serment.ids import new_id
from serment.interchange import text_tables
from serment.web.privacy import asking
from serment.web.privacy import lines as access_lines
from tests import factors
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db
NOBODY = "Les données de 0 personnes ont été ouvertes"


def _enter(role: str, number: int = 0) -> tuple[House, Client]:
    house = make_house(number, role)
    return house, house.enter()


@pytest.mark.parametrize("role", ["privacy_officer", "security_officer"])
def test_an_officer_begins_with_the_counts_of_the_own_house(role: str) -> None:
    house = make_house(0, role)
    browser = Client(headers={"accept-language": "fr"})
    password = "un cheval gris sous la neige"
    led = factors.sign_in(browser, house.email, password, house.secret)
    assert led.url == accounts.OFFICERS_HOME
    page = browser.get(accounts.OFFICERS_HOME).content.decode()
    assert f"serment perimeter --establishment {house.practice.establishment}" in page
    assert ("Lignes du registre" in page) is True  # the keeper of the tests is not isolated
    # The agenda is not theirs.
    assert browser.get("/cabinet/").status_code == 404


def test_an_officer_sees_what_the_operator_keeps_as_evidence_and_why_for_the_own_house() -> None:
    house, officer = _enter("privacy_officer")
    other = make_house(1, "privacy_officer")
    assert "Ce qui est gelé" not in officer.get("/acces/").content.decode()  # the control
    mine, theirs = house.practice.establishment, other.practice.establishment
    for why, reach in (("vol du 3 mars", mine), ("ailleurs", theirs)):
        name = str(new_id())
        containment.freeze(oversight.OPERATOR, "evidence", name, why, establishment=reach)
    containment.freeze(oversight.OPERATOR, "incident", str(new_id()), "pour tous")
    page = officer.get("/acces/").content.decode()
    assert page.count("par l’hébergeur") == 2
    assert "des preuves" in page
    assert "un incident" in page
    assert "vol du 3 mars" in page
    assert "pour tous" not in page, "said of all houses: the operator's words stay the operator's"
    assert "ailleurs" not in page


def test_an_opening_is_counted_with_its_actor_and_a_patient_s_name_is_not_shown() -> None:
    house, officer = _enter("privacy_officer")
    before = officer.get("/acces/").content.decode()
    assert NOBODY in before  # the control
    _open_as_secretary(house.practice.establishment, house.files[:2])
    page = officer.get("/acces/").content.decode()
    assert "Les données de 2 personnes ont été ouvertes" in page
    assert "secrétaire" not in before
    for name in ("Roux-Delmas", "Aurore", "Lemoine"):
        assert name not in page


def _open_as_secretary(establishment: UUID, files: list[UUID]) -> None:
    from serment import ids
    from serment.directory import tenancy
    from serment.disclosure import Actor, Purpose
    from serment.identity.models import PatientFile

    who = ids.new_id()
    capability = gate.open_session("staff", who, "secretary", establishment, 1)
    actor = Actor("staff", who, "secretary", establishment, capability=capability)
    with tenancy.inside(tenant=establishment):
        rows = list(PatientFile.objects.filter(pk__in=files))
        gate.reveal(actor, Purpose.RECEPTION, rows, ["family_name"])


def test_another_house_s_openings_are_not_counted() -> None:
    _house, officer = _enter("privacy_officer")
    other = make_house(1)
    _open_as_secretary(other.practice.establishment, other.files)
    assert NOBODY in officer.get("/acces/").content.decode()


def test_each_line_has_its_receipt_and_names_no_patient() -> None:
    house, officer = _enter("privacy_officer")
    before = gate.health().size
    _open_as_secretary(house.practice.establishment, house.files[:2])
    page = officer.get("/acces/lignes/").content.decode()
    seqs = [int(one) for one in re.findall(r"/acces/recu\?ligne=(\d+)", page)]
    # The two, and the officer's own name, which stands at the head of every page.
    assert [one >= before for one in seqs] == [True, True, False]
    for name in ("Roux-Delmas", "Aurore", "Lemoine"):
        assert name not in page
    # The receipt itself waits for the ledger to be published; another house's line is not there.
    assert officer.get(f"/acces/recu?ligne={seqs[0]}").status_code in (200, 503)
    other = make_house(1, "privacy_officer").enter()
    assert other.get(f"/acces/recu?ligne={seqs[0]}").status_code == 404


def test_the_question_chooses_days_kinds_and_one_actor() -> None:
    house, officer = _enter("privacy_officer")
    _open_as_secretary(house.practice.establishment, house.files[:2])
    yesterday = (clock.now() - timedelta(days=1)).astimezone(asking.ZONE).date().isoformat()

    def count(query: str) -> int:
        told = officer.get(f"/acces/lignes.json?{query}").json()
        assert told["count"] == len(told["lines"])
        return sum(one["kind"] == "read" and one["whose"] == "patient" for one in told["lines"])

    assert count("") == count("qui=staff&de=patient") == count("du=zzz&jours=30&qui=nobody") == 2
    assert count("qui=patient") == count("de=staff") == count(f"du={yesterday}&au={yesterday}") == 0
    (line, *_more) = officer.get("/acces/lignes.json?qui=staff&de=patient").json()["lines"]
    assert count(f"acteur={line['actor']}") == 2
    assert count(f"acteur={UUID(int=9)}") == 0
    assert set(line) == set(access_lines.COLUMNS)  # no person is named, by number or otherwise


def test_a_download_is_a_question_on_record_and_runs_in_no_spreadsheet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house, officer = _enter("security_officer")
    _open_as_secretary(house.practice.establishment, house.files[:1])
    named = {"=1+1": "'=1+1"}
    monkeypatch.setattr(
        access_lines, "_names",
        lambda _actor, rows: {row.actor_id: DisplayName("=1+1", "secrétaire") for row in rows},
    )  # fmt: skip
    before = gate.health().size
    answer = officer.get("/acces/lignes.csv")
    assert gate.health().size > before
    assert answer["Cache-Control"] == "private, no-store"
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert tuple(head) == access_lines.COLUMNS
    assert {row[head.index("name")] for row in rows} == set(named.values())
    monkeypatch.setattr(text_tables, "inert", lambda cell: cell)  # the control: it would run
    assert ";=1+1;" in officer.get("/acces/lignes.csv").content.decode()


@pytest.mark.parametrize("path", ["lignes/", "lignes.csv", "lignes.json"])
def test_the_lines_are_the_officers_alone(path: str) -> None:
    for role in ("secretary", "manager"):
        assert _enter(role)[1].get(f"/acces/{path}").status_code == 404


@pytest.mark.parametrize("role", ["secretary", "practitioner", "manager"])
def test_for_anybody_else_of_the_house_the_page_is_not_there(role: str) -> None:
    _house, browser = _enter(role)
    assert browser.get("/acces/").status_code == 404


def test_who_is_not_signed_in_is_sent_to_sign_in() -> None:
    assert Client().get("/acces/").url == "/compte/connexion/?next=/acces/"


def test_asking_for_the_counts_is_itself_recorded() -> None:
    _house, officer = _enter("security_officer")
    before = gate.health().size
    officer.get("/acces/")
    assert gate.health().size > before


def test_the_partners_page_promises_no_more_than_there_is() -> None:
    page = Client(headers={"accept-language": "fr"}).get("/partenaires/").content.decode()
    assert "n’est pas encore ouverte" in page
    assert Client().get("/fhir/metadata").status_code == 404

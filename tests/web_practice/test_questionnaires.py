"""A house writes what it asks before a visit, and looks at it as the patient does."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from serment import clock
from serment.care import asking, replies
from serment.care.models import Questionnaire
from serment.directory import tenancy
from serment.disclosure import gate
from serment.scheduling.models import Appointment, VisitReason
from tests.care.test_replies import ALLERGY, WEIGHT, asks, staff
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctors_house(db: None) -> House:
    return make_house(role="practitioner")


def begin(browser: Client, house: House) -> tuple[str, Questionnaire]:
    """A questionnaire for the house's reason; its address."""
    made = browser.post("/cabinet/questionnaires/", {"titre": "Avant la première visite"})
    address = str(made.headers["Location"])
    settled = {"quoi": "regler", "titre": "Avant la première visite", "titre_en": "Before",
               "motifs": str(house.practice.reason), "pose": "oui"}  # fmt: skip
    assert browser.post(address, settled).status_code == 302
    return address, Questionnaire.objects.get(establishment_id=house.practice.establishment)


def test_a_house_writes_publishes_and_writes_anew(doctors_house: House) -> None:
    browser = doctors_house.enter()
    address, row = begin(browser, doctors_house)
    reason = doctors_house.practice.reason
    assert browser.post(address, {"quoi": "poser"}).status_code == 409, "nothing to ask yet"
    refused = browser.post(address + "question", {"fr": "Fumez-vous ?", "sorte": "choice"})
    assert refused.status_code == 422
    assert "Fumez-vous ?" in refused.content.decode(), "what was typed is not lost"
    choice = {"fr": "Fumez-vous ?", "sorte": "choice", "choix": "Oui\nNon", "choix_en": "Yes\nNo"}
    for form in (choice, {"fr": "Votre poids", "sorte": "quantity", "unite": "kg", "aide": "Vide"}):
        assert browser.post(address + "question", form).status_code == 302
    assert asking.by_reason({reason}) == {}, "not asked before it is published"
    assert browser.post(address, {"quoi": "poser"}).status_code == 302
    first = asking.by_reason({reason})[reason]
    assert [one.fr for one in first.questions] == ["Fumez-vous ?", "Votre poids"]

    link = first.questions[1].link_id
    browser.post(address, {"quoi": f"monter:{link}"})
    page = browser.get(address + "apercu").content.decode()
    assert re.search(r"Votre poids.*kg.*Fumez-vous", page, re.DOTALL)
    assert asking.by_reason({reason})[reason] == first
    older = browser.get(address + "apercu?version=1").content.decode()
    assert re.search(r"Fumez-vous.*Votre poids", older, re.DOTALL)
    changed = choice | {"choix": "Oui\nNon\nPlus maintenant", "choix_en": ""}
    same = first.questions[0]
    browser.post(f"{address}question?question={same.link_id}", changed)
    browser.post(address, {"quoi": "poser"})
    now = asking.by_reason({reason})[reason].questions[1]
    assert now.options[0].code == same.options[0].code, "an answer given still means the same"
    assert len(now.options) == 3
    assert "Version 1" in browser.get(address).content.decode()
    assert row.title("en") == "Before"


def test_the_desk_writes_by_telephone_and_reads_nothing_back(house: House, desk: Client) -> None:
    asks(house.practice, ALLERGY, WEIGHT)
    visit = f"/cabinet/visite/{house.visits[0]}"
    desk.post(f"{visit}/ouvrir", {"quoi": "motif"})
    agenda = house.agenda(rdv=str(house.visits[0]))
    assert "pas encore remplies" in desk.get(agenda).content.decode()
    assert "Votre poids" in desk.get(f"{visit}/formulaire").content.decode()
    wrong = desk.post(f"{visit}/questions", {"q-poids": "lourd", "q-allergie": "a"})
    assert wrong.status_code == 422
    assert 'value="lourd"' in wrong.content.decode()
    typed = {"q-poids": "72,5", "q-allergie": "a"}
    assert desk.post(f"{visit}/questions", typed).status_code == 302
    again = desk.get(f"{visit}/questions").content.decode()
    assert "72,5" not in again
    assert desk.post(f"{visit}/questions", typed).status_code == 422, "replacing is said first"
    shown = desk.get(agenda).content.decode()
    assert "notées au téléphone" in shown
    assert "Lire les réponses" not in shown
    assert desk.get(f"{visit}/reponses").status_code == 404
    with tenancy.inside(house.practice.establishment):
        doctor = staff(house.practice, "practitioner")
        told, reply = replies.read(doctor, Appointment.objects.get(pk=house.visits[0]))
    assert (told.by, reply.values["poids"]) == ("telephone", ["72,5"])


def test_a_practitioner_reads_from_the_panel(doctors_house: House) -> None:
    practice, pk = doctors_house.practice, doctors_house.visits[0]
    asks(practice, ALLERGY)
    sheet = asking.by_reason({practice.reason})[practice.reason]
    with tenancy.inside(practice.establishment):
        desk = practice.secretary()
        said = {"allergie": ["a"]}
        replies.keep(desk, pk, sheet.version.id, said, clock.now(), replies.COMPLETED)
    browser = doctors_house.enter()
    browser.post(f"/cabinet/visite/{pk}/ouvrir", {"quoi": "motif"})
    assert "Lire les réponses" in browser.get(doctors_house.agenda(rdv=str(pk))).content.decode()
    page = browser.get(f"/cabinet/visite/{pk}/reponses").content.decode()
    assert re.search(r"Une allergie.*Oui", page, re.DOTALL)
    told = gate.history(practice.secretary(), doctors_house.files[0], 9)
    assert any(one.kind == "read" and list(one.fields) == ["answers"] for one in told)


def test_a_name_that_several_take_is_chosen_once_for_all_or_for_some(doctors_house: House) -> None:
    house, browser = doctors_house.practice.establishment, doctors_house.enter()
    address, row = begin(browser, doctors_house)
    with tenancy.inside(house):
        mine = VisitReason.objects.get(role_id=doctors_house.practice.role)
        (theirs,) = VisitReason.objects.filter(role_id=doctors_house.second)
        theirs.name_fr = mine.name_fr
        theirs.save(update_fields=["name_fr"])
    both = sorted([mine.id, theirs.id])
    form = {"quoi": "regler", "titre": "Avant", "pose": "oui"}

    def saved(**more: str) -> list[object]:
        assert browser.post(address, form | more).status_code == 302
        row.refresh_from_db()
        return sorted(row.reasons)

    def checked() -> set[str]:
        page = browser.get(address).content.decode()
        return set(re.findall(r'name="(motifs[^"]*)" value="[^"]+" checked', page))

    assert saved(**{"motifs-tous": str(mine.id)}) == both
    assert checked() == {"motifs-tous"}
    assert saved(motifs=str(theirs.id)) == [theirs.id]
    assert checked() == {"motifs"}
    assert "Chez certains seulement" in browser.get(address).content.decode()
    other = make_house(1).practice
    assert saved(motifs=str(other.reason), **{"motifs-tous": str(other.reason)}) == []

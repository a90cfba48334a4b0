"""One file was erased or frozen: its line says so, and everybody else's day goes on."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.core import mail
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.disclosure import SYSTEM, NotYours, Purpose, gate, line, opening, oversight
from serment.disclosure.lease import Leases
from serment.identity import files, registration
from serment.identity.models import PatientFile
from serment.keeper import wire
from serment.keeper.erasure import ErasureState
from serment.keeper.policy.asks import FreezeAsk
from serment.outbox import delivery, letters
from serment.scheduling.models import Appointment, Occupancy
from tests.web_practice.house import PASSWORD, PEOPLE, House

pytestmark = pytest.mark.django_db

Close = Callable[[UUID], object]


def erase(file: UUID) -> object:
    """What ``serment keeper erase`` asks."""
    return line.ask("erase", oversight.OPERATOR, ErasureState, wire.IdAsk(file.bytes))


def freeze(file: UUID) -> object:
    """What the operator freezes while something is looked into."""
    asked = FreezeAsk("subject", str(file), "à vérifier")
    return line.ask("freeze", oversight.OPERATOR, wire.Nothing, asked)


both = pytest.mark.parametrize("close", [erase, freeze])


def _page(desk: Client, address: str) -> str:
    answer = desk.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode().replace("\u00a0", " ")


def _names(desk: Client, house: House, what: str = "noms") -> str:
    sent = {"agenda": house.practice.role, "jour": house.day.isoformat(), "quoi": what}
    desk.post("/cabinet/motifs" if what == "motifs" else "/cabinet/noms", sent)
    return _page(desk, house.agenda())


def _openings(house: House, at: int) -> int:
    rows = gate.history(house.practice.secretary(), house.files[at], 200)
    named = [one for row in rows if row.kind == "read" for one in row.fields]
    return sum(name.endswith("family_name") for name in named)


@both
def test_the_others_names_and_reasons_stay_readable(
    house: House, desk: Client, close: Close
) -> None:
    close(house.files[1])
    # The control: the keeper refuses the batch whole, and records nobody as opened for it.
    with tenancy.inside(house.practice.establishment):
        rows = list(PatientFile.objects.filter(pk__in=house.files))
        before = _openings(house, 0)
        with pytest.raises(NotYours):
            gate.reveal(house.practice.secretary(), Purpose.AGENDA, rows, ["family_name"])
    assert _openings(house, 0) == before
    page = _names(desk, house)
    assert "Bastien Roux-Delmas" in page
    assert "Camille Nguyen" in page
    assert page.count("Dossier fermé") == 1
    assert "Consultation" in _names(desk, house, "motifs")
    found = desk.post("/cabinet/patients/", {"q": "+3363998"}).content.decode()
    assert "Roux-Delmas" in found
    assert "Aurore" not in found


@both
def test_its_visit_says_so_and_is_cancelled(house: House, desk: Client, close: Close) -> None:
    visit = house.visits[1]
    panel = house.agenda(rdv=str(visit))
    desk.post(f"/cabinet/visite/{visit}/ouvrir", {"retour": house.agenda()})
    assert "Aurore Lemoine" in _page(desk, panel)
    # Nothing keeps it open in this process's memory past its lease.
    close(house.files[1])
    opening.leases = Leases()
    page = _page(desk, panel)
    assert "Dossier fermé" in page
    assert "personne n’est prévenu" in page
    assert "Déplacer" not in page
    moving = f"/cabinet/reserver/?patient={house.files[1]}&deplace={visit}"
    assert "Ce dossier est fermé" in desk.get(moving, follow=True).content.decode()
    answer = desk.post(f"/cabinet/visite/{visit}/annuler", {"retour": house.agenda()}, follow=True)
    assert answer.status_code == 200
    assert "personne n’est prévenu" in answer.content.decode()
    with tenancy.inside(house.practice.establishment):
        assert Appointment.objects.get(pk=visit).status == "cancelled"
        assert not Occupancy.objects.filter(appointment_id=visit).exists()
    again = desk.post(f"/cabinet/visite/{visit}/remettre", {"retour": house.agenda()}, follow=True)
    assert "Ce dossier est fermé" in again.content.decode()
    assert _page(desk, f"/cabinet/visite/{house.visits[0]}/carte")


@both
def test_the_pile_of_letters_opens_and_says_which_has_no_sheet(
    house: House, desk: Client, close: Close
) -> None:
    delivery.send_due(delivery.next_try(0, clock.now()))
    close(house.files[1])
    desk.post("/cabinet/lettres/noms")
    page = _page(desk, "/cabinet/lettres/")
    assert "Bastien Roux-Delmas" in page
    assert page.count("Dossier fermé") == 1
    chosen = re.findall(r'name="lettre" value="([^"]+)"', page)
    sheets = desk.post("/cabinet/lettres/feuilles", {"lettre": chosen}).content.decode()
    assert sheets.count('<article class="sheet">') == 2
    assert "1 lettre n’a pas de feuille" in sheets.replace("\u00a0", " ")
    desk.post("/cabinet/lettres/envoyees", {"lettre": chosen})
    assert letters.waiting(house.practice.establishment) == []


@both
def test_the_worker_writes_to_the_others(house: House, close: Close) -> None:
    secretary = house.practice.secretary()
    with tenancy.inside(house.practice.establishment):
        for at in (0, 1):
            files.change(secretary, house.files[at], {"email": f"p{at}@example.fr"})
    close(house.files[1])
    mail.outbox.clear()
    done = delivery.send_due(delivery.next_try(0, clock.now()))
    assert [one.to for one in mail.outbox] == [["p0@example.fr"]]
    assert (done.sent, done.failed, done.letters) == (1, 1, 1)


@both
def test_the_patients_own_pages_show_the_visit_without_its_words(
    house: House, close: Close
) -> None:
    email = f"patient-{house.files[1].hex[:10]}@exemple.fr"
    family, given, born, _phone = PEOPLE[1]
    person = {"given_name": given, "family_name": family, "birth_date": born}
    account = registration.create(SYSTEM, email, person, password=PASSWORD)
    gate.link(house.practice.secretary(), account=account.pk, patient_file=house.files[1])
    browser = Client(headers={"accept-language": "fr"})
    browser.post("/compte/connexion/", {"login": email, "password": PASSWORD})
    visit = f"/mes-rendez-vous/{house.visits[1]}/"
    assert "Consultation" in _page(browser, visit)
    close(house.files[1])
    opening.leases = Leases()
    assert str(house.visits[1]) in _page(browser, "/mes-rendez-vous/")
    assert "Consultation" not in _page(browser, visit)
    answer = browser.post(f"{visit}annuler", {})
    assert answer.status_code == 302
    with tenancy.inside(house.practice.establishment):
        assert Appointment.objects.get(pk=house.visits[1]).status == "cancelled"

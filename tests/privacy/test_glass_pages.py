"""A file past the limits: opened in an emergency, told at once, justified, judged."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.core import mail
from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM, TooManyFiles, containment, gate, oversight
from serment.identity import account_told, contact, reaching, registration, staff
from serment.identity.models import PatientFile, Role
from serment.outbox import delivery, letters
from serment.outbox.models import Message
from serment.sightings.models import Kind, Sighting
from serment.web.practice import glass_messages, patients
from tests import factors
from tests.scheduling.practice import make_file
from tests.web_practice.house import PASSWORD, House, make_house

pytestmark = pytest.mark.django_db

WHY = "Malaise au comptoir, traitement inconnu"


def officer_of(house: House, role: Role = Role.PRIVACY_OFFICER) -> Client:
    """An officer of this house, signed in."""
    email = f"{role.value}-{house.email}"
    who = {"given_name": "Nadège", "family_name": "Kermorvan"}
    account = registration.create(SYSTEM, email, dict(who), password=PASSWORD)
    here = house.practice.establishment
    staff.create(SYSTEM, here, role, {**who, "email": email}, account=account.pk)
    browser = Client(headers={"accept-language": "fr"})
    factors.sign_in(browser, email, PASSWORD, factors.plant(account.pk))
    return browser


def give_address(house: House, file: UUID) -> None:
    """The patient can be written to."""
    with tenancy.inside(house.practice.establishment):
        row = PatientFile.objects.get(pk=file)
        gate.seal(
            house.practice.secretary(), gate.Purpose.RECEPTION, row, {"email": "aurore@exemple.fr"},
            subject=file, tenant=house.practice.establishment,
        )  # fmt: skip
        row.save()


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk's budget is spent: the file's page meets it. The glass is the keeper's own."""

    def over(*_: object) -> dict[str, str]:
        raise TooManyFiles

    monkeypatch.setattr(patients, "_open", over)


def page(answer: object) -> str:
    return answer.content.decode().replace("\u00a0", " ")  # type: ignore[attr-defined]


def test_whoever_is_stopped_is_led_to_the_emergency_and_an_open_file_shows_there(
    spent: None,
) -> None:
    house = make_house()
    desk = house.enter()
    led = desk.get(f"/cabinet/patients/{house.files[1]}/")
    assert led.url == f"/cabinet/urgence/{house.files[1]}/"
    assert "Aurore Lemoine" in page(desk.get(led.url))


def test_broken_glass_is_told_to_the_person_and_the_officers_justified_and_judged() -> None:
    house = make_house()
    desk, officer = house.enter(), officer_of(house)
    file = house.files[1]
    give_address(house, file)
    address = f"/cabinet/urgence/{file}/"
    refused = desk.post(address, {"raison": "life", "pourquoi": ""})
    assert refused.status_code == 422
    assert "Dites en quelques mots" in page(refused)
    assert not Sighting.objects.filter(kind=Kind.BREAK_GLASS).exists()
    told = desk.post(address, {"raison": "life", "pourquoi": WHY}, follow=True)
    assert "La personne et vos responsables sont prévenus" in page(told)
    mail.outbox.clear()
    delivery.send_due(delivery.next_try(0, clock.now()))
    sent = {one.to[0]: one for one in mail.outbox}
    assert "ouvert en urgence" in sent["aurore@exemple.fr"].subject
    assert "/qui-a-ouvert-mes-donnees/" in sent["aurore@exemple.fr"].body
    assert "/acces/urgences/" in sent[f"privacy_officer-{house.email}"].body
    assert all(WHY not in one.body and "Lemoine" not in one.body for one in mail.outbox)
    alarms = page(officer.get("/acces/alertes/"))
    assert "Une alerte à regarder" in alarms
    assert "Solène Ferrand" in alarms
    listed = page(officer.get("/acces/urgences/"))
    assert WHY in listed
    assert "Une vie est en danger" in listed
    name = re.search(r'name="ouverture" value="([0-9a-f-]+)"', page(desk.get("/cabinet/urgences/")))
    assert name is not None
    desk.post("/cabinet/urgences/justifier", {"ouverture": name[1], "pourquoi": "SAMU appelé"})
    waiting = page(officer.get("/acces/urgences/"))
    assert "SAMU appelé" in waiting
    assert "Une ouverture attend votre avis" in waiting
    officer.post("/acces/urgences/avis", {"ouverture": name[1], "avis": "accepted"})
    assert "Aucune ouverture n’attend votre avis" in page(officer.get("/acces/urgences/"))
    assert "acceptée par un responsable" in page(desk.get("/cabinet/urgences/"))
    with tenancy.inside(house.practice.establishment):
        assert Message.objects.filter(kind="glass").count() == 1


def test_an_emergency_is_said_of_a_file_outside_care_before_a_limit_asks_for_it() -> None:
    house = make_house()
    desk, file = house.enter(), ids.new_id()
    make_file(house.practice.establishment, file, family_name="Vial", given_name="Anne")
    said = f"/cabinet/urgence/{file}/?dire=oui"
    assert said in page(desk.get(f"/cabinet/patients/{file}/"))
    assert "dire=oui" not in page(desk.get(f"/cabinet/patients/{house.files[1]}/"))  # who comes
    asked = desk.get(said)
    assert "n’a pas de rendez-vous ici" in page(asked)
    assert "Vial" not in page(asked)
    lacking = desk.post(said, {"raison": "care", "pourquoi": ""})
    assert lacking.status_code == 422
    assert "n’a pas de rendez-vous ici" in page(lacking)
    told = desk.post(said, {"raison": "care", "pourquoi": WHY}, follow=True)
    assert "Anne Vial" in page(told)
    assert WHY in page(officer_of(house).get("/acces/urgences/"))


def test_a_person_without_an_address_is_told_by_whoever_opened_it() -> None:
    house = make_house()
    sent = {"raison": "care", "pourquoi": WHY}
    told = house.enter().post(f"/cabinet/urgence/{house.files[0]}/", sent, follow=True)
    assert "dites-le-lui" in page(told)


@pytest.mark.parametrize("guarded", [True, False])
def test_the_letter_that_tells_of_it_is_posted_by_somebody_else_where_somebody_else_is(
    guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: otherwise whoever broke it says that the person was told."""
    if not guarded:
        monkeypatch.setattr(glass_messages, "posted_by", lambda _actor, chosen: (chosen, []))
    house = make_house()
    here, desk = house.practice.establishment, house.enter()
    sent = {"raison": "care", "pourquoi": WHY}
    desk.post(f"/cabinet/urgence/{house.files[0]}/", sent)
    colleague = officer_of(house, Role.SECRETARY)
    delivery.send_due(delivery.next_try(0, clock.now()))
    waits = {"lettre": [str(one.pk) for one in letters.waiting(here) if one.kind == "glass"]}
    assert len(waits["lettre"]) == 1
    told = page(desk.post("/cabinet/lettres/envoyees", waits, follow=True))
    left = [one for one in letters.waiting(here) if one.kind == "glass"]
    assert len(left) == guarded
    assert ("un collègue poste la lettre" in told) == guarded
    colleague.post("/cabinet/lettres/envoyees", waits)
    assert not [one for one in letters.waiting(here) if one.kind == "glass"]


def test_whoever_handed_a_code_out_does_not_say_that_its_letter_was_posted() -> None:
    """Who asks a card's account back with the sheet they printed would throw its only warning
    away. The control: a colleague posts it."""
    house = make_house()
    here, desk, file = house.practice.establishment, house.enter(), house.files[0]
    assert desk.post(f"/cabinet/patients/{file}/code", {"vu": "passport"}).status_code == 200
    colleague = officer_of(house, Role.SECRETARY)
    with tenancy.inside(here):
        row = PatientFile.objects.get(pk=file)
        account_told.tell(account_told.BACK, house.practice.secretary(), row, clock.now())
    delivery.send_due(delivery.next_try(0, clock.now()))
    (letter,) = [one.pk for one in letters.waiting(here) if one.kind == account_told.BACK]
    for browser, waits in ((desk, True), (colleague, False)):
        browser.post("/cabinet/lettres/envoyees", {"lettre": [str(letter)]})
        assert (letter in {one.pk for one in letters.waiting(here)}) == waits


def test_alone_at_the_desk_one_posts_it_oneself() -> None:
    house = make_house()
    desk, here = house.enter(), house.practice.establishment
    desk.post(f"/cabinet/urgence/{house.files[0]}/", {"raison": "care", "pourquoi": WHY})
    delivery.send_due(delivery.next_try(0, clock.now()))
    waits = [str(one.pk) for one in letters.waiting(here) if one.kind == "glass"]
    desk.post("/cabinet/lettres/envoyees", {"lettre": waits})
    assert waits
    assert not [one for one in letters.waiting(here) if one.kind == "glass"]


def test_a_person_who_has_a_safe_address_and_no_other_is_told_there() -> None:
    house = make_house()
    with tenancy.inside(house.practice.establishment):
        safe = contact.Wishes(email="sure@exemple.fr")
        reaching.say_at_desk(house.practice.secretary(), house.files[0], safe)
    sent = {"raison": "care", "pourquoi": WHY}
    told = house.enter().post(f"/cabinet/urgence/{house.files[0]}/", sent, follow=True)
    assert "dites-le-lui" not in page(told)
    mail.outbox.clear()
    delivery.send_due(delivery.next_try(0, clock.now()))
    assert ["sure@exemple.fr"] in [one.to for one in mail.outbox]


def test_a_file_that_a_person_froze_says_whom_to_call() -> None:
    house = make_house()
    desk, file = house.enter(), house.files[2]
    officer_of(house)
    containment.freeze(oversight.OPERATOR, "subject", str(file), "à vérifier")
    for answer in (
        desk.get(f"/cabinet/urgence/{file}/"),
        desk.post(f"/cabinet/urgence/{file}/", {"raison": "life", "pourquoi": WHY}),
    ):
        assert "Ce dossier reste fermé" in page(answer)
        assert "Nadège Kermorvan" in page(answer)

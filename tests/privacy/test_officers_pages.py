"""Officers' pages: what two approve, what one freezes, alarms that stay readable."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from serment.directory import tenancy
from serment.disclosure import Actor, containment, gate, oversight
from serment.identity.models import Role
from serment.outbox.models import Message
from serment.web.privacy import alarms, grants, grants_told
from tests.privacy.test_glass_pages import WHY, officer_of, page
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db


def digest_on(answer: object) -> str:
    """The one digest a page shows."""
    found = set(re.findall(r'name="empreinte" value="([0-9a-f]{64})"', page(answer)))
    assert len(found) == 1
    return found.pop()


def asked_to_erase(house: House, desk: Client) -> None:
    address = f"/cabinet/patients/{house.files[1]}/effacer"
    assert desk.post(address).status_code == 422
    assert "Deux responsables" in page(desk.post(address, {"demande": "oui"}, follow=True))


def test_a_file_is_erased_when_two_officers_who_read_whose_it_is_approved() -> None:
    house = make_house()
    desk, one, other = house.enter(), officer_of(house), officer_of(house, Role.MANAGER)
    asked_to_erase(house, desk)
    shown = page(one.get("/acces/accords/"))
    assert "Aurore Lemoine" in shown
    assert "Définitif, sauvegardes comprises, le" in shown
    assert "Solène Ferrand" in shown
    for sight in (shown, page(desk.get("/cabinet/"))):
        assert 'class="who" href="/compte/securite/"' in sight  # own keys, in every frame
    digest = digest_on(one.get("/acces/accords/"))
    assert digest == digest_on(other.get("/acces/accords/"))
    sent = {"what": "approve", "empreinte": digest}
    assert "Il en faut encore un" in page(one.post("/acces/accords/approuver", sent, follow=True))
    one.post("/acces/accords/approuver", sent)  # the same person again changes nothing
    early = one.post("/acces/accords/effacer", {"empreinte": digest, "sur": "oui"})
    assert early.status_code == 400  # two have not approved it
    assert desk.get(f"/cabinet/patients/{house.files[1]}/").status_code == 200
    assert "Il reste à l’effectuer" in page(
        other.post("/acces/accords/approuver", sent, follow=True)
    )
    assert "reste à l’effectuer" in page(one.get("/acces/accords/"))
    unsure = other.post("/acces/accords/effacer", {"empreinte": digest}, follow=True)
    assert "Rien n’a été effacé" in page(unsure)
    other.post("/acces/accords/effacer", {"empreinte": digest, "sur": "oui"})
    # Who has the page open is told at the next press, whatever it is; no lease shows the name.
    for part in ("", "corriger", "contact", "effacer"):
        stopped = desk.get(f"/cabinet/patients/{house.files[1]}/{part}")
        assert stopped.status_code == 404
        assert "Ce dossier ne s’ouvre plus" in page(stopped)
        assert "Lemoine" not in page(stopped)
    changed = {"family_name": "Lemoine", "given_name": "Aurore", "identite": "oui"}
    told = desk.post(f"/cabinet/patients/{house.files[1]}/corriger", changed)
    assert "Rien n’a été fait" in page(told)
    booking = desk.get(f"/cabinet/reserver/?patient={house.files[1]}")
    assert "Ce dossier ne s’ouvre plus" in page(booking)
    nobody = desk.get(f"/cabinet/patients/{UUID(int=7)}/")  # one that never was looks as ever
    assert "Cette page n’est pas là" in page(nobody)
    assert desk.get(f"/cabinet/patients/{house.files[0]}/").status_code == 200


@pytest.mark.parametrize("said", [True, False])
def test_after_a_freeze_no_lease_opens_and_every_page_says_so(
    monkeypatch: pytest.MonkeyPatch, said: bool
) -> None:
    """The control: unsaid, what the desk held open is read again and nothing is told."""
    house = make_house()
    desk, officer = house.enter(), officer_of(house)
    agenda = house.agenda()
    who = {"agenda": str(house.practice.role), "jour": house.day.isoformat(), "quoi": "noms"}
    desk.post("/cabinet/noms", who | {"retour": agenda})
    assert "Aurore Lemoine" in page(desk.get(agenda))
    secretary = re.search(r'<option value="([0-9a-f-]{36})"[^>]*>Solène', page(
        officer.get("/acces/gels/")
    ))  # fmt: skip
    assert secretary is not None
    if not said:
        monkeypatch.setattr("serment.disclosure.stirring.stir", lambda: None)
    frozen = {"quoi": "actor", "valeur": secretary[1], "heures": "12", "pourquoi": "à vérifier"}
    officer.post("/acces/gels/geler", frozen)
    shown = page(desk.get(agenda))
    assert ("Lemoine" not in shown) is said
    assert ("Votre accès est gelé" in shown) is said
    if said:
        assert "Occupé" in shown  # times and states stay
        assert "Votre accès est gelé" in page(desk.get("/cabinet/lettres/"))


def test_a_freeze_stops_a_colleague_at_once_and_is_lifted() -> None:
    house = make_house()
    desk, officer = house.enter(), officer_of(house)
    secretary = re.search(r'<option value="([0-9a-f-]{36})"[^>]*>Solène', page(
        officer.get("/acces/gels/")
    ))  # fmt: skip
    assert secretary is not None
    what = {"quoi": "actor", "valeur": secretary[1]}
    assert "Dites pourquoi" in page(
        officer.post("/acces/gels/geler", what | {"heures": "12", "pourquoi": " "}, follow=True)
    )
    desk.get(f"/cabinet/patients/{house.files[0]}/")
    officer.post("/acces/gels/geler", what | {"heures": "12", "pourquoi": "téléphone volé"})
    told = page(officer.get("/acces/gels/"))
    assert "téléphone volé" in told
    assert "par Nadège Kermorvan, délégué" in told
    stopped = desk.post(f"/cabinet/urgence/{house.files[2]}/", {"raison": "life", "pourquoi": WHY})
    assert "Ce dossier reste fermé" in page(stopped)  # a person's freeze: no glass passes it
    officer.post("/acces/gels/lever", {"what": "unfreeze", "pourquoi": "retrouvé", **what})
    left = page(officer.get("/acces/gels/"))
    assert "Le gel est levé" in left
    assert "téléphone volé" not in left  # what the host froze for all houses may stand there
    opened = desk.post(f"/cabinet/urgence/{house.files[2]}/", {"raison": "life", "pourquoi": WHY})
    assert opened.status_code == 302


def test_a_hundred_alarms_of_one_person_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house()
    desk, officer = house.enter(), officer_of(house)
    for file in house.files:
        desk.post(f"/cabinet/urgence/{file}/", {"raison": "care", "pourquoi": WHY})
    shown = page(officer.get("/acces/alertes/"))
    assert "Une alerte à regarder" in shown
    assert "3 fois" in shown
    assert "Tout est calme" in page(officer.get("/acces/alertes/?quoi=freeze"))
    monkeypatch.setattr(alarms, "_lines", ungrouped)  # the control: a flood
    assert "3 alertes à regarder" in page(officer.get("/acces/alertes/"))


def ungrouped(rows: list[gate.Disclosure]) -> list[alarms.Line]:
    found = []
    for row in rows:
        line = alarms._line(row.fields[0], row.at.date(), row.actor_id)
        line.times.append(row.at)
        found.append(line)
    return found


def test_in_a_practice_of_one_the_team_is_told_and_anybody_stops_it() -> None:
    house = make_house()
    desk, doctor = house.enter(), officer_of(house, Role.MANAGER)
    assert desk.get("/cabinet/attente/").status_code == 404
    assert doctor.get("/cabinet/attente/").status_code == 404, "two approve here, nothing waits"
    containment.set_solo(oversight.OPERATOR, house.practice.establishment)
    asked_to_erase(house, desk)
    digest = digest_on(doctor.get("/acces/accords/"))
    told = doctor.post(
        "/acces/accords/approuver", {"what": "approve", "empreinte": digest}, follow=True
    )
    assert "72 heures" in page(told)
    assert "Prend effet le" in page(told)
    with tenancy.inside(house.practice.establishment):
        assert Message.objects.filter(kind="grant_waits").count() == 2
    waiting = page(desk.get("/cabinet/attente/"))
    assert "Effacer un dossier" in waiting
    assert "Aurore" not in waiting  # who may stop it need not read whose it is
    desk.post("/cabinet/attente/arreter", {"empreinte": digest})
    assert "Rien n’attend" in page(desk.get("/cabinet/attente/"))
    assert desk.get(f"/cabinet/patients/{house.files[1]}/").status_code == 200


@pytest.mark.parametrize("counted", [True, False])
def test_in_a_practice_of_one_a_day_of_more_is_not_over_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, *, counted: bool
) -> None:
    house = make_house()
    doctor = officer_of(house, Role.MANAGER)
    containment.set_solo(oversight.OPERATOR, house.practice.establishment)
    if not counted:
        monkeypatch.setattr(grants, "ALONE_WAITS", timedelta(0))
    found = re.search(r'<option value="([0-9a-f-]{36})">', page(doctor.get("/acces/accords/")))
    assert found
    doctor.post("/acces/accords/limite", {"qui": found[1], "fois": "2", "jours": "1"})
    shown = doctor.get("/acces/accords/")
    assert "1200 personnes par heure au lieu de 600" in page(shown)
    sent = {"what": "approve", "empreinte": digest_on(shown)}
    doctor.post("/acces/accords/approuver", sent)
    states: list[containment.GrantState] = []
    told = grants_told.told

    def seen(actor: Actor, these: list[containment.GrantState], now: datetime, **more: bool) -> Any:
        states.extend(these)
        return told(actor, these, now, **more)

    monkeypatch.setattr(grants_told, "told", seen)
    doctor.get("/acces/accords/")
    (one,) = states
    assert one.good_from is not None
    assert (one.not_after - one.good_from > timedelta(hours=23)) is counted


def test_a_trustee_is_named_in_three_days_that_anybody_of_the_house_stops() -> None:
    house = make_house()
    desk, doctor = house.enter(), officer_of(house, Role.MANAGER)
    form = {"given_name": "Odile", "family_name": "Bressan", "role": "trustee"}
    assert "Tiers de confiance" not in page(doctor.get("/cabinet/equipe/inviter/"))
    containment.set_solo(oversight.OPERATOR, house.practice.establishment)
    assert "Tiers de confiance" in page(doctor.get("/cabinet/equipe/inviter/"))
    sent = doctor.post("/cabinet/equipe/inviter/", form | {"email": f"t-{house.email}"})
    assert sent.status_code == 302, page(sent)
    digest = digest_on(doctor.get("/acces/accords/"))
    approved = {"what": "approve", "empreinte": digest}
    assert "72 heures" in page(doctor.post("/acces/accords/approuver", approved, follow=True))
    with tenancy.inside(house.practice.establishment):
        assert Message.objects.filter(kind="grant_waits").count() == 2
    assert "Nommer un tiers de confiance" in page(desk.get("/cabinet/attente/"))
    desk.post("/cabinet/attente/arreter", {"empreinte": digest})
    assert "Rien n’attend" in page(desk.get("/cabinet/attente/"))

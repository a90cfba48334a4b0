"""Patient files: cleaned, made, found, opened; and the account's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from django.test import Client

from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, NotYours, Purpose, gate
from serment.identity import files, rights, staff
from serment.identity.models import PatientFile, Role
from tests.identity.conftest import make_establishment, sign_up

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 22)
TYPED = {
    "family_name": " Le Goff ",
    "given_name": "Maëlle",
    "birth_date": "03/04/1950",
    "phone": "0298123456",
    "email": "",
}
ActorOf = Callable[[UUID], Actor]


def test_values_are_kept_in_one_form() -> None:
    assert files.cleaned(TYPED, TODAY) == {
        "family_name": "Le Goff",
        "given_name": "Maëlle",
        "birth_date": "1950-04-03",
        "phone": "+33298123456",
        "email": None,
    }


def test_every_unusable_value_is_told_at_once_beside_its_field() -> None:
    with pytest.raises(files.ValuesUnusable) as refused:
        files.cleaned(TYPED | {"phone": "12", "birth_date": "x", "given_name": ""}, TODAY)
    assert set(refused.value.errors) == {"phone", "birth_date", "given_name"}


def test_the_desk_makes_finds_and_opens_a_file(establishment: UUID, secretary_of: ActorOf) -> None:
    secretary = secretary_of(establishment)
    made = files.create(secretary, establishment, files.cleaned(TYPED, TODAY))
    assert files.find(secretary, establishment, "maelle goff") == [made.pk]
    assert files.find(secretary, establishment, "goff") == [made.pk]
    with tenancy.inside(tenant=establishment):
        opened = files.open(
            secretary, [made.pk], ["family_name", "phone", "email"], Purpose.RECEPTION
        )
    assert opened == {made.pk: {"family_name": "Le Goff", "phone": "+33298123456", "email": ""}}


def test_a_changed_file_is_found_by_its_new_name_only(
    establishment: UUID, secretary_of: ActorOf
) -> None:
    secretary = secretary_of(establishment)
    made = files.create(secretary, establishment, files.cleaned(TYPED, TODAY))
    with tenancy.inside(tenant=establishment):
        files.change(secretary, made.pk, {"family_name": "Kermorvan"})
    assert files.find(secretary, establishment, "kermorvan") == [made.pk]
    assert files.find(secretary, establishment, "goff") == []


def test_another_establishment_neither_finds_nor_opens_it(
    establishment: UUID, secretary_of: ActorOf
) -> None:
    made = files.create(secretary_of(establishment), establishment, files.cleaned(TYPED, TODAY))
    stranger = secretary_of(make_establishment("autre"))
    with pytest.raises(NotYours):
        files.find(stranger, establishment, "goff")
    with tenancy.inside(tenant=establishment), pytest.raises(NotYours):
        files.open(stranger, [made.pk], ["family_name"], Purpose.RECEPTION)
    assert files.open(stranger, [made.pk], ["family_name"], Purpose.RECEPTION) == {}


def _signed_up(browser: Client) -> UUID:
    sign_up(browser)
    return UUID(browser.get("/moi/").content.decode().split()[1])


def test_an_account_gets_one_file_at_each_establishment(
    browser: Client, establishment: UUID, patient: ActorOf, secretary_of: ActorOf
) -> None:
    actor = patient(_signed_up(browser))
    first = files.find_or_create_for_account(actor, establishment)
    assert files.find_or_create_for_account(actor, establishment) == first
    other = files.find_or_create_for_account(actor, make_establishment("autre"))
    assert other != first
    assert set(gate.files_of(actor, actor.id)) == {first, other}
    secretary = secretary_of(establishment)
    with tenancy.inside(tenant=establishment):
        opened = files.open(secretary, [first], ["family_name", "birth_date"], Purpose.RECEPTION)
        assert PatientFile.objects.count() == 1
    assert opened[first] == {"family_name": "Quatrevaux", "birth_date": "1961-03-12"}


def test_who_opened_is_shown_by_name_and_role(
    browser: Client, establishment: UUID, patient: ActorOf
) -> None:
    actor = patient(_signed_up(browser))
    file_id = files.find_or_create_for_account(actor, establishment)
    member = staff.create(
        SYSTEM, establishment, Role.SECRETARY, {"given_name": "Odile", "family_name": "Renard"}
    )
    capability = gate.open_session("staff", member.pk, "secretary", establishment, 1)
    desk = Actor("staff", member.pk, "secretary", establishment, capability=capability)
    with tenancy.inside(tenant=establishment):
        files.open(desk, [file_id], ["phone"], Purpose.RECEPTION)
    readers = {one.actor_id for one in gate.history(actor, actor.id) if one.actor_kind == "staff"}
    assert readers == {member.pk}
    shown = staff.display_names(actor, readers)
    assert shown[member.pk].name == "Odile Renard"
    assert shown[member.pk].role == "secrétaire"


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("secretary", True),
        ("practitioner", True),
        ("manager", False),
        ("security_officer", False),
        ("", False),
        ("chef", False),
    ],
)
def test_only_the_desk_opens_a_patient(establishment: UUID, role: str, allowed: bool) -> None:
    actor = Actor("staff", establishment, role, establishment)
    assert rights.may(actor, rights.Act.OPEN_PATIENT) is allowed


def test_a_patient_has_no_right_of_staff(establishment: UUID) -> None:
    actor = Actor("patient", establishment, "secretary", establishment)
    assert not any(rights.may(actor, act) for act in rights.Act)

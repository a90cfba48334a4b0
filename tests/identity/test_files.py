"""Patient files: cleaned, made, found, opened; and the account's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, NotYours, Purpose, gate
from serment.errors import Unusable
from serment.identity import addresses, files, rights, staff
from serment.identity.models import PatientFile, Role
from tests.identity.conftest import PERSON, make_establishment, sign_up

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


HOSTILE = {
    "NUL": "\x00",
    "half a surrogate pair": "\ud83d",
    "turned around": "\u202egnp.exe",
    "isolated": "\u2066x\u2069",
    "escape": "\x1b[2J",
    "a megabyte": "x" * (1 << 20),
    "a megabyte of digits": "0" * (1 << 20),
}


@pytest.mark.parametrize("field", files.FIELDS)
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_told_beside_its_field(field: str, hostile: str) -> None:
    for text in (hostile, f"12 rue {hostile} haute", f"a{hostile}@exemple.fr"):
        with pytest.raises(files.ValuesUnusable) as refused:
            files.cleaned(TYPED | {field: text}, TODAY)
        assert set(refused.value.errors) == {field}
        assert len(refused.value.errors[field]) < 200


@pytest.mark.parametrize("field", ["address", "source_reference"])
def test_a_text_without_a_form_of_its_own_is_named_when_refused(
    field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without the bound, both went to the keeper as they came."""
    name = {"address": "L’adresse", "source_reference": "Le numéro de dossier"}[field]
    for text in ("x\x00y", "x" * (1 << 20)):
        with pytest.raises(files.ValuesUnusable) as refused:
            files.cleaned({field: text}, TODAY)
        assert refused.value.errors[field].startswith(name)
    longest = {"address": 300, "source_reference": 100}[field] * "é"
    assert files.cleaned({field: f" {longest} "}, TODAY) == {field: longest}
    monkeypatch.setattr(files.plain_text, "kept", lambda _, text: text)
    assert files.cleaned({field: "x\x00y"}, TODAY) == {field: "x\x00y"}


def test_an_address_has_lines() -> None:
    assert files.cleaned({"address": "3 rue Haute\r\n29000 Quimper"}, TODAY) == {
        "address": "3 rue Haute\n29000 Quimper"
    }


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(files.FIELDS), st.text(max_size=60)))
def test_any_text_is_kept_or_refused_in_words(values: dict[str, str]) -> None:
    told: dict[str, str] = {}
    kept: dict[str, str | None] = {}
    try:
        kept = files.cleaned(values, TODAY)
    except files.ValuesUnusable as refused:
        told = refused.errors
    assert set(told) <= {*values, "family_name", "given_name"}
    assert all(text is None or text.encode() for text in kept.values())


@pytest.mark.parametrize("field", [*PERSON])
def test_the_sign_up_form_answers_hostile_text_beside_its_field(
    browser: Client, field: str
) -> None:
    for hostile in HOSTILE.values():
        # As a browser would send it: half a surrogate pair is no UTF-8 and arrives replaced.
        text = f"{PERSON[field]}{hostile}".encode("utf-8", "replace").decode()
        answer = browser.post("/compte/inscription/", PERSON | {field: text})
        assert answer.status_code in (200, 302, 429), field


def test_an_address_shows_every_sign_of_it() -> None:
    """The form of an address allows control characters between quotes; nobody has one."""
    with pytest.raises(Unusable):
        addresses.normalise('"\x01\x0b"@exemple.fr')


def test_what_no_wire_carries_is_refused_not_broken(
    establishment: UUID, secretary_of: ActorOf
) -> None:
    with pytest.raises(Unusable):
        files.find(secretary_of(establishment), establishment, "quatre\ud83dvaux")


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
    asked = ([made.pk], ["family_name"], Purpose.RECEPTION)
    with tenancy.inside(tenant=establishment):
        assert files.open(stranger, *asked) == {}
        assert made.pk in files.open(secretary_of(establishment), *asked)  # the control
    assert files.open(stranger, *asked) == {}


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
    told = {(row.actor_kind, row.actor_id) for row in gate.history(desk, member.pk)}
    assert ("patient", actor.id) in told  # whoever read the name, and no mailer
    assert "worker" not in {kind for kind, _id in told}


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

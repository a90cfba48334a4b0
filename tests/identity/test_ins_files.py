"""The INS in a file: sealed, undone by a correction, handed out only when qualified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose
from serment.errors import NotThere
from serment.identity import files, ins, ins_files
from serment.identity.ins import Authority, Document, Mark, State
from tests.identity.conftest import make_establishment
from tests.identity.test_ins import TRAITS

pytestmark = pytest.mark.django_db

NUMBER = ins.matricule("184127645108946", Authority.DEMO.value)  # the tests' instance is a demo
Make = Callable[[UUID], Actor]


@pytest.fixture
def desk(establishment: UUID, secretary_of: Make) -> Actor:
    tenancy.stand_in(tenant=establishment)
    return secretary_of(establishment)


def _file(desk: Actor, **more: str) -> UUID:
    values = {"family_name": "Dubois", "given_name": "Angela"} | TRAITS | more
    assert desk.establishment is not None
    return files.create(desk, desk.establishment, values).pk


def _qualified(desk: Actor) -> UUID:
    file = _file(desk)
    ins_files.given_by_service(desk, file, NUMBER, TRAITS)
    ins_files.seen(desk, file, Document.IDENTITY_CARD)
    return file


def test_a_qualified_identity_is_handed_out_with_its_number_and_authority(desk: Actor) -> None:
    sent = ins_files.handed_out(desk, _qualified(desk), Purpose.CARE)
    assert sent.matricule == NUMBER
    assert sent.traits == TRAITS


def test_nothing_less_is(desk: Actor) -> None:
    file = _file(desk)
    for step in (
        lambda: None,
        lambda: ins_files.given_by_service(desk, file, NUMBER, TRAITS),
        lambda: ins_files.marked(desk, file, Mark.DOUBTFUL, on=True),
        lambda: ins_files.marked(desk, file, Mark.DOUBTFUL, on=False),
        lambda: ins_files.seen(desk, file, Document.PASSPORT),
    ):
        step()
        with pytest.raises(ins.NotQualified):
            ins_files.handed_out(desk, file, Purpose.CARE)
    assert ins_files.of(desk, file).matricule is None  # the doubt took the number along


def test_without_the_guard_an_unproven_number_would_leave(
    desk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the one above: retrieved, and no document seen."""
    file = _file(desk)
    ins_files.given_by_service(desk, file, NUMBER, TRAITS)
    with pytest.raises(ins.NotQualified):
        ins_files.handed_out(desk, file, Purpose.CARE)
    monkeypatch.setattr(ins, "may_be_sent", lambda *_, **__: True)
    assert ins_files.handed_out(desk, file, Purpose.CARE).matricule == NUMBER


@pytest.mark.parametrize("trait", ins.TRAITS)
def test_a_corrected_trait_undoes_state_and_number(desk: Actor, trait: str) -> None:
    file = _qualified(desk)
    same = {trait: TRAITS[trait], "phone": "+33698765432"}
    files.change(desk, file, same)  # the control: written again as it was
    assert ins_files.of(desk, file).standing.state is State.QUALIFIED
    other = {"birth_date": "1962-08-25", "sex": "male", "birth_place": "2A004"}.get(trait, "AUTRE")
    files.change(desk, file, {trait: other})
    known = ins_files.of(desk, file)
    assert (known.standing.state, known.matricule) == (State.PROVISIONAL, None)
    assert known.traits[trait] == other


def test_a_corrected_telephone_opens_nothing_and_undoes_nothing(desk: Actor) -> None:
    file = _qualified(desk)
    files.change(desk, file, {"phone": "+33698765432"})
    assert ins_files.of(desk, file).standing.state is State.QUALIFIED


def test_another_houses_file_is_not_there(desk: Actor, secretary_of: Make) -> None:
    file = _qualified(desk)
    there = make_establishment("la-bas")
    tenancy.stand_in(tenant=there)
    stranger = secretary_of(there)
    for act in (
        lambda: ins_files.of(stranger, file),
        lambda: ins_files.seen(stranger, file, Document.PASSPORT),
        lambda: ins_files.handed_out(stranger, file, Purpose.CARE),
    ):
        with pytest.raises(NotThere):
            act()


def test_neither_number_nor_state_lies_in_clear(desk: Actor) -> None:
    from django.db import connection

    _qualified(desk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM identity_patientfile t")
        text = "".join(row[0] for row in cursor.fetchall())
    for trace in ("184127645108946", "identity_card", "retrieved", "75107", "ANGELA"):
        assert trace not in text
        assert trace.encode().hex() not in text


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [("birth_place", "Paris", "code INSEE"), ("birth_given_names", "A\u202eB", "invisibles")],
)
def test_what_is_typed_wrong_is_said_at_its_field(field: str, typed: str, said: str) -> None:
    from datetime import date

    with pytest.raises(files.ValuesUnusable) as refused:
        files.cleaned({field: typed}, date(2026, 11, 22))
    assert said in refused.value.errors[field]
    kept: Any = files.cleaned({"birth_place": "2a 004"}, date(2026, 11, 22))
    assert kept["birth_place"] == "2A004"

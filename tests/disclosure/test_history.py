"""Who opened my data: complete, newest first, in pages, for those it is about."""

from __future__ import annotations

import pytest

from serment.disclosure import SYSTEM, NotYours, Purpose, gate
from serment.disclosure.purposes import label_of
from serment.ids import new_id
from serment.keeper.words import PURPOSES, ZONES
from tests.keeper.running import Running, make_appointment, make_file, patient_of, staff_of


def test_a_patient_reads_who_opened_what_why_and_when(own_keeper: Running) -> None:
    here, account = new_id(), new_id()
    file, secretary, me = make_file(here, phone="0612345678"), staff_of(here), patient_of(account)
    gate.link(SYSTEM, account=account, patient_file=file.pk)
    gate.reveal(secretary, Purpose.RECEPTION, [file], ["family_name", "phone"])
    [opened, linked, written] = gate.history(me, account)
    assert (linked.kind, linked.fields) == ("write", ("link",))
    assert (opened.kind, opened.purpose, opened.role) == ("read", "reception", "secretary")
    assert opened.fields == ("family_name", "phone")
    assert (opened.actor_id, opened.establishment) == (secretary.id, here)
    assert opened.records[0].record == file.pk
    assert (written.kind, written.actor_kind) == ("write", "system")
    assert opened.at > written.at


def test_asking_is_recorded_but_does_not_fill_the_page(own_keeper: Running) -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)
    before = gate.health().size
    assert gate.history(actor, file.pk) == gate.history(actor, file.pk)
    assert gate.health().size == before + 2


def test_history_pages_and_narrows_to_one_record(own_keeper: Running) -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)
    one, other = make_appointment(here, file.pk), make_appointment(here, file.pk)
    gate.reveal(actor, Purpose.AGENDA, [one], ["details"])
    gate.reveal(actor, Purpose.AGENDA, [other], ["details"])
    whole = gate.history(actor, file.pk)
    first = gate.history(actor, file.pk, limit=2)
    assert first + gate.history(actor, file.pk, before=first[-1].seq) == whole
    assert {touched.record for row in gate.history(actor, one.pk) for touched in row.records} == {
        one.pk
    }


def test_nobody_else_reads_it(own_keeper: Running) -> None:
    here, file = new_id(), None
    file = make_file(here)
    for stranger in (staff_of(new_id()), patient_of(new_id())):
        with pytest.raises(NotYours):
            gate.history(stranger, file.pk)
    with pytest.raises(NotYours):
        gate.history(SYSTEM, file.pk)


def test_the_lists_of_both_ends_are_the_same() -> None:
    assert tuple(Purpose.values) == PURPOSES
    assert all(str(label_of(purpose)) != purpose for purpose in PURPOSES)
    assert label_of("of a newer release") == "of a newer release"
    assert "audit" in ZONES

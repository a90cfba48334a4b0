"""Whom a house shut out stays out; who acts learns of no house in which they see no visit."""

from __future__ import annotations

from uuid import UUID

import pytest

from serment.disclosure import Actor, Purpose, acting, gate, persons
from serment.errors import Unusable
from serment.ids import new_id
from tests.keeper.running import make_appointment, make_file, patient_of, staff_of
from tests.keeper.test_acting import ALL, Child, Person, in_days, listed, refused

pytestmark = pytest.mark.usefixtures("own_keeper")


def _offer(desk: Actor, child: Child) -> bytes:
    """Another colleague saw another paper."""
    return acting.offer(desk, child.file.pk, "parent", ALL, new_id(), in_days(3000), in_days(7))


def test_no_second_desk_s_offer_lets_back_in_whom_a_first_shut_out() -> None:
    """Who acted for the person behind the file, and who was let to the file itself. The control:
    somebody whom nobody shut out accepts the same offer, and so does this one once it is open."""
    here = new_id()
    shutter, desk, doctor = staff_of(here), staff_of(here), staff_of(here, "practitioner")
    parent, invited, other = patient_of(new_id()), patient_of(new_id()), patient_of(new_id())
    child = Child(parent, here)
    relation = acting.accept(invited, _offer(desk, child)).record
    acting.end(shutter, child.file.pk, child.relation)
    acting.end(shutter, child.file.pk, relation)
    told = {one.record: one.shut_by for one in acting.of(desk, child.file.pk) if one.shut_by}
    assert told[child.relation] == told[relation] == shutter.id
    for who, shut, opener in ((parent, child.relation, shutter), (invited, relation, doctor)):
        offer = _offer(desk, child)
        with pytest.raises(Unusable):
            acting.accept(who, offer)
        assert not gate.records_of(who, child.file.pk)
        for nobody in (desk, staff_of(new_id(), "practitioner"), who):
            with refused():
                acting.reopen(nobody, child.file.pk, shut)
        acting.reopen(opener, child.file.pk, shut)
        acting.accept(who, offer)
        assert gate.records_of(who, child.file.pk)
    acting.accept(other, _offer(desk, child))
    assert listed(parent, child)


def test_who_acts_is_told_the_houses_of_the_visits_they_see_and_the_one_they_book_at() -> None:
    here, there = new_id(), new_id()
    monique, jeanne, reader = Person(here), patient_of(new_id()), patient_of(new_id())
    elsewhere = make_file(there)
    gate.link(staff_of(there), account=monique.account.pk, patient_file=elsewhere.pk)
    monique.lets(jeanne)
    monique.lets(reader, {"opened"})

    def houses(who: Actor, at: UUID | None = None) -> set[UUID]:
        return set(gate.files_of(who, monique.account.pk, at))

    own = gate.files_of(monique.actor, monique.account.pk)
    assert set(own) == {monique.file.pk, elsewhere.pk}, "the control: there are two"
    assert houses(jeanne) == {monique.file.pk}
    assert houses(jeanne, there) == {monique.file.pk, elsewhere.pk}
    assert houses(reader, there) == set(), "who may only read the list of openings"
    kept = make_appointment(there, elsewhere.pk)
    assert houses(jeanne) == {monique.file.pk, elsewhere.pk}, "the control: a visit to be seen"
    acting.keep(monique.actor, kept.pk)
    assert houses(jeanne) == {monique.file.pk}


def test_a_person_made_up_is_nobody_who_signs_in_for_their_file() -> None:
    """So a young adult gets a code without a word about a second account; the control has one."""
    here = new_id()
    child, monique, desk = Child(patient_of(new_id()), here), Person(here), staff_of(here)
    made_up = persons.holders(desk, child.file.pk)
    assert (made_up.accounts, made_up.people) == ((1,), (0,))
    own = persons.holders(desk, monique.file.pk)
    assert (own.accounts, own.people) == ((1,), (1,))


def test_who_acts_reads_as_what_another_account_looked() -> None:
    here = new_id()
    parent, other, desk = patient_of(new_id()), patient_of(new_id()), staff_of(here)
    child = Child(parent, here)
    acting.accept(other, _offer(desk, child))
    gate.reveal(other, Purpose.SELF, child.visits, ["details"])
    lines = gate.history(parent, child.dependant.pk, limit=200)
    by = {line.actor_id: line.relation for line in lines if line.actor_kind == "patient"}
    assert by[other.id] == "parent"
    monique, jeanne = Person(here), patient_of(new_id())
    monique.lets(jeanne)
    gate.reveal(monique.actor, Purpose.SELF, [monique.visit], ["details"])
    lines = gate.history(jeanne, monique.account.pk, limit=200)
    assert {one.relation for one in lines if one.actor_id == monique.actor.id} == {"self"}

"""Acting for somebody at the keeper: scope, end, and what stays closed whatever a mandate says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from serment.disclosure import SYSTEM, Actor, NotYours, Purpose, acting, gate
from serment.errors import Unusable
from serment.ids import new_id
from tests.keeper.running import Running, make_appointment, make_file, patient_of, staff_of

pytestmark = pytest.mark.usefixtures("own_keeper")
NAMES = ["family_name", "given_name"]
ALL = {"appointments", "opened"}


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(NotYours):
        yield


class Person:
    """An account with its own file and one visit at a house."""

    def __init__(self, here: UUID) -> None:
        from serment.identity.models import Account

        self.account = Account(id=new_id())
        self.actor = patient_of(self.account.pk)
        sealed = {"given_name": "Monique", "email": "m@exemple.fr", "sign_in_book": "secrets"}
        gate.seal(
            self.actor, Purpose.SIGN_IN, self.account, sealed, subject=self.account.pk, tenant=None
        )
        self.file = make_file(here, email="m@exemple.fr")
        gate.link(SYSTEM, account=self.account.pk, patient_file=self.file.pk)
        self.visit = make_appointment(here, self.file.pk)

    def lets(self, who: Actor, scopes: set[str] = ALL, until: datetime | None = None) -> UUID:
        relation = new_id()
        token = acting.offer(
            self.actor, self.account.pk, "helper", scopes, relation, until, in_days(7)
        )
        acting.accept(who, token)
        return relation


def sees(who: Actor, person: Person) -> bool:
    return gate.records_of(who, person.account.pk) == [person.visit.pk]


def test_a_helper_sees_what_was_granted_until_it_ends_and_nothing_else() -> None:
    here = new_id()
    monique, stranger = Person(here), patient_of(new_id())
    jeanne = patient_of(new_id())
    assert not sees(jeanne, monique)
    relation = monique.lets(jeanne)
    assert sees(jeanne, monique)
    assert not sees(stranger, monique)
    assert gate.records_of(jeanne, jeanne.id) == [], "one's own list stays one's own"
    assert gate.reveal(jeanne, Purpose.SELF, [monique.visit], ["details"])
    assert gate.reveal(jeanne, Purpose.SELF, [monique.account], ["given_name", "email"])
    with refused():  # what lets her sign in stays hers
        gate.reveal(jeanne, Purpose.SELF, [monique.account], ["sign_in_book"])
    with refused():  # and how a house reaches her or another parent
        gate.reveal(jeanne, Purpose.SELF, [monique.file], ["email"])
    with refused():
        gate.seal(jeanne, Purpose.SELF, monique.account, {"email": "thief@exemple.fr"},
                  subject=monique.account.pk, tenant=None)  # fmt: skip
    for_me = [one for one in acting.of(monique.actor, monique.account.pk) if not one.mine]
    assert [(one.record, one.account) for one in for_me] == [(relation, jeanne.id)]
    acting.end(monique.actor, monique.account.pk, relation)
    assert not sees(jeanne, monique)
    with refused():
        gate.history(jeanne, monique.account.pk)
    assert acting.of(jeanne, jeanne.id) == []


def test_scope_and_end_decide_at_the_keeper(own_keeper: Running) -> None:
    own_keeper.stop()
    own_keeper.state, own_keeper.arguments = own_keeper.state / "driven", ("--drill",)
    own_keeper.start()
    here = new_id()
    monique, jeanne, paul = Person(here), patient_of(new_id()), patient_of(new_id())
    monique.lets(jeanne, {"opened"})
    assert not sees(jeanne, monique)
    assert gate.history(jeanne, monique.account.pk) is not None
    until = in_days(1)
    monique.lets(paul, {"appointments"}, until)
    with refused():
        gate.history(paul, monique.account.pk)
    for beside, seen in ((-timedelta(minutes=1), True), (timedelta(minutes=1), False)):
        gate.drive_clock(until + beside)
        assert sees(patient_of(paul.id), monique) is seen


def test_an_offer_serves_once_in_time_and_nobody_offers_another_s_data() -> None:
    here = new_id()
    monique, jeanne, thief = Person(here), patient_of(new_id()), patient_of(new_id())
    token = acting.offer(
        monique.actor, monique.account.pk, "helper", ALL, new_id(), None, in_days(1)
    )
    with pytest.raises(Unusable):
        acting.accept(monique.actor, token)
    acting.accept(jeanne, token)
    with refused():
        acting.accept(thief, token)
    for person in (monique.account.pk, monique.file.pk):
        with refused():
            acting.offer(jeanne, person, "helper", ALL, new_id(), None, in_days(1))
        with refused():
            acting.let(thief, person, "parent", ALL, new_id())
    with refused():  # persons do not make guardians of themselves
        acting.offer(monique.actor, monique.account.pk, "guardian", ALL, new_id(), None, in_days(1))


class Child:
    """Made up by a parent, with a file at a house and one visit there."""

    def __init__(self, parent: Actor, here: UUID) -> None:
        from serment.identity.models import PatientFile
        from serment.identity.relatives.models import Dependant
        from serment.scheduling.models import Appointment

        self.dependant = Dependant(id=new_id())
        named = {"given_name": "Capucine", "family_name": "Lemoine"}
        gate.seal(
            parent, Purpose.SELF, self.dependant, named, subject=self.dependant.pk, tenant=None
        )
        self.relation = new_id()
        acting.let(parent, self.dependant.pk, "parent", ALL, self.relation, in_days(3000))
        self.file = PatientFile(id=new_id(), establishment_id=here)
        gate.seal(parent, Purpose.BOOKING, self.file, {**named, "email": "parent@exemple.fr"},
                  subject=self.file.pk, tenant=here)  # fmt: skip
        gate.link(parent, account=self.dependant.pk, patient_file=self.file.pk)
        self.visits = [Appointment(id=new_id(), establishment_id=here) for _ in range(2)]
        for visit in self.visits:
            gate.seal(parent, Purpose.BOOKING, visit, {"details": "{}"},
                      subject=self.file.pk, tenant=here)  # fmt: skip


def listed(who: Actor, child: Child) -> set[UUID]:
    return set(gate.records_of(who, child.dependant.pk))


def told(who: Actor, child: Child) -> list[UUID]:
    lines = gate.history(who, child.dependant.pk, limit=200)
    return [item.record for line in lines for item in line.records]


def test_what_a_minor_keeps_secret_shows_in_no_parent_s_view() -> None:
    here = new_id()
    parent, desk = patient_of(new_id()), staff_of(here)
    child = Child(parent, here)
    open_, secret = child.visits
    gate.reveal(desk, Purpose.AGENDA, child.visits, ["details"])
    ticket = _ticket(parent, secret.pk)

    def ways() -> dict[str, bool]:
        """Each way in which a parent could learn of the visit."""
        return {
            "listed": secret.pk in listed(parent, child),
            "opened": _passes(lambda: gate.reveal(parent, Purpose.SELF, [secret], ["details"])),
            "behind": _passes(lambda: gate.files_behind(parent, Purpose.SELF, [secret.pk])),
            "told": secret.pk in told(parent, child),
            "mailed": _passes(
                lambda: gate.files_behind_with_ticket(ticket, [secret.pk], Purpose.MESSAGE)
            ),
            "signed": _passes(lambda: _ticket(desk, secret.pk)),
        }  # fmt: skip

    assert all(ways().values()), "the control: what is not kept shows in every one of them"
    acting.keep(desk, secret.pk)
    from serment.disclosure import opening

    opening.leases.clear()
    assert not any(ways().values())
    assert listed(parent, child) == {open_.pk}
    assert gate.reveal(desk, Purpose.AGENDA, [secret], ["details"]), "care goes on"
    with refused():
        acting.keep(parent, open_.pk)


def test_who_acts_signs_for_a_message_and_does_not_read_where_it_goes() -> None:
    here = new_id()
    monique, jeanne = Person(here), patient_of(new_id())
    monique.lets(jeanne)
    ticket = _ticket(jeanne, monique.visit.pk)
    asked = ticket, [monique.file], ["email"], Purpose.MESSAGE
    assert gate.reveal_with_ticket(*asked)[monique.file.pk] == {"email": "m@exemple.fr"}
    with refused():
        gate.reveal_with_ticket(*asked, jeanne)


def _ticket(who: Actor, visit: UUID) -> bytes:
    """To write to the address in the file behind a visit."""
    window = in_days(-1), in_days(1)
    return gate.errand(who, visit, ["patient.email"], Purpose.MESSAGE, *window)


def _passes(act: Any) -> bool:
    try:
        act()
    except NotYours:
        return False
    return True


def test_that_the_file_itself_was_opened_is_told_of_nobody_s_visit() -> None:
    """It would say where a child goes on a day of which no visit is shown."""
    here = new_id()
    parent, desk = patient_of(new_id()), staff_of(here)
    child = Child(parent, here)
    gate.reveal(desk, Purpose.AGENDA, [child.file], NAMES)
    lines = gate.history(parent, child.dependant.pk, limit=200)
    assert not [line for line in lines if line.actor_kind == "staff"]
    assert [line for line in gate.history(desk, child.file.pk) if line.actor_kind == "staff"]


def test_that_a_desk_looked_which_visits_there_are_is_told_to_nobody_who_acts() -> None:
    """The file's page lists them: read on a day without a visit, it tells that the child was there.

    The control: an opening of the visit itself is told, and who acts reads their own look.
    """
    here = new_id()
    parent, desk = patient_of(new_id()), staff_of(here)
    child = Child(parent, here)
    assert set(gate.records_of(desk, child.file.pk)) >= {one.pk for one in child.visits}
    assert set(gate.records_of(parent, child.file.pk)) >= {one.pk for one in child.visits}
    gate.reveal(desk, Purpose.AGENDA, child.visits[:1], ["details"])
    lines = gate.history(parent, child.dependant.pk, limit=200)
    assert [line.kind for line in lines if line.actor_kind == "staff"] == ["read"]
    assert [line for line in lines if line.kind == "search" and line.actor_id == parent.id]
    theirs = gate.history(desk, child.file.pk, limit=200)
    assert [line for line in theirs if line.kind == "search" and line.actor_kind == "staff"]


def test_whose_file_it_became_is_told_who_acts_by_it_until_they_do_not() -> None:
    """A minor takes a file over with a code of the desk: the parent who had it made goes on seeing
    its visits. The control: before, and once the desk shut the parent out, nobody is told."""
    here = new_id()
    parent, minor, desk = patient_of(new_id()), patient_of(new_id()), staff_of(here)
    child = Child(parent, here)

    def acts() -> list[tuple[UUID, UUID | None]]:
        found = acting.of(minor, minor.id)
        return [(one.record, one.account) for one in found if not one.state]

    assert acts() == []
    gate.link(desk, account=minor.id, patient_file=child.file.pk)
    assert acts() == [(child.relation, parent.id)]
    assert listed(parent, child) == {one.pk for one in child.visits}
    acting.end(desk, child.file.pk, child.relation)
    assert acts() == []
    assert not listed(parent, child)


def test_a_desk_shuts_its_file_to_one_parent_and_the_other_keeps_it() -> None:
    here, there = new_id(), new_id()
    parent, other, desk = patient_of(new_id()), patient_of(new_id()), staff_of(here)
    child = Child(parent, here)
    relation = new_id()
    token = acting.offer(desk, child.file.pk, "parent", ALL, relation, in_days(3000), in_days(7))
    acting.accept(other, token)
    assert gate.records_of(other, child.file.pk)
    assert listed(parent, child)
    with refused():
        acting.end(staff_of(there), child.file.pk, child.relation)
    acting.end(desk, child.file.pk, child.relation)
    assert not listed(parent, child)
    assert gate.records_of(other, child.file.pk), "the other parent's access is equal, and its own"
    with refused():
        gate.reveal(parent, Purpose.SELF, child.visits, ["details"])
    states = {(one.record, one.state) for one in acting.of(desk, child.file.pk)}
    assert {(child.relation, acting.BARRED), (relation, "")} <= states

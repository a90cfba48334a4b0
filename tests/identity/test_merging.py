"""Two files of one person: joined with nothing lost, parted with nothing moved."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate, persons
from serment.disclosure.persons import Holders
from serment.errors import NotThere
from serment.identity import contact, files, ins, ins_files, merging, reaching
from serment.identity.ins import Authority, Document, Mark, State
from serment.scheduling import booking
from tests.identity.test_ins import TRAITS
from tests.scheduling.practice import Practice, make_practice, paris

pytestmark = pytest.mark.django_db

NUMBERS = [
    ins.matricule(text, Authority.DEMO.value) for text in ("184127645108946", "255081416802538")
]
FIRST = {
    "family_name": "Roche",
    "given_name": "Ana",
    "birth_date": "1961-03-04",
    "phone": "+33611111111",
}
SECOND = {"family_name": "Roche", "given_name": "Anna", "birth_date": "1961-03-04",
          "email": "ana@exemple.fr", "phone": "+33622222222", "source_reference": "7"}  # fmt: skip


@pytest.fixture
def practice(db: None) -> Practice:
    made = make_practice(0)
    tenancy.stand_in(tenant=made.establishment)
    return made


@pytest.fixture
def doctor(practice: Practice) -> Actor:
    who = ids.new_id()
    capability = gate.open_session("staff", who, "practitioner", practice.establishment, 1)
    return Actor("staff", who, "practitioner", practice.establishment, capability=capability)


def make(doctor: Actor, values: dict[str, str]) -> UUID:
    """A file of the house."""
    assert doctor.establishment is not None
    return files.create(doctor, doctor.establishment, values).pk


def values_of(doctor: Actor, file: UUID) -> dict[str, str]:
    """Everything a comparison opens but the joins."""
    [opened] = files.open(doctor, [file], merging.COMPARED, Purpose.IDENTITY).values()
    return opened


def book(practice: Practice, file: UUID, hour: int) -> UUID:
    """A visit of this file's person."""
    day = clock.now().date()
    day = day.fromordinal(day.toordinal() + (1 - day.weekday()) % 7 + 7)
    return booking.book(
        practice.secretary(), practice.booking(file, paris(day, hour, 0)), clock.now()
    ).id


def test_joined_with_bookings_meanwhile_and_parted_exactly(
    practice: Practice, doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kept file takes what it lacks and what was chosen. A booking in the very middle of the
    join, and one after it, are found on the one person; parted, values and visits are as they were,
    and what was booked meanwhile says so, in the file it was booked in."""
    kept, gone = make(doctor, FIRST), make(doctor, SECOND)
    before = values_of(doctor, kept), values_of(doctor, gone)
    first, second = book(practice, kept, 9), book(practice, gone, 10)
    booked: list[UUID] = []
    really = persons.join

    def join(*asked: Any) -> None:
        booked.append(book(practice, gone, 11))
        really(*asked)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(persons, "join", join)
        merging.merge(doctor, kept, gone, {"phone"})
    booked.append(book(practice, kept, 14))
    files.change(doctor, kept, {"address": "3 rue Neuve"})
    now = values_of(doctor, kept)
    assert (now["phone"], now["email"], now["given_name"]) == (
        SECOND["phone"],
        SECOND["email"],
        "Ana",
    )
    assert set(gate.records_of(doctor, kept)) == {first, second, *booked}
    with pytest.raises(merging.JoinedMeanwhile):
        merging.merge(doctor, kept, gone, ())

    assert merging.undo(doctor, kept, gone) == []
    assert values_of(doctor, kept) == before[0] | {"address": "3 rue Neuve"}
    assert values_of(doctor, gone) == before[1]
    assert set(gate.records_of(doctor, kept)) == {first, booked[1]}
    assert set(gate.records_of(doctor, gone)) == {second, booked[0]}
    stays, goes = merging.both(doctor, kept, gone)
    assert (stays.merging.meanwhile, goes.merging.meanwhile) == ({booked[1]}, {booked[0]})
    assert not stays.merging.open_ones
    with pytest.raises(merging.JoinedMeanwhile):
        merging.undo(doctor, kept, gone)


@pytest.mark.parametrize("said_by", ["kept", "gone"])
def test_no_address_is_taken_without_how_its_person_wants_to_be_reached(
    doctor: Actor, said_by: str
) -> None:
    both = {"kept": make(doctor, FIRST), "gone": make(doctor, SECOND)}
    safe = contact.Wishes(email="sure@exemple.fr")
    reaching.say_at_desk(doctor, both[said_by], safe)
    merging.merge(doctor, both["kept"], both["gone"], set())
    assert values_of(doctor, both["kept"])["email"] == SECOND["email"]
    assert [reaching.of_file(doctor, one) for one in both.values()] == [safe, safe]
    # Said again while they are one: of both, for both have visits that are written about.
    other = contact.Wishes(email="autre@exemple.fr")
    reaching.say_at_desk(doctor, both["kept"], other)
    assert [reaching.of_file(doctor, one) for one in both.values()] == [other, other]


@pytest.mark.parametrize("guarded", [True, False])
def test_nothing_flows_out_of_or_into_what_an_unproved_account_reads(
    doctor: Actor, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Somebody signed up as Ana: no message about Ana goes to the address they gave, and nothing
    that Ana says of how to reach her is sealed where they read. The control: joined as two files
    nobody signs in for."""
    kept, made = make(doctor, FIRST), make(doctor, SECOND)
    gate.link(doctor, account=ids.new_id(), patient_file=made)
    with pytest.raises(merging.NotOnePerson, match="c’est l’autre"):
        merging.merge(doctor, made, kept, ())
    if not guarded:
        nobody = Holders((0, 0), all_reached=True)
        monkeypatch.setattr(persons, "holders", lambda *_: nobody)
    merging.merge(doctor, kept, made, {"phone", "given_name"})
    now = values_of(doctor, kept)
    assert (now["given_name"], now["source_reference"]) == ("Anna", "7")
    assert ((now["phone"], now["email"]) == (FIRST["phone"], "")) is guarded
    said = contact.Wishes(email="sure@exemple.fr")
    reaching.say_at_desk(doctor, kept, said)
    assert (reaching.of_file(doctor, made) == contact.NOTHING_SAID) is guarded
    merging.undo(doctor, kept, made)


def test_what_was_changed_since_stays_and_is_told(doctor: Actor) -> None:
    kept, gone = make(doctor, FIRST), make(doctor, SECOND)
    merging.merge(doctor, kept, gone, {"phone"})
    files.change(doctor, kept, {"phone": "+33633333333"})
    assert merging.undo(doctor, kept, gone) == ["phone"]
    assert values_of(doctor, kept)["phone"] == "+33633333333"
    assert values_of(doctor, kept)["email"] == ""


def test_a_join_that_the_database_lost_is_ended_by_asking_again(
    doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper joined, the commit failed: nothing is half done for good."""
    kept, gone = make(doctor, FIRST), make(doctor, SECOND)
    really = persons.join

    def lost(*asked: Any) -> None:
        really(*asked)
        raise OSError

    with monkeypatch.context() as failing:
        failing.setattr(persons, "join", lost)
        with pytest.raises(OSError):
            merging.merge(doctor, kept, gone, ())
    assert values_of(doctor, kept)["email"] == "", "the rows are as before"
    merging.merge(doctor, kept, gone, ())
    merging.undo(doctor, kept, gone)
    assert gate.records_of(doctor, gone) == []


def test_never_two_numbers_nor_a_doubt_nor_the_better_identity_lost(
    doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with the rule away, two people with an INS each would become one."""
    one, other = (make(doctor, FIRST | TRAITS) for _number in NUMBERS)
    for file, number in zip((one, other), NUMBERS, strict=True):
        ins_files.given_by_service(doctor, file, number, TRAITS)
        ins_files.seen(doctor, file, Document.PASSPORT)
    with pytest.raises(merging.NotOnePerson, match="deux personnes"):
        merging.merge(doctor, one, other, ())
    with monkeypatch.context() as away:
        away.setattr(merging, "why_not", lambda *_: "")
        merging.merge(doctor, one, other, ())
        assert gate.find(
            doctor, Purpose.SEARCH, "patient", "Roche", tenant=doctor.establishment
        ) == [one]
    merging.undo(doctor, one, other)
    plain = make(doctor, FIRST)
    with pytest.raises(merging.NotOnePerson, match="mieux établie"):
        merging.merge(doctor, plain, one, ())
    merging.merge(doctor, one, plain, {"family_name", "phone"})
    known = ins_files.of(doctor, one)
    assert (known.standing.state, known.matricule) == (State.QUALIFIED, NUMBERS[0])
    merging.undo(doctor, one, plain)
    assert ins_files.of(doctor, one).matricule == NUMBERS[0]
    ins_files.marked(doctor, plain, Mark.DOUBTFUL, on=True)
    with pytest.raises(merging.NotOnePerson, match="doute"):
        merging.merge(doctor, one, plain, ())
    assert persons.marked(doctor, Mark.DOUBTFUL) == [plain]
    with pytest.raises(NotThere):
        merging.both(doctor, plain, plain)

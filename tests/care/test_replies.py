"""What is answered before a visit: sealed with it, open to those who care, closed to the desk."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from serment import clock, ids
from serment.care import asking, questions, replies
from serment.care.models import Questionnaire
from serment.care.questions import Fault, Kind, Option, Question
from serment.directory import tenancy
from serment.disclosure import Actor, NotYours, Purpose, gate
from serment.outbox import post, registry
from serment.scheduling import booking, refusals
from serment.scheduling.models import Appointment, VisitReason
from tests.scheduling.practice import NOW, TUESDAY, Practice, make_practice, paris

pytestmark = pytest.mark.django_db

ALLERGY = Question(
    "allergie", Kind.CHOICE, "Une allergie ?", "Any allergy?", required=True,
    options=(Option("a", "Oui", "Yes"), Option("b", "Non", "No")),
)  # fmt: skip
WEIGHT = Question("poids", Kind.QUANTITY, "Votre poids", unit="kg")


def staff(practice: Practice, role: str) -> Actor:
    who = ids.new_id()
    capability = gate.open_session("staff", who, role, practice.establishment, 1)
    return Actor("staff", who, role, practice.establishment, capability=capability)


def asks(practice: Practice, *asked: Question) -> Questionnaire:
    """The house asks these for its reason from now on."""
    writer = staff(practice, "practitioner")
    row = Questionnaire(
        establishment_id=practice.establishment, title_fr="Avant", reasons=[practice.reason]
    )
    asking.write(writer, row)
    asking.change(writer, row, asked)
    asking.publish(writer, row, NOW)
    return row


def booked(practice: Practice, hour: int = 9) -> tuple[Actor, UUID, UUID]:
    patient, file = practice.patient()
    with tenancy.inside(practice.establishment):
        wanted = practice.booking(file, paris(TUESDAY, hour))
        return patient, file, booking.book(practice.secretary(), wanted, NOW).id


def visit(practice: Practice, pk: UUID) -> Appointment:
    with tenancy.inside(practice.establishment):
        return Appointment.objects.get(pk=pk)


def sheet(practice: Practice) -> asking.Sheet:
    return asking.by_reason({practice.reason})[practice.reason]


def test_answers_are_the_carers_and_the_desk_sees_only_that_there_are_some() -> None:
    practice = make_practice()
    asks(practice, ALLERGY, WEIGHT)
    patient, file, pk = booked(practice)
    doctor, desk = staff(practice, "practitioner"), staff(practice, "secretary")
    with tenancy.inside(practice.establishment):
        values = {"allergie": ["a"], "poids": ["72,5"]}
        replies.keep(patient, pk, sheet(practice).version.id, values, NOW)
        assert replies.own(patient, visit(practice, pk)).values == values
        begun = replies.read(doctor, visit(practice, pk))
        assert (begun[0].status, begun[1].values) == ("in-progress", {}), "not sent, not read"
        replies.keep(patient, pk, sheet(practice).version.id, values, NOW, replies.COMPLETED)
        assert replies.read(doctor, visit(practice, pk))[1].values == values
        row = visit(practice, pk)
        assert replies.told(desk, Purpose.AGENDA, [row])[pk].status == "completed"
        with pytest.raises(NotYours):
            gate.reveal(desk, Purpose.AGENDA, [row], ["answers"])
        ticket = gate.errand(
            desk, pk, ["answers"], Purpose.MESSAGE, clock.now(), clock.now() + timedelta(days=9)
        )
        with pytest.raises(NotYours):
            gate.reveal_with_ticket(ticket, [row], ["answers"], Purpose.MESSAGE)
        seen = [one for one in gate.history(desk, file, 30) if "answers" in one.fields]
        assert {one.kind for one in seen} == {"read", "write"}, "each opening is on record"


def test_messages_say_that_a_house_asks_and_never_before_which_visit() -> None:
    practice, other = make_practice(), make_practice(1)
    asks(practice, ALLERGY)
    with tenancy.inside(practice.establishment):
        # Of the same house, for another reason: told the same.
        questioned = VisitReason.objects.get(pk=practice.reason)
        questioned.pk, questioned.position = ids.new_id(), 1
        questioned.save(force_insert=True)
    practice.reason = questioned.pk
    for house, told in ((practice, True), (other, False)):
        _patient, _file, pk = booked(house)
        with tenancy.inside(house.establishment):
            facts = registry.facts_of(post.CONFIRMATION, pk)
        assert facts is not None
        assert facts.house_asks is told


def test_an_old_version_stays_with_its_answers_and_a_begun_visit_is_closed() -> None:
    practice = make_practice()
    row = asks(practice, ALLERGY)
    first = sheet(practice)
    patient, _file, pk = booked(practice)
    writer = staff(practice, "practitioner")
    with tenancy.inside(practice.establishment):
        replies.keep(patient, pk, first.version.id, {"allergie": ["b"]}, NOW)
        asking.put(writer, row, WEIGHT)
        assert sheet(practice).version == first.version, "not published yet"
        asking.publish(writer, row, NOW)
        assert [one.link_id for one in sheet(practice).questions] == ["allergie", "poids"]
        kept = replies.own(patient, visit(practice, pk))
        begun_with = replies.sheet_for(practice.reason, kept)
        assert begun_with is not None
        assert begun_with.questions == (ALLERGY,)
        with pytest.raises(refusals.AlreadyOver):
            replies.keep(patient, pk, first.version.id, {}, paris(TUESDAY, 9))
        replies.skip(patient, pk, NOW)
        assert visit(practice, pk).answers is None
        other = Questionnaire(
            establishment_id=practice.establishment, title_fr="Autre", reasons=[practice.reason]
        )
        with pytest.raises(asking.AlreadyAsked):
            asking.write(writer, other)


def test_what_cannot_be_read_is_kept_and_told() -> None:
    asked = (ALLERGY, WEIGHT, Question("jour", Kind.DATE, "Quand ?"))
    values = {
        "allergie": questions.fitting(ALLERGY, ["zzz"]),
        "poids": questions.fitting(WEIGHT, [" beaucoup "]),
        "jour": questions.fitting(asked[2], ["31/02/2026"]),
    }
    assert values == {"allergie": [], "poids": ["beaucoup"], "jour": ["31/02/2026"]}
    assert questions.faults(asked, values) == {
        "allergie": Fault.MISSING, "poids": Fault.UNREADABLE_NUMBER, "jour": Fault.UNREADABLE_DATE,
    }  # fmt: skip
    assert questions.of_item(ALLERGY.as_item()) == ALLERGY
    long = Question("mot", Kind.TEXT, "Dites")
    assert [len(part) for part in questions.parts((ALLERGY, WEIGHT, long, WEIGHT, long))] == [
        2,
        2,
        1,
    ]

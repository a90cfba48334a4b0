"""Missed visits: told, objected to, answered; a limit within a house's rule, and no longer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection
from hypothesis import given, settings
from hypothesis import strategies as st

from serment import ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, NotYours, Purpose, gate
from serment.outbox.models import Message, ReminderTicket
from serment.scheduling import (
    attending,
    booking,
    cancelling,
    holding,
    missed,
    missed_limit,
    moving,
    refusals,
    secrecy,
    waiting_list,
)
from serment.scheduling.missed_limit import Rule, Visit
from serment.scheduling.models import Appointment, OnlineTerms
from tests.scheduling.practice import NOW, TUESDAY, Practice, days, make_file, make_practice, paris

EVENING = paris(TUESDAY, 19)
NEXT = paris(TUESDAY, 9) + days(7)
WORDS = "J’avais prévenu hier par téléphone"


def ruled(practice: Practice, most: int = 2, months: int = 6) -> Practice:
    with tenancy.inside(practice.establishment):
        OnlineTerms.objects.create(
            establishment_id=practice.establishment, missed_max=most, missed_months=months
        )
    return practice


def visit_of(practice: Practice, file: UUID, hour: int) -> UUID:
    wanted = practice.booking(file, paris(TUESDAY, hour))
    return booking.book(practice.secretary(), wanted, NOW).id


def mark(practice: Practice, visit: UUID, status: str = "noshow") -> Appointment:
    with tenancy.inside(practice.establishment):
        return attending.mark(practice.secretary(), visit, status, EVENING)


def told(practice: Practice, visit: UUID) -> list[str]:
    with tenancy.inside(practice.establishment):
        rows = Message.objects.filter(record_id=visit, kind="missed")
        return list(rows.values_list("state", flat=True))


def books(practice: Practice, actor: Actor, file: UUID, at: datetime = NEXT, **more: Any) -> UUID:
    return booking.book(actor, practice.booking(file, at, **more), EVENING).id


def test_after_two_one_is_asked_to_call_there_and_nowhere_else_until_it_ends(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor, file = ruled(practice).patient(email="lou@exemple.fr")
    visits = [visit_of(practice, file, hour) for hour in (9, 10)]
    mark(practice, visits[0])
    holding.look(actor, practice.role, practice.reason, NEXT, EVENING)
    mark(practice, visits[1])
    with pytest.raises(refusals.AskedToCall) as asked:
        books(practice, actor, file)
    limit = asked.value.limit
    assert [one.id for one in limit.visits] == visits[::-1]
    assert limit.until == paris(TUESDAY, 9).replace(month=9)
    with pytest.raises(refusals.AskedToCall):
        holding.look(actor, practice.role, practice.reason, NEXT, EVENING)
    wish = waiting_list.Asked(practice.role, practice.reason, "in_person", file, True)
    with pytest.raises(refusals.AskedToCall):
        waiting_list.join(actor, wish, EVENING)
    assert books(practice, practice.secretary(), file, NEXT + timedelta(hours=2))
    other, there = ruled(make_practice(1)), ids.new_id()
    make_file(other.establishment, there)
    gate.link(SYSTEM, account=actor.id, patient_file=there)
    assert books(other, actor, there)
    after = practice.booking(file, NEXT.replace(month=9, day=8, hour=7))
    with pytest.raises(refusals.AskedToCall):
        booking.book(actor, after, limit.until - timedelta(minutes=1))
    assert booking.book(actor, after, limit.until)
    # The control: without the rule's own answer the first would have been booked all the while.
    monkeypatch.setattr(missed_limit, "limit", lambda *_asked: None)
    assert books(practice, actor, file)


def test_only_who_comes_is_asked_and_only_what_they_missed(practice: Practice) -> None:
    mother, file = ruled(practice).patient()
    child = ids.new_id()
    make_file(practice.establishment, child, given_name="Noé")
    gate.link(SYSTEM, account=mother.id, patient_file=child)
    for hour in (9, 10):
        mark(practice, visit_of(practice, file, hour))
    with pytest.raises(refusals.AskedToCall):
        books(practice, mother, file)
    assert books(practice, mother, child, persons=(child, mother.id))


def test_what_was_cancelled_late_moved_excused_or_announced_does_not_count(
    practice: Practice,
) -> None:
    actor, file = ruled(practice).patient(email="lou@exemple.fr")
    desk = practice.secretary()
    late, moved, excused, came, wrote, counted = (
        visit_of(practice, file, hour) for hour in (9, 10, 11, 14, 15, 16)
    )
    just_before = paris(TUESDAY, 8, 59)
    with tenancy.inside(practice.establishment):
        cancelling.cancel(desk, late, "", just_before)
        with pytest.raises(refusals.AlreadyOver):
            attending.mark(desk, late, "noshow", EVENING)
        moving.move(desk, moved, practice.booking(file, NEXT), NOW)
        ReminderTicket.objects.filter(record_id=wrote).update(answer="cannot")
        if not ReminderTicket.objects.filter(record_id=wrote).exists():
            ReminderTicket.objects.create(
                establishment_id=practice.establishment, record_id=wrote, terms=b"", ticket=b"",
                answer="cannot",
            )  # fmt: skip
    assert mark(practice, excused).missed == "counts"
    with tenancy.inside(practice.establishment):
        assert missed.excuse(desk, excused, EVENING).missed == "excused"
        with pytest.raises(refusals.AlreadyOver):
            missed.excuse(desk, excused, EVENING)
    assert told(practice, excused) == ["cancelled"], "taken back within the minute, nothing leaves"
    mark(practice, came)
    assert (mark(practice, came, "arrived").missed, told(practice, came)) == ("", ["cancelled"])
    assert (mark(practice, wrote).missed, told(practice, wrote)) == ("excused", [])
    assert mark(practice, counted).missed == "counts"
    assert books(practice, actor, file, NEXT + timedelta(hours=1))


def test_an_objection_is_sealed_stops_the_count_and_is_answered_by_somebody(
    practice: Practice,
) -> None:
    actor, file = ruled(practice).patient(email="lou@exemple.fr")
    visits = [visit_of(practice, file, hour) for hour in (9, 10)]
    for one in visits:
        mark(practice, one)
    stranger, _theirs = practice.patient()
    with tenancy.inside(records=[visits[0]]), pytest.raises(NotYours):
        missed.object_to(stranger, visits[0], "pas moi")
    with tenancy.inside(records=[visits[0]]):
        missed.object_to(actor, visits[0], WORDS)
        with pytest.raises(refusals.AlreadyOver):
            missed.object_to(actor, visits[0], WORDS)
    assert books(practice, actor, file), "while it is open it does not count"
    with tenancy.inside(practice.establishment), connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(a)::text FROM scheduling_appointment a")
        rows = " ".join(row for (row,) in cursor.fetchall())
        assert [one.id for one in missed.contested(practice.establishment)] == [visits[0]]
    for hidden in (WORDS, "J’avais", file.hex, str(file), str(actor.id)):
        assert hidden not in rows
    desk = practice.secretary()
    with tenancy.inside(practice.establishment):
        missed.answer(desk, visits[0], counts=True, why="Aucun appel ce jour-là", now=EVENING)
        with pytest.raises(refusals.AlreadyOver):
            missed.answer(desk, visits[0], counts=False, why="", now=EVENING)
    with tenancy.inside(records=[visits[0]]):
        row = Appointment.objects.get(id=visits[0])
        read = missed.objection(actor, Purpose.SELF, row)
        assert (read.said, read.answer, read.why) == (WORDS, "upheld", "Aucun appel ce jour-là")
        with pytest.raises(refusals.AlreadyOver):
            missed.object_to(actor, visits[0], "encore")
    with pytest.raises(refusals.AskedToCall):
        books(practice, actor, file, NEXT + timedelta(hours=1))
    with tenancy.inside(practice.establishment):
        assert missed.lift(desk, file, "hospitalisé ce mois-là", EVENING) == 2
        assert missed.lift(desk, file, "encore", EVENING) == 0
    assert books(practice, actor, file, NEXT + timedelta(hours=1))


def test_who_was_not_told_is_not_counted(practice: Practice) -> None:
    actor, file = practice.patient(email="lou@exemple.fr")
    before, kept, open_to_all = (visit_of(practice, file, hour) for hour in (9, 10, 11))
    assert (mark(practice, before).missed, told(practice, before)) == ("", []), "no rule, nothing"
    ruled(practice)
    with tenancy.inside(practice.establishment):
        secrecy.keep_secret(practice.secretary(), kept)
    assert (mark(practice, kept).missed, told(practice, kept)) == ("", [])
    assert mark(practice, open_to_all).missed == "counts"
    assert told(practice, open_to_all) == ["waiting"]
    assert books(practice, actor, file)


@pytest.mark.parametrize("wrong", [{"missed_max": 1}, {"missed_max": 11}, {"missed_months": 13}])
def test_no_house_limits_after_one_or_for_longer_than_a_year(
    practice: Practice, wrong: dict[str, int]
) -> None:
    with pytest.raises(IntegrityError), tenancy.inside(practice.establishment):
        OnlineTerms.objects.create(establishment_id=practice.establishment, **wrong)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(0, 700 * 1440), min_size=1, max_size=6),
    st.integers(2, 4),
    st.integers(1, 12),
)
def test_a_limit_holds_until_its_end_and_ends_by_itself(
    starts: list[int], most: int, months: int
) -> None:
    visits = [Visit(ids.new_id(), NOW + timedelta(minutes=one)) for one in starts]
    rule, now = Rule(most, months), max(one.starts_at for one in visits)
    found = missed_limit.limit(visits, rule, now)
    if found is None:
        lasting = [one for one in visits if missed_limit.lapses_at(one.starts_at, months) > now]
        assert len(lasting) < most
        return
    assert missed_limit.limit(visits, rule, found.until) is None
    almost = found.until - timedelta(microseconds=1)
    again = missed_limit.limit(visits, rule, almost)
    assert again is not None
    assert again.until == found.until

"""A move is the same appointment at another time: all of it, once, or nothing."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from serment import ids
from serment.directory import tenancy
from serment.disclosure import Actor, NotYours, Purpose, gate
from tests.scheduling.practice import NOW, TUESDAY, Practice, count, free_at, make_practice, paris

pytestmark = pytest.mark.django_db

NINE = paris(TUESDAY, 9)
TEN = paris(TUESDAY, 10)


def _booked(practice: Practice, at: Any = NINE) -> tuple[UUID, UUID, Actor]:
    from serment.scheduling import booking

    actor, file = practice.patient(email="lou@exemple.fr")
    made = booking.book(actor, practice.booking(file, at, note="ascenseur"), NOW)
    return made.id, file, actor


def _row(practice: Practice, visit: UUID) -> Any:
    from serment.scheduling.models import Appointment

    with tenancy.inside(practice.establishment):
        return Appointment.objects.get(id=visit)


def _move(desk: Actor, practice: Practice, visit: UUID, file: UUID, at: Any, **more: Any) -> Any:
    from serment.scheduling import moving

    with tenancy.inside(practice.establishment):
        return moving.move(desk, visit, practice.booking(file, at, **more), NOW)


def _spans(practice: Practice) -> list[tuple[Any, Any]]:
    from serment.scheduling.models import Occupancy

    with tenancy.inside(practice.establishment):
        return [(one.appointment_id, one.span.lower) for one in Occupancy.objects.all()]


def test_a_move_keeps_the_row_and_exchanges_its_time(practice: Practice) -> None:
    from serment.scheduling import sealed_details

    visit, file, _actor = _booked(practice)
    before = bytes(_row(practice, visit).request_key)
    desk = practice.secretary()
    moved = _move(desk, practice, visit, file, TEN, note="rez-de-chaussée")
    row = _row(practice, visit)
    assert (moved.id, count(practice)) == (visit, 1)
    assert (row.starts_at, row.ends_at) == (TEN, TEN + timedelta(minutes=30))
    assert (row.status, bytes(row.request_key)) == ("booked", before)
    assert _spans(practice) == [(visit, TEN)]
    assert "09:00" in free_at(practice)
    assert "10:00" not in free_at(practice)
    details = sealed_details.reveal(desk, Purpose.BOOKING, [row])[visit]
    assert (details.reason, details.note) == (practice.reason, "rez-de-chaussée")


def test_a_move_is_on_record_as_a_write_of_the_same_appointment(practice: Practice) -> None:
    visit, file, actor = _booked(practice)
    desk = practice.secretary()
    _move(desk, practice, visit, file, TEN)
    written = [
        one
        for one in gate.history(actor, file)
        if one.kind == "write" and one.actor_id == desk.id and "details" in one.fields
    ]
    assert [[record.record for record in one.records] for one in written] == [[visit]]
    assert gate.records_of(actor, actor.id) == [visit]


def test_the_person_is_told_the_new_time_once_and_an_undo_in_time_tells_nobody(
    practice: Practice,
) -> None:
    from serment.outbox.models import Message

    def states(*, left: bool = False) -> dict[str, str]:
        with tenancy.inside(practice.establishment):
            known = Message.objects.filter(record_id=visit)
            if left:
                known.filter(state="waiting").update(state="sent")
            return dict(known.values_list("kind", "state"))

    visit, file, _actor = _booked(practice)
    desk = practice.secretary()
    _move(desk, practice, visit, file, paris(TUESDAY, 10))
    assert states() == {"confirmation": "waiting"}  # which says the new time
    states(left=True)
    _move(desk, practice, visit, file, paris(TUESDAY, 11))
    assert states() == {"confirmation": "sent", "move": "waiting"}
    _move(desk, practice, visit, file, paris(TUESDAY, 10))
    assert states() == {"confirmation": "sent", "move": "cancelled"}
    _move(desk, practice, visit, file, paris(TUESDAY, 11))
    assert states(left=True) == {"confirmation": "sent", "move": "sent"}
    _move(desk, practice, visit, file, paris(TUESDAY, 10))  # the control: it had left
    assert states() == {"confirmation": "sent", "move": "waiting"}


def test_the_same_move_twice_is_one(practice: Practice) -> None:
    visit, file, actor = _booked(practice)
    desk = practice.secretary()
    _move(desk, practice, visit, file, TEN)
    sealed = _row(practice, visit).details.sealed
    _move(desk, practice, visit, file, TEN)
    assert _row(practice, visit).details.sealed == sealed
    writes = [one for one in gate.history(actor, file) if one.actor_id == desk.id]
    assert sum(one.kind == "write" and "details" in one.fields for one in writes) == 1


def test_the_words_change_without_the_time_and_without_a_message(practice: Practice) -> None:
    from serment.outbox.models import Message
    from serment.scheduling import sealed_details

    visit, file, _actor = _booked(practice)
    desk = practice.secretary()
    _move(desk, practice, visit, file, NINE, note="viendra avec sa fille")
    opened = sealed_details.reveal(desk, Purpose.BOOKING, [_row(practice, visit)])
    assert opened[visit].note == "viendra avec sa fille"
    with tenancy.inside(practice.establishment):
        assert not Message.objects.filter(kind="move").exists()


def test_a_refused_move_leaves_everything_as_it_was(practice: Practice) -> None:
    from serment.scheduling import refusals

    visit, file, _actor = _booked(practice)
    other, _file, _who = _booked(practice, TEN)
    sealed = _row(practice, visit).details.sealed
    desk = practice.secretary()
    with pytest.raises(refusals.SlotTaken):
        _move(desk, practice, visit, file, TEN)
    with pytest.raises(refusals.PastTime):
        _move(desk, practice, visit, file, NOW - timedelta(days=1))
    assert sorted(_spans(practice), key=lambda one: one[1]) == [(visit, NINE), (other, TEN)]
    assert _row(practice, visit).details.sealed == sealed


def test_a_move_that_overlaps_its_own_former_time_is_no_conflict(practice: Practice) -> None:
    visit, file, _actor = _booked(practice)
    later = NINE + timedelta(minutes=15)
    _move(practice.secretary(), practice, visit, file, later)
    assert _spans(practice) == [(visit, later)]


def test_another_persons_a_cancelled_or_another_houses_visit_is_not_moved(
    practice: Practice,
) -> None:
    from serment.scheduling import booking, moving, refusals

    visit, file, _actor = _booked(practice)
    desk = practice.secretary()
    stranger, _theirs = practice.patient()
    with pytest.raises(NotYours):
        _move(stranger, practice, visit, file, TEN)
    with pytest.raises(refusals.SomebodyElses):
        _move(desk, practice, visit, ids.new_id(), TEN)
    away = make_practice(1)
    with tenancy.inside(away.establishment), pytest.raises(refusals.NoSuchAppointment):
        moving.move(away.secretary(), visit, away.booking(file, TEN), NOW)
    with tenancy.inside(practice.establishment), pytest.raises(refusals.NoSuchAppointment):
        moving.move(desk, visit, away.booking(file, TEN), NOW)
    with tenancy.inside(practice.establishment):
        booking.cancel(desk, visit, "", NOW)
    with pytest.raises(refusals.AlreadyOver):
        _move(desk, practice, visit, file, TEN)
    assert _spans(practice) == []


def test_the_form_that_made_it_makes_no_second_one_after_a_move(practice: Practice) -> None:
    """Its request key stays with the row: sent again, the first form says so."""
    from serment.scheduling import booking, refusals

    actor, file = practice.patient()
    form = practice.booking(file, NINE)
    visit = booking.book(actor, form, NOW).id
    _move(practice.secretary(), practice, visit, file, TEN)
    with pytest.raises(refusals.FormAlreadyUsed):
        booking.book(actor, form, NOW)
    assert count(practice) == 1


@pytest.mark.django_db(transaction=True, databases=["default", "search"])
def test_two_visits_moved_to_one_time_at_once_one_gets_it() -> None:
    """The exclusion constraint decides, and the loser keeps its former time."""
    from serment.scheduling import refusals

    practice = make_practice()
    visits = [_booked(practice, paris(TUESDAY, hour))[:2] for hour in (9, 11)]
    desk, start, outcomes = practice.secretary(), threading.Barrier(2), []

    def go(visit: UUID, file: UUID) -> None:
        start.wait(5)
        try:
            outcomes.append(_move(desk, practice, visit, file, paris(TUESDAY, 15)).id)
        except refusals.SlotTaken:
            outcomes.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go, args=one) for one in visits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one is None for one in outcomes) == [False, True]
    taken = dict(_spans(practice))
    assert sorted(taken) == sorted(visit for visit, _file in visits)
    assert sum(at == paris(TUESDAY, 15) for at in taken.values()) == 1


@pytest.mark.django_db(transaction=True, databases=["default", "search"])
def test_two_visits_exchanged_at_once_end_without_a_bare_failure() -> None:
    """Each waits for the time the other gives up: PostgreSQL ends one, who is told it is taken."""
    from serment.scheduling import refusals

    practice = make_practice()
    (one, mine, _), (other, theirs, _) = _booked(practice, NINE), _booked(practice, TEN)
    desk, start, outcomes = practice.secretary(), threading.Barrier(2), []

    def go(visit: UUID, file: UUID, at: Any) -> None:
        start.wait(5)
        try:
            outcomes.append(_move(desk, practice, visit, file, at).starts_at)
        except refusals.SlotTaken:
            outcomes.append(None)
        finally:
            connections.close_all()

    ways = [(one, mine, TEN), (other, theirs, NINE)]
    threads = [threading.Thread(target=go, args=way) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
    assert sorted(at for _visit, at in _spans(practice)) == [NINE, TEN]

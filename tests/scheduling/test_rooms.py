"""A device breaks down: its visits take another where one is free, the others are named."""

from __future__ import annotations

import pytest

from serment.directory import tenancy
from serment.scheduling import booking, groups, orphans, resettling, rooms
from serment.scheduling.models import Appointment, Occupancy, Resource, VisitReason
from tests.scheduling.practice import NOW, TUESDAY, Practice, free_at, make_practice, paris
from tests.scheduling.test_beside import another_doctor, with_rooms

pytestmark = pytest.mark.django_db(databases=["default", "search"])
NINE, TEN = paris(TUESDAY, 9), paris(TUESDAY, 10)


def _switch_off(name: str) -> int:
    return rooms.switch_off(Resource.objects.get(name=name), NOW)


def _book(practice: Practice, at: object, **more: object) -> Appointment:
    actor, file = practice.patient(email="lou@exemple.fr")
    return booking.book(actor, practice.booking(file, at, **more), NOW)  # type: ignore[arg-type]


def _had(visit: Appointment) -> tuple[str, str]:
    """The one it has taken, which is nobody's choice, and the other."""
    (name,) = rooms.of_visit(visit.id)
    return name, str(Resource.objects.exclude(name=name).get())


def test_what_can_take_another_does_and_the_rest_is_left_and_moved(practice: Practice) -> None:
    with_rooms(practice, 2)
    colleague = another_doctor(practice)
    visit, beside = _book(practice, NINE), _book(colleague, NINE)
    alone = _book(practice, TEN)
    with tenancy.inside(practice.establishment):
        first, second = _had(visit)
        assert _had(beside) == (second, first)
        Occupancy.objects.filter(appointment_id=alone.id).exclude(claimant_id=practice.role).update(
            claimant_id=Resource.objects.get(name=first).pk
        )
        roles = [practice.role, colleague.role]
        tried = orphans.of_change(roles, lambda: _switch_off(first), NOW)
        assert [one.id for one in tried] == [visit.id], "at ten the other one is free"
        assert first in tried[0].because
        assert rooms.of_visit(alone.id) == [first], "only tried"
        assert _switch_off(first) == 1
        assert rooms.of_visit(alone.id) == [second]
        assert [one.id for one in orphans.of_now(roles, NOW)] == [visit.id]
        desk = practice.secretary()
        (done,) = resettling.settle_all(desk, {visit.id: NINE}, resettling.Way.MOVE, NOW).outcomes
        assert done.became == "moved"
        assert rooms.of_visit(visit.id) == [second]
        assert orphans.of_now(roles, NOW) == []


def test_what_is_over_keeps_what_it_had(practice: Practice) -> None:
    with_rooms(practice, 2)
    visit = _book(practice, NINE)
    with tenancy.inside(practice.establishment):
        first, _second = _had(visit)
        assert rooms.switch_off(Resource.objects.get(name=first), TEN) == 0
        assert rooms.of_visit(visit.id) == [first]
    assert free_at(practice), "the second is there"


def test_a_group_goes_with_the_room_of_its_session() -> None:
    practice = make_practice(in_groups=True, duration_minutes=60)
    with_rooms(practice, 2)
    with tenancy.inside(practice.establishment):
        groups.create(VisitReason.objects.get(id=practice.reason), NINE, 3, NOW)
    visit = _book(practice, NINE)
    with tenancy.inside(practice.establishment):
        first, second = _had(visit)
        assert _switch_off(first) == 1
        assert rooms.of_visit(visit.id) == [second]
        assert _switch_off(second) == 0
        assert [one.id for one in orphans.of_now([practice.role], NOW)] == [visit.id]

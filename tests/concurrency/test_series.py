"""Many clients want series and pairs that overlap: each has all of theirs or nothing.

The guard is the one transaction. The first test books visit by visit, as a form that sends each by
itself would, and shows halves; the second shows that there are none.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from serment.directory import tenancy
from serment.disclosure import Actor
from tests.concurrency.test_stampede import CONNECTIONS, stampede
from tests.scheduling.practice import NOW, TUESDAY, Practice, make_practice, paris

pytestmark = pytest.mark.django_db(transaction=True)

SESSIONS = 3


People = list[tuple[Actor, UUID]]


def storm(practice: Practice, book: Any) -> tuple[Counter[str], People]:
    """Clients of odd number count their weeks from one week later: all overlap with some."""
    from serment.scheduling import refusals

    people = [practice.patient() for _ in range(CONNECTIONS)]

    def act(number: int) -> str:
        first = TUESDAY + timedelta(weeks=number % 3)
        starts = [paris(first + timedelta(weeks=week), 9) for week in range(SESSIONS)]
        actor, file = people[number]
        try:
            book(actor, practice.booking(file, starts[0]), starts[1:], NOW)
        except (refusals.SlotTaken, refusals.NotOffered):
            return "gone"
        return "booked"

    return stampede(CONNECTIONS, act), people


def sizes(practice: Practice, people: People) -> list[int]:
    """How many visits stand of each who has any."""
    from serment.disclosure import gate
    from serment.scheduling.models import Appointment

    with tenancy.inside(practice.establishment):
        rows = [Appointment.objects.filter(id__in=gate.records_of(a, a.id)) for a, _file in people]
        return sorted(len(one) for one in rows if one)


def test_one_by_one_there_are_halves() -> None:
    from dataclasses import replace

    from serment.scheduling import booking

    def one_by_one(actor: Any, form: Any, later: Any, now: Any) -> None:
        for number, at in enumerate([form.starts_at, *later]):
            key = bytes([number]) * 16
            booking.book(actor, replace(form, starts_at=at, request_key=key), now)

    practice = make_practice(sessions=SESSIONS)
    _outcomes, people = storm(practice, one_by_one)
    assert min(sizes(practice, people)) < SESSIONS


def test_together_all_or_none() -> None:
    from serment.scheduling import series
    from serment.scheduling.models import Occupancy

    practice = make_practice(sessions=SESSIONS)
    outcomes, people = storm(practice, series.book)
    assert outcomes["booked"] >= 1
    assert sizes(practice, people) == [SESSIONS] * outcomes["booked"]
    with tenancy.inside(practice.establishment):
        assert Occupancy.objects.count() == SESSIONS * outcomes["booked"]


def linked() -> tuple[Practice, list[tuple[UUID, UUID]]]:
    """An hour with one, then half an hour with either of two."""
    from serment.scheduling import linked_times
    from serment.scheduling.models import VisitReason
    from tests.scheduling.practice import make_role

    practice = make_practice(duration_minutes=60)
    with tenancy.inside(practice.establishment):
        ways = []
        for _doctor in range(2):
            role = make_role(practice.establishment, practice.site)
            reason = VisitReason.objects.create(
                establishment_id=practice.establishment, role_id=role, duration_minutes=30,
                name_fr="Ensuite", name_en="Then",
            )  # fmt: skip
            ways.append((role, reason.id))
        step = linked_times.Step(tuple(ways), 0, 60)
        rows = VisitReason.objects.filter(id=practice.reason)
        rows.update(steps=linked_times.written([step]))
    return practice, ways


def linked_storm(practice: Practice, ways: Any, book: Any) -> tuple[Counter[str], People]:
    """All want the same first hour or the next, and some the same second step after either."""
    from serment.scheduling import refusals
    from serment.scheduling.linked_booking import Later

    people = [practice.patient() for _ in range(CONNECTIONS)]

    def act(number: int) -> str:
        actor, file = people[number]
        first = paris(TUESDAY, 9 + number % 2)
        role, reason = ways[number // 2 % 2]
        after = Later(role, reason, paris(TUESDAY, 11))
        if number % 2 == 0:
            after = Later(role, reason, paris(TUESDAY, 10, 30 * (number // 4 % 2)))
        try:
            book(actor, practice.booking(file, first), after)
        except (refusals.SlotTaken, refusals.NotOffered):
            return "gone"
        return "booked"

    return stampede(CONNECTIONS, act), people


def test_step_by_step_there_are_halves() -> None:
    from dataclasses import replace

    from serment.scheduling import booking

    def one_by_one(actor: Any, form: Any, after: Any) -> None:
        # The second step first, as a page that books each by itself might.
        second = replace(
            form, role_id=after.role_id, reason_id=after.reason_id, starts_at=after.starts_at,
            request_key=bytes(16),
        )  # fmt: skip
        booking.book(actor, second, NOW)
        booking.book(actor, replace(form, step=1), NOW)

    practice, ways = linked()
    _outcomes, people = linked_storm(practice, ways, one_by_one)
    assert min(sizes(practice, people)) < 2


def test_steps_all_or_none() -> None:
    from serment.scheduling import linked_booking
    from serment.scheduling.models import Occupancy

    practice, ways = linked()
    outcomes, people = linked_storm(
        practice, ways, lambda actor, form, after: linked_booking.book(actor, form, [after], NOW)
    )
    assert outcomes["booked"] == 2, "one from nine, one from ten"
    assert sizes(practice, people) == [2, 2]
    with tenancy.inside(practice.establishment):
        assert Occupancy.objects.count() == 4

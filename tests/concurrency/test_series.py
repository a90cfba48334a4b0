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

"""Forty clients, a session of seven seats: seven sit, each on a seat of their own.

The guard is the constraint on a seat's number. The first test takes it away and shows that looking
for a free seat before sitting down does not keep two from the same one.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from serment.directory import tenancy
from tests.concurrency.test_stampede import CONNECTIONS, stampede
from tests.scheduling.practice import NOW, TUESDAY, Practice, make_practice, paris

pytestmark = pytest.mark.django_db(transaction=True)

SEATS = 7
AT = paris(TUESDAY, 18, 30)
TABLE, CONSTRAINT = "scheduling_seat", "seat_number_once"


def workshop() -> Practice:
    """A reason in groups, and one session of it after hours."""
    from serment.scheduling import groups
    from serment.scheduling.models import VisitReason

    practice = make_practice(in_groups=True)
    with tenancy.inside(practice.establishment):
        groups.create(VisitReason.objects.get(id=practice.reason), AT, SEATS, NOW)
    return practice


def storm(practice: Practice) -> Counter[str]:
    from serment.scheduling import booking, groups

    people = [practice.patient() for _ in range(CONNECTIONS)]

    def act(number: int) -> str:
        actor, file = people[number]
        try:
            booking.book(actor, practice.booking(file, AT), NOW)
        except groups.SessionFull:
            return "full"
        return "seated"

    return stampede(CONNECTIONS, act)


def numbers(practice: Practice) -> list[int]:
    from serment.scheduling.models import Seat

    with tenancy.inside(practice.establishment):
        return sorted(Seat.objects.values_list("number", flat=True))


@pytest.fixture
def without_constraint(superuser: Any, monkeypatch: Any) -> Any:
    from serment.scheduling import groups

    bare = groups._SIT.replace(
        "ON CONFLICT (establishment_id, session_id, number) DO NOTHING", ""
    ).replace("ORDER BY random()", "ORDER BY n")
    monkeypatch.setattr(groups, "_SIT", bare)
    superuser.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {CONSTRAINT}")
    yield
    superuser.execute(f"DELETE FROM {TABLE}")
    superuser.execute(
        f"ALTER TABLE {TABLE} ADD CONSTRAINT {CONSTRAINT}"
        " UNIQUE (establishment_id, session_id, number)"
    )


def test_without_the_constraint_two_sit_on_one_seat(without_constraint: Any) -> None:
    practice = workshop()
    storm(practice)
    found = numbers(practice)
    assert len(found) > len(set(found))


def test_a_session_of_seven_seats_seven() -> None:
    practice = workshop()
    assert storm(practice) == {"seated": SEATS, "full": CONNECTIONS - SEATS}
    assert numbers(practice) == list(range(1, SEATS + 1))

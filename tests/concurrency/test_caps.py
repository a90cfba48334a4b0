"""Many clients, as many free slots, and a day that takes five: exactly five are booked.

The guard is the lock of the count's row. The first test counts without it and shows that looking
before writing lets more in; the second shows that the lock does not. The third is about rooms.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from serment.directory import tenancy
from tests.concurrency.test_stampede import CONNECTIONS, rows, stampede
from tests.scheduling.practice import NOW, TUESDAY, Practice, make_practice, make_role, paris
from tests.scheduling.test_beside import with_rooms

pytestmark = pytest.mark.django_db(transaction=True)

CAP = 5
CLIENTS = CONNECTIONS


def capped() -> Practice:
    """Visits of ten minutes: more free slots that day than clients."""
    return make_practice(duration_minutes=10, daily_cap=CAP)


def storm(practice: Practice) -> Any:
    """Each client at a slot of its own."""
    from serment.scheduling import booking, refusals

    people = [practice.patient() for _ in range(CLIENTS)]

    def act(number: int) -> str:
        at = paris(TUESDAY, 9 + number // 6 + 2 * (number >= 18), 10 * (number % 6))
        try:
            booking.book(people[number][0], practice.booking(people[number][1], at), NOW)
        except refusals.DayFull:
            return "full"
        return "booked"

    return stampede(CLIENTS, act)


def test_without_the_lock_more_are_booked_than_a_day_takes(monkeypatch: Any) -> None:
    from django.db import connection

    from serment.scheduling import counting

    def look_then_write(day: Any, tenant: UUID, cap: int) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT taken FROM scheduling_daycount WHERE tag = %s", [day.tag])
            found = cursor.fetchone()
            taken = found[0] if found else 0
            if taken >= cap:
                return False
            cursor.execute("SELECT pg_sleep(0.02)")
            cursor.execute(
                "INSERT INTO scheduling_daycount (tag, establishment_id, taken, forget_after)"
                " VALUES (%s, %s, %s, now()) ON CONFLICT (tag) DO UPDATE SET taken = %s",
                [day.tag, tenant, taken + 1, taken + 1],
            )
        return True

    monkeypatch.setattr(counting, "take", look_then_write)
    monkeypatch.setattr(counting, "full_days", lambda *_asked, using: {})
    practice = capped()
    storm(practice)
    assert rows(practice)[0] > CAP


def test_a_day_that_takes_five_takes_five(monkeypatch: Any) -> None:
    from serment.scheduling import counting

    # Nobody looks before: all come to the count itself.
    monkeypatch.setattr(counting, "full_days", lambda *_asked, using: {})
    practice = capped()
    assert storm(practice) == {"booked": CAP, "full": CLIENTS - CAP}
    assert rows(practice) == (CAP, CAP), "who was refused holds no time"


def test_three_rooms_at_one_hour_take_three_visits() -> None:
    from serment.scheduling import booking, refusals
    from serment.scheduling.models import VisitReason

    practice = make_practice()
    with_rooms(practice, 3)
    doctors = [practice]
    with tenancy.inside(practice.establishment):
        for number in range(7):
            same = VisitReason.objects.get(id=practice.reason)
            same.role_id = make_role(practice.establishment, practice.site, number)
            same.id = same.role_id
            same.save(force_insert=True)
            house = (practice.establishment, practice.site)
            doctors.append(Practice(*house, same.role_id, same.id))
    desk = practice.secretary()
    files = [practice.patient()[1] for _ in doctors]

    def act(number: int) -> str:
        whose = doctors[number % len(doctors)]
        form = whose.booking(files[number % len(doctors)], paris(TUESDAY, 9))
        try:
            booking.book(desk, form, NOW)
        except (refusals.SlotTaken, refusals.NotOffered):
            return "none left"
        return "booked"

    assert stampede(CONNECTIONS, act) == {"booked": 3, "none left": CONNECTIONS - 3}
    assert rows(practice) == (3, 6)

"""Each wall around appointments and time: shown to leak when taken down, then shown to hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError, connections

from serment.directory import tenancy
from tests.scheduling.practice import NOW, TUESDAY, Practice, make_practice, paris

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "search"])


@contextmanager
def wall_down(superuser: Any, table: str) -> Iterator[None]:
    """The table without its row-level security, as if a migration had forgotten it."""
    superuser.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    try:
        yield
    finally:
        superuser.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


@pytest.fixture
def booked() -> tuple[list[Practice], list[UUID]]:
    """Two practices with an appointment each."""
    from serment.scheduling import booking

    practices = [make_practice(number) for number in range(2)]
    made = []
    for practice in practices:
        actor, file = practice.patient()
        made.append(booking.book(actor, practice.booking(file, paris(TUESDAY, 9)), NOW).id)
    return practices, made


def appointments(tenant: UUID | None = None, records: list[UUID] | None = None) -> set[UUID]:
    from serment.scheduling.models import Appointment

    with tenancy.inside(tenant, records=records):
        return set(Appointment.objects.values_list("id", flat=True))


def test_the_neighbours_appointments_leak_only_with_the_wall_down(
    booked: tuple[list[Practice], list[UUID]], superuser: Any
) -> None:
    practices, made = booked
    with wall_down(superuser, "scheduling_appointment"):
        assert appointments(practices[0].establishment) == set(made)
        assert appointments() == set(made)
    assert appointments(practices[0].establishment) == {made[0]}
    assert appointments() == set()


def test_a_patient_sees_own_records_and_may_not_write_them_directly(
    booked: tuple[list[Practice], list[UUID]],
) -> None:
    from serment.scheduling.models import Appointment

    _, made = booked
    assert appointments(records=[made[1]]) == {made[1]}
    with tenancy.inside(records=[made[1]]):
        assert Appointment.objects.filter(id=made[1]).update(status="noshow") == 0


def test_time_taken_is_written_by_its_own_establishment_only(
    booked: tuple[list[Practice], list[UUID]], superuser: Any
) -> None:
    from serment.scheduling import occupying

    practices, _ = booked
    mine, theirs = practices
    claim = occupying.Claim(
        theirs.establishment, theirs.role, paris(TUESDAY, 10), paris(TUESDAY, 11)
    )
    with pytest.raises(ProgrammingError), tenancy.inside(mine.establishment):
        occupying.take(claim, NOW, kind="block")
    with wall_down(superuser, "scheduling_occupancy"), tenancy.inside(mine.establishment):
        assert occupying.take(claim, NOW, kind="block") is not None


def test_rows_of_another_house_do_not_touch_a_practitioners_slots(
    booked: tuple[list[Practice], list[UUID]],
) -> None:
    """A hostile tenant writes, in its own name, time and openings for somebody else's doctor."""
    from serment.scheduling import occupying, search
    from serment.scheduling.models import WeeklyOpening

    mine, theirs = booked[0]
    window = (paris(TUESDAY, 0), paris(TUESDAY, 23))
    before = search.next_slots([theirs.role], theirs.reason, window, NOW, 100)
    assert len(before[theirs.role]) == 13
    with tenancy.inside(mine.establishment):
        claim = occupying.Claim(
            mine.establishment, theirs.role, paris(TUESDAY, 8), paris(TUESDAY, 20)
        )
        assert occupying.take(claim, NOW, kind="block") is not None
        WeeklyOpening.objects.create(
            establishment_id=mine.establishment,
            role_id=theirs.role,
            weekday=1,
            starts="20:00",
            ends="22:00",
        )
    assert search.next_slots([theirs.role], theirs.reason, window, NOW, 100) == before


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM scheduling_appointment",
        "SELECT appointment_id FROM scheduling_occupancy",
        "SELECT id FROM scheduling_occupancy",
        "SELECT tag FROM scheduling_holder",
        "DELETE FROM scheduling_occupancy",
        "UPDATE scheduling_visitreason SET active = false",
    ],
)
def test_the_public_search_sees_time_and_no_appointment(sql: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        connections["search"].cursor() as cursor,
    ):
        cursor.execute(sql)


def test_the_public_search_reads_through_its_own_role(
    booked: tuple[list[Practice], list[UUID]],
) -> None:
    with connections["search"].cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("serment_search",)
        cursor.execute("SELECT claimant_id FROM scheduling_occupancy")
        assert {row[0] for row in cursor.fetchall()} == {p.role for p in booked[0]}


def held_by(tag: bytes) -> int:
    """Holders that a request sees which names this tag."""
    from serment.directory.pipeline import together
    from serment.scheduling import holders
    from serment.scheduling.models import Holder

    with tenancy.inside():
        together(holders.stand(tag))
        return Holder.objects.count()


def test_who_holds_a_slot_leaks_only_with_the_wall_down(superuser: Any) -> None:
    from serment.scheduling import holders, holding

    practice = make_practice()
    (mine, _), (theirs, _) = practice.patient(), practice.patient()
    holding.hold(mine, practice.role, practice.reason, paris(TUESDAY, 9), NOW)
    holding.hold(theirs, practice.role, practice.reason, paris(TUESDAY, 10), NOW)
    with wall_down(superuser, "scheduling_holder"):
        assert held_by(bytes(32)) == 2
    assert held_by(bytes(32)) == 0
    assert held_by(holders.tag_of(mine)) == 1
    with tenancy.inside(practice.establishment):
        assert held_by(bytes(32)) == 0


def test_only_the_worker_forgets_the_holders_of_all_and_only_expired_ones(superuser: Any) -> None:
    from serment import clock
    from serment.scheduling import holders, holding

    practice = make_practice()
    (old, _), (new, _) = practice.patient(), practice.patient()
    holding.hold(old, practice.role, practice.reason, paris(TUESDAY, 9), NOW)
    holding.hold(new, practice.role, practice.reason, paris(TUESDAY, 10), NOW)
    superuser.execute(
        "UPDATE scheduling_holder SET expires_at = now() + interval '5 minutes' WHERE tag = %s",
        [holders.tag_of(new)],
    )
    holders.sweep(clock.now())
    assert held_by(holders.tag_of(old)) == 1
    superuser.execute("SET ROLE serment_worker")
    try:
        superuser.execute("DELETE FROM scheduling_holder")
    finally:
        superuser.execute("RESET ROLE")
    assert held_by(holders.tag_of(old)) == 0
    assert held_by(holders.tag_of(new)) == 1

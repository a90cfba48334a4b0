"""Two hundred clients, twenty connections, one slot: exactly one appointment.

The guard is PostgreSQL's exclusion constraint. The first test drops it and shows that the check
before the write does not stop the race; the second shows that the constraint does.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections

from serment.directory import tenancy
from serment.disclosure import Actor
from tests.scheduling.practice import NOW, TUESDAY, Practice, make_practice, paris

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 200
CONNECTIONS = 20
NINE = paris(TUESDAY, 9)
CONSTRAINT = "occupancy_exclusive"


def stampede(clients: int, act: Callable[[int], str]) -> Counter[str]:
    """All clients at once over ``CONNECTIONS`` threads, each with a connection of its own."""
    gate_open = threading.Barrier(CONNECTIONS)
    waiting = threading.local()

    def client(number: int) -> str:
        if not getattr(waiting, "done", False):
            waiting.done = True
            connection.ensure_connection()
            gate_open.wait(20)
        return act(number)

    def leave(_number: int) -> None:
        connections.close_all()
        gate_open.wait(20)  # so that each thread closes its own, and none two in another's place

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        outcomes = Counter(pool.map(client, range(clients)))
        list(pool.map(leave, range(CONNECTIONS)))
    return outcomes


def crowd(practice: Practice, people: int) -> list[tuple[Actor, UUID]]:
    """Patients with an account and a file each."""
    return [practice.patient() for _ in range(people)]


def booking_of(actors: list[Actor], forms: list[Any]) -> Callable[[int], str]:
    """Each client sends a form; the patients take turns."""
    from serment.scheduling import booking, refusals

    def act(number: int) -> str:
        try:
            return str(booking.book(actors[number % len(actors)], forms[number], NOW).id)
        except refusals.AlreadyYours:
            return "yours"
        except refusals.TooMany:
            return "too many"
        except refusals.SlotTaken as refused:
            return "taken" if len(refused.nearest) == 4 else "taken, and nothing proposed"

    return act


def forms_at(practice: Practice, people: list[tuple[Actor, UUID]], starts: list[datetime],
             clients: int) -> list[Any]:  # fmt: skip
    """One form a client, the patients and the times taking turns."""
    return [
        practice.booking(people[n % len(people)][1], starts[n % len(starts)])
        for n in range(clients)
    ]


def rows(practice: Practice) -> tuple[int, int]:
    from serment.scheduling.models import Appointment, Occupancy

    with tenancy.inside(practice.establishment):
        return Appointment.objects.count(), Occupancy.objects.count()


@pytest.fixture
def without_constraint(superuser: Any) -> Any:
    """The guard removed, and put back whatever happens."""
    table = "scheduling_occupancy"
    found = superuser.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [CONSTRAINT]
    ).fetchone()
    superuser.execute(f"ALTER TABLE {table} DROP CONSTRAINT {CONSTRAINT}")
    yield
    superuser.execute(f"DELETE FROM {table}")
    superuser.execute(f"ALTER TABLE {table} ADD CONSTRAINT {CONSTRAINT} {found[0]}")


def test_without_the_constraint_the_race_sells_one_slot_twice(without_constraint: Any) -> None:
    """A race needs not be lost each time: once in a few is enough to show the fault."""

    def sold() -> int:
        practice = make_practice()
        people = crowd(practice, CONNECTIONS)
        forms = forms_at(practice, people, [NINE], CONNECTIONS)
        stampede(CONNECTIONS, booking_of([actor for actor, _ in people], forms))
        return rows(practice)[0]

    assert any(sold() > 1 for _ in range(6))


def test_two_hundred_clients_on_one_slot_make_one_appointment() -> None:
    practice = make_practice()
    people = crowd(practice, CONNECTIONS * 2)
    forms = forms_at(practice, people, [NINE], CLIENTS)
    outcomes = stampede(CLIENTS, booking_of([actor for actor, _ in people], forms))
    assert outcomes["taken"] + outcomes["yours"] == CLIENTS - 1
    assert outcomes["yours"] < CLIENTS // len(people)
    assert rows(practice) == (1, 1)


def test_one_form_sent_twenty_times_at_once_is_one_appointment() -> None:
    practice = make_practice()
    actor, file = practice.patient()
    form = practice.booking(file, NINE)
    outcomes = stampede(CONNECTIONS * 2, booking_of([actor], [form] * CONNECTIONS * 2))
    assert len(outcomes) == 1
    assert "taken" not in outcomes
    assert rows(practice) == (1, 1)


def test_one_overbooking_sent_many_times_at_once_is_one_appointment() -> None:
    """No exclusion constraint here: the form's key alone must hold."""
    from serment.scheduling import booking

    practice = make_practice()
    desk = practice.secretary()
    _, file = practice.patient()
    booking.book(desk, practice.booking(file, NINE), NOW)
    form = practice.booking(file, NINE, overbook=True)
    outcomes = stampede(CONNECTIONS, booking_of([desk], [form] * CONNECTIONS))
    assert len(outcomes) == 1
    assert rows(practice) == (2, 2)


def test_one_hold_among_many_who_want_the_slot() -> None:
    from serment.scheduling import holding, refusals

    practice = make_practice()
    people = crowd(practice, CONNECTIONS * 2)

    def act(number: int) -> str:
        try:
            holding.hold(people[number][0], practice.role, practice.reason, NINE, NOW)
        except refusals.SlotTaken:
            return "taken"
        return "held"

    outcomes = stampede(CONNECTIONS * 2, act)
    assert outcomes == {"held": 1, "taken": CONNECTIONS * 2 - 1}


def test_neighbouring_visits_all_find_their_place() -> None:
    """A storm on a whole morning: every slot is sold, none twice."""
    practice = make_practice()
    people = crowd(practice, 7)
    starts = [paris(TUESDAY, 9 + half // 2, 30 * (half % 2)) for half in range(6)]
    forms = forms_at(practice, people, starts, 60)
    outcomes = stampede(60, booking_of([actor for actor, _ in people], forms))
    assert outcomes["taken"] + outcomes["yours"] + outcomes["too many"] == 54
    assert rows(practice) == (6, 6)

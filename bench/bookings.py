"""Confirmed bookings a second, beside bare inserts into the same table with the same constraint.

Thirty-two clients, a database connection each, in eight processes for both, so that neither side
waits for one interpreter's lock. A confirmed booking is the whole act: rules checked again, time
taken, details sealed by a keeper that synced its record, confirmation posted, committed. A bare
insert is one row of time taken, committed as durably.

Open screens are told of each booking by a trigger (``NOTIFY``), and PostgreSQL lets those who tell
commit one after the other: the same bookings without it show what that costs.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg

from bench import ground, population
from bench.report import Figure, write

CLIENTS = 32
PROCESSES = 8
WARM_UP = 3
SECONDS = 5.0
PATIENTS = 16
"""Of each client; each may have twelve visits to come, three with one practitioner."""
RUNS = 3
_INSERT = """
INSERT INTO scheduling_occupancy
  (id, establishment_id, claimant_id, span, kind, exclusive, appointment_id)
VALUES (%s, %s, %s, tstzrange(%s, %s), 'appointment', true, %s)
"""
_TELLS: dict[str, LiteralString] = {
    act: f"ALTER TABLE scheduling_appointment {act} TRIGGER scheduling_agenda_changed"
    for act in ("ENABLE", "DISABLE")
}


@dataclass(frozen=True, slots=True)
class Patient:
    """An account with its session, and its file at one establishment."""

    account: UUID
    file: UUID
    capability: bytes


@dataclass(frozen=True, slots=True)
class Client:
    """One client: its patients, and the free slots it may book, nobody else's.

    A patient may have a few visits to come with one practitioner and no more, so they take turns.
    """

    patients: list[Patient]
    tenant: UUID
    slots: list[tuple[UUID, UUID, datetime]]


def clients(now: datetime) -> list[Client]:
    """Each client at an establishment of its own, with patients who have a file there."""
    from serment.directory.models import PractitionerRole
    from serment.scheduling import search

    tenants = list(
        PractitionerRole.objects.order_by("establishment_id")
        .values_list("establishment_id", flat=True)
        .distinct()[:CLIENTS]
    )
    found = []
    for tenant in tenants:
        roles = list(PractitionerRole.objects.filter(establishment_id=tenant).values_list("id"))
        window = (now, now + timedelta(days=60))
        free = search.next_slots([role for (role,) in roles], None, window, now, 10_000)
        slots = [(s.role_id, s.reason_id, s.starts_at) for each in free.values() for s in each]
        slots.sort(key=lambda slot: slot[2])
        found.append(Client([_patient(tenant) for _ in range(PATIENTS)], tenant, slots))
    return found


def _patient(tenant: UUID) -> Patient:
    from serment.directory import tenancy
    from serment.disclosure import SYSTEM, Purpose, gate
    from serment.identity.models import PatientFile

    account, file = uuid4(), uuid4()
    with tenancy.inside(tenant):
        row = PatientFile(id=file, establishment_id=tenant)
        values = {"family_name": "Banc", "given_name": "Camille", "email": "banc@exemple.fr"}
        gate.seal(SYSTEM, Purpose.IMPORT, row, values, subject=file, tenant=tenant)
        row.save(force_insert=True)
    gate.link(SYSTEM, account=account, patient_file=file)
    return Patient(account, file, gate.open_session("patient", account, "", None, 1))


_ready: list[Barrier] = []


def _start(all_ready: Barrier) -> None:
    import django

    django.setup()
    _ready.append(all_ready)


def _all_processes() -> None:
    _ready[0].wait()


def _for_a_while(acts: list[Callable[[], object]]) -> int:
    """Run one act a thread again and again for ``SECONDS``; how many were done.

    Each first does a few that are not counted, and waits until all processes have.
    """
    from django.db import connections

    done = [0] * len(acts)
    warm = threading.Barrier(len(acts), action=_all_processes)

    def work(number: int) -> None:
        for _ in range(WARM_UP):
            acts[number]()
        warm.wait()
        until = time.perf_counter() + SECONDS
        while time.perf_counter() < until:
            acts[number]()
            done[number] += 1
        connections.close_all()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done)


def book_all(some: list[Client], now: datetime) -> int:
    """Confirmed bookings of this process's clients."""
    from serment.disclosure import Actor
    from serment.scheduling import booking

    def act_of(client: Client) -> Callable[[], object]:
        slots = iter(client.slots)
        turns = cycle(client.patients)

        def act() -> object:
            role, reason, starts_at = next(slots)
            patient = next(turns)
            actor = Actor("patient", patient.account, capability=patient.capability)
            form = booking.Booking(
                role_id=role,
                reason_id=reason,
                starts_at=starts_at,
                mode="in_person",
                request_key=os.urandom(16),
                patient_file=patient.file,
                first_visit=True,
            )
            return booking.book(actor, form, now)

        return act

    return _for_a_while([act_of(client) for client in some])


def insert_all(some: list[Client], state: Path) -> int:
    """Bare inserts of this process's clients, each over a connection of its own."""
    with ExitStack() as opened:
        lines = [opened.enter_context(ground.superuser(state)) for _ in some]
        return _for_a_while([_insert(*pair) for pair in zip(some, lines, strict=True)])


def _insert(
    client: Client, connection: psycopg.Connection[tuple[object, ...]]
) -> Callable[[], object]:
    slots: Iterator[tuple[UUID, UUID, datetime]] = iter(client.slots)

    def act() -> object:
        role, _, starts_at = next(slots)
        ends_at = starts_at + timedelta(minutes=30)
        values = [uuid4(), client.tenant, role, starts_at, ends_at, uuid4()]
        return connection.execute(_INSERT, values)

    return act


def measure(pool: Pool, task: Callable[..., int], everybody: list[Client], *more: object) -> float:
    """Acts a second over all processes."""
    share = len(everybody) // PROCESSES
    parts = [everybody[n * share : (n + 1) * share] for n in range(PROCESSES)]
    return sum(pool.starmap(task, [(part, *more) for part in parts], 1)) / SECONDS


def main() -> None:
    """Alternate all three, from an empty agenda each time."""
    from serment import clock

    now = clock.now().replace(second=0, microsecond=0)
    booked: list[float] = []
    silent: list[float] = []
    bare: list[float] = []
    with ground.instance(keeper=True) as state, ground.superuser(state) as root:
        population.people(root, now)
        everybody = clients(now)
        spawn = multiprocessing.get_context("spawn")
        with spawn.Pool(PROCESSES, _start, (spawn.Barrier(PROCESSES),)) as pool:
            for _ in range(RUNS):
                population.empty(root)
                bare.append(measure(pool, insert_all, everybody, state))
                for found, tells in ((booked, "ENABLE"), (silent, "DISABLE")):
                    population.empty(root)
                    root.execute(_TELLS[tells])
                    found.append(measure(pool, book_all, everybody, now))
        from django.db import connections

        connections.close_all()
    write("bookings", _figures(booked, silent, bare))


def _figures(booked: list[float], silent: list[float], bare: list[float]) -> list[Figure]:
    ours = statistics.median(booked)
    beside = (
        ("bare inserts, same table and constraint,", statistics.median(bare), "at least 0.3 times"),
        ("the same, no open screen told,", statistics.median(silent), "at least 0.9 times"),
    )
    return [
        Figure(
            what=f"confirmed bookings a second, {CLIENTS} clients",
            value=round(ours, 1),
            unit="/s",
            beside=what,
            beside_value=round(theirs, 1),
            ratio=round(ours / theirs, 3),
            target=target,
            runs=RUNS,
        )
        for what, theirs, target in beside
    ]


if __name__ == "__main__":
    main()

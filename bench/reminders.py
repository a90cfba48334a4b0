"""Reminders planned and handed to a mail sink: how many a second, and whether memory stays flat.

``REMINDERS=100000 python -m bench.reminders`` for the whole of it; 3,000 by default. All fall due
at one instant at one house. The sink is a process of its own that takes mail by SMTP and throws it
away; each message opens its address at a keeper that synced its record first, and stands in a
synced row before it is handed over.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec

from bench import ground
from bench.population import _rpps
from bench.report import Figure, write
from serment.keeper import wire
from serment.keeper.words import PARTS_MAX

if TYPE_CHECKING:
    from serment.disclosure import Actor
    from serment.disclosure.gate import Errand

REMINDERS = int(os.environ.get("REMINDERS", "3000"))
A_SECOND = 200.0
GROWTH_MIB_MAX = 32.0
SIGNERS = 4
_SEALED_AT_ONCE = 200
_PARIS = ZoneInfo("Europe/Paris")
_SINK = """
import asyncio, sys
from aiosmtpd.controller import Controller

class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 thrown away"

async def main():
    from aiosmtpd.smtp import SMTP
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink()), "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()

asyncio.run(main())
"""


@contextmanager
def sink() -> Iterator[int]:
    """A mail server; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    running = subprocess.Popen([sys.executable, "-c", _SINK, str(port)])
    try:
        for _attempt in range(100):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        running.terminate()
        running.wait()


def _signed(desk: Actor, errands: list[Errand]) -> list[bytes]:
    """A few tickets in one request: only the filling is hurried so."""
    from serment.disclosure.line import ask

    parts = [wire.Part("errand", body=wire.raw(one)) for one in errands]
    bodies = ask("batch", desk, wire.BatchAnswer, wire.BatchAsk(parts)).bodies
    return [msgspec.msgpack.decode(one, type=wire.Token32).token for one in bodies]


def practice() -> tuple[UUID, UUID]:
    """A house with one doctor."""
    from serment.directory import models, tenancy

    house = uuid4()
    with tenancy.inside(house):
        models.Establishment.objects.create(id=house, slug="banc", name="Banc", kind="practice")
        site = models.Site.objects.create(
            establishment_id=house, slug="banc", name="Banc", address_line="1 rue du Banc",
            postcode="75011", city="Paris", commune_code="75111", latitude=48.86, longitude=2.37,
            timezone="Europe/Paris", holiday_region="FR",
        )  # fmt: skip
        doctor = models.Practitioner.objects.create(
            rpps=_rpps(0), slug="banc", title="Dr", given_name="Camille", family_name="Banc"
        )
        role = models.PractitionerRole.objects.create(
            establishment_id=house, site=site, practitioner=doctor,
            profession=models.Profession.objects.get(code="10"),
            specialty=models.Specialty.objects.get(code="SM38"),
        )  # fmt: skip
    return house, role.pk


def booked(house: UUID, role: UUID, starts_at: datetime) -> None:
    """Files, visits and rights to remind, sealed and signed as bookings do it."""
    from serment.directory import tenancy
    from serment.disclosure import SYSTEM, Actor, Purpose, gate
    from serment.identity.models import PatientFile
    from serment.outbox import reminders
    from serment.outbox.models import ReminderTicket
    from serment.scheduling.models import Appointment

    who = uuid4()
    desk = Actor("staff", who, "secretary", house,
                 capability=gate.open_session("staff", who, "secretary", house, 12))  # fmt: skip
    for start in range(0, REMINDERS, _SEALED_AT_ONCE):
        count = min(_SEALED_AT_ONCE, REMINDERS - start)
        files = [PatientFile(id=uuid4(), establishment_id=house) for _one in range(count)]
        visits = [
            Appointment(
                id=uuid4(), establishment_id=house, role_id=role, request_key=uuid4().bytes,
                starts_at=starts_at, ends_at=starts_at + timedelta(minutes=20),
            )
            for _one in files
        ]  # fmt: skip
        with tenancy.inside(house):
            named = [
                (file, {"family_name": "Banc", "email": f"p{start + n}@exemple.fr"}, file.pk)
                for n, file in enumerate(files)
            ]
            gate.seal_many(SYSTEM, Purpose.IMPORT, named, tenant=house)
            told = [
                (one, {"details": "{}"}, file.pk) for one, file in zip(visits, files, strict=True)
            ]
            gate.seal_many(SYSTEM, Purpose.IMPORT, told, tenant=house)
            PatientFile.objects.bulk_create(files)
            Appointment.objects.bulk_create(visits)
        errands = [reminders.errand(one.pk, starts_at) for one in visits]
        parts = [errands[n : n + PARTS_MAX] for n in range(0, len(errands), PARTS_MAX)]
        with ThreadPoolExecutor(SIGNERS) as signers:
            signed = signers.map(lambda some: _signed(desk, some), parts)
            tickets = [ticket for some in signed for ticket in some]
        with tenancy.inside(house):
            rights = [
                reminders.right(one.pk, ticket, None)
                for one, ticket in zip(visits, tickets, strict=True)
            ]
            ReminderTicket.objects.bulk_create(
                [
                    ReminderTicket(
                        id=right.id, establishment_id=house, record_id=one.pk,
                        terms=right.terms, ticket=right.ticket,
                    )
                    for one, right in zip(visits, rights, strict=True)
                ]
            )  # fmt: skip


def _mib() -> float:
    """What this process holds now; its greatest ever would hide growth below it."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


@contextmanager
def _highest(found: list[float]) -> Iterator[None]:
    """Put the most that was held meanwhile, looked at twice a second, into ``found``."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.5):
            found.append(_mib())

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    yield
    over.set()
    looking.join()
    found.append(_mib())


def measured(house: UUID, due: datetime) -> list[Figure]:
    """Plan them all, hand them all over."""
    from serment.directory import tenancy
    from serment.outbox import delivery, reminders
    from serment.outbox.models import ReminderPlan

    with tenancy.inside(house):
        ReminderPlan.objects.create(
            establishment_id=house, moments=[118], swept=due - timedelta(minutes=15)
        )
    begun = time.perf_counter()
    planned = reminders.sweep_of(house, due)
    planning = time.perf_counter() - begun
    assert planned == REMINDERS, planned
    before = _mib()
    held: list[float] = []
    begun, spent = time.perf_counter(), time.process_time()
    with _highest(held):
        sent = delivery.send_due_of(house, due).sent
    sending, spent = time.perf_counter() - begun, time.process_time() - spent
    assert sent == REMINDERS, sent
    rate, grown = sent / sending, max(held) - before
    return [
        _figure("reminders planned", planned / planning, "a second", A_SECOND, ">= 200 a second"),
        _figure("handed to the mail sink", rate, "a second", A_SECOND, ">= 200 a second"),
        _figure("the worker's processor time a message", spent / sent * 1000, "ms", 1000 / A_SECOND,
                "<= 5 ms"),
        _figure("memory grown meanwhile", grown, "MiB", GROWTH_MIB_MAX, "flat: <= 32 MiB"),
    ]  # fmt: skip


def _figure(what: str, value: float, unit: str, limit: float, target: str) -> Figure:
    return Figure(what, value, unit, "limit", limit, value / limit, target, REMINDERS)


def main() -> int:
    """Exit 1 where a limit is missed."""
    with ground.instance(keeper=True), sink() as port:
        from django.conf import settings

        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        house, role = practice()
        day = (datetime.now(UTC) + timedelta(days=2)).astimezone(_PARIS).date()
        starts_at = datetime.combine(day, clock_time(10), _PARIS).astimezone(UTC)
        due = datetime.combine(day - timedelta(days=1), clock_time(18), _PARIS)
        booked(house, role, starts_at)
        figures = measured(house, due.astimezone(UTC))
    write("reminders", figures)
    missed = [figures[0].value < A_SECOND, figures[1].value < A_SECOND,
              figures[3].value > GROWTH_MIB_MAX]  # fmt: skip
    return int(any(missed))


if __name__ == "__main__":
    sys.exit(main())

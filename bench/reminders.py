"""Reminders planned and handed to a mail sink: how many a second, and whether memory stays flat.

``REMINDERS=100000 python -m bench.reminders`` for the whole of it; 3,000 by default. All fall due
at one instant at one house. The sink is a process of its own that takes mail by SMTP and throws it
away, and counts names: a Message-ID that came twice fails the run. Each message opens its address
at a keeper that synced its record first, and stands in a synced row before it is handed over. The
keeper was started just before and remembers nobody. ``ANSWER_MS`` puts the sink some way off, and
``SERMENT_MAIL_LINES`` says how many lines lead there.
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
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec

from bench import ground
from bench.costs import counted
from bench.population import _rpps
from bench.report import Figure, write
from serment.keeper import wire
from serment.keeper.words import PARTS_MAX

if TYPE_CHECKING:
    from serment.disclosure import Actor
    from serment.disclosure.gate import Errand

REMINDERS = int(os.environ.get("REMINDERS", "3000"))
ANSWER_MS = float(os.environ.get("ANSWER_MS", "0"))
"""How long the sink waits before each answer, like a server that is some way off."""
A_SECOND = 200.0
CORES = 2
GROWTH_MIB_MAX = 32.0
KEEPER_MIB_MAX = 256.0
"""It remembers keys of people it met lately, up to so many (``keys.KEYS_HELD_MAX``)."""
SIGNERS = 4
_SEALED_AT_ONCE = 200
_PARIS = ZoneInfo("Europe/Paris")
_SINK = r"""
import asyncio, sys
from aiosmtpd.smtp import SMTP

class Sink:
    taken, names = 0, set()

    async def handle_DATA(self, server, session, envelope):
        head = envelope.content.partition(b"\r\n\r\n")[0].lower()
        self.names.add(hash(head.partition(b"message-id:")[2].partition(b"\r\n")[0]))
        self.taken += 1
        if self.taken % 100 == 0:
            print(self.taken, len(self.names), flush=True)
        return "250 thrown away"

class Afar(SMTP):
    async def push(self, status):
        await asyncio.sleep(float(sys.argv[2]) / 1000)
        await super().push(status)

async def main():
    loop = asyncio.get_running_loop()
    sink, Server = Sink(), Afar if float(sys.argv[2]) else SMTP
    server = await loop.create_server(lambda: Server(sink), "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()

asyncio.run(main())
"""


@dataclass(slots=True)
class Watch:
    """What the sink said while mail came in, and what the worker held by then."""

    port: int
    seen: list[tuple[int, int, float, float]] = field(default_factory=list)
    """Mails, distinct Message-IDs, when, MiB."""

    def at(self, part: float) -> tuple[int, int, float, float]:
        """By when that part of all mails was in."""
        return next(one for one in self.seen if one[0] >= part * REMINDERS)


@contextmanager
def sink() -> Iterator[Watch]:
    """A mail server, watched."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    running = subprocess.Popen(
        [sys.executable, "-c", _SINK, str(port), str(ANSWER_MS)], stdout=subprocess.PIPE, text=True
    )
    watch = Watch(port)
    threading.Thread(target=_listen, args=(running, watch), daemon=True).start()
    try:
        for _attempt in range(100):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield watch
    finally:
        running.terminate()
        running.wait()


def _listen(running: subprocess.Popen[str], watch: Watch) -> None:
    assert running.stdout is not None
    for line in running.stdout:
        taken, names = line.split()
        watch.seen.append((int(taken), int(names), time.perf_counter(), _mib()))


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


def measured(house: UUID, due: datetime, state: Path, watch: Watch) -> list[Figure]:
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
    with counted(state) as costs:
        begun = time.perf_counter()
        sent = delivery.send_due_of(house, due).sent
        sending = time.perf_counter() - begun
    assert sent == REMINDERS, sent
    time.sleep(0.5)  # the sink's last line
    taken, names, _when, at_end = watch.seen[-1]
    assert taken == names == REMINDERS, (taken, names)
    _taken, _names, _tenth, at_tenth = watch.at(0.1)
    _taken, _names, ninetieth, _held = watch.at(0.9)
    load = os.getloadavg()[1]
    a_message = {part: spent / sent * 1000 for part, spent in costs.seconds.items()}
    most = max(held for _taken, _names, _when, held in watch.seen)
    return [
        _figure("reminders planned", planned / planning, "a second", A_SECOND, ">= 200 a second"),
        _figure("handed to the mail sink", sent / sending, "a second", A_SECOND,
                ">= 200 a second"),
        _figure("of the last tenth", sent * 0.1 / (begun + sending - ninetieth), "a second",
                A_SECOND, ">= 200 a second"),
        _figure("processor time a message, all four processes", sum(a_message.values()), "ms",
                CORES * 1000 / A_SECOND, "<= 10 ms: two cores at 200 a second"),
        *(_plain(f"of it, {part}", spent, "ms") for part, spent in sorted(a_message.items())),
        _plain("commits a message", costs.commits / sent, ""),
        _plain("write-ahead log a message", costs.log_mib * 1024 / sent, "KiB"),
        _plain("memory at a tenth of them", at_tenth, "MiB"),
        _plain("memory at the end", at_end, "MiB"),
        _figure("memory grown meanwhile", most - before, "MiB", GROWTH_MIB_MAX,
                "flat: <= 32 MiB"),
        _plain("the keeper's memory at the end", costs.keeper_mib, "MiB"),
        _figure("the keeper's memory grown meanwhile", costs.keeper_grown_mib, "MiB",
                KEEPER_MIB_MAX, "bounded, from nothing: <= 256 MiB"),
        _plain("load average of the machine, 5 minutes", load, ""),
    ]  # fmt: skip


def _plain(what: str, value: float, unit: str) -> Figure:
    return Figure(what, value, unit, "", None, None, "", REMINDERS)


def _figure(what: str, value: float, unit: str, limit: float, target: str) -> Figure:
    return Figure(what, value, unit, "limit", limit, value / limit, target, REMINDERS)


def main() -> int:
    """Exit 1 where a limit is missed."""
    with ground.instance(keeper=True) as state, sink() as watch:
        from django.conf import settings

        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", watch.port
        house, role = practice()
        day = (datetime.now(UTC) + timedelta(days=2)).astimezone(_PARIS).date()
        starts_at = datetime.combine(day, clock_time(10), _PARIS).astimezone(UTC)
        due = datetime.combine(day - timedelta(days=1), clock_time(18), _PARIS)
        booked(house, role, starts_at)
        ground.keeper_anew(state)
        figures = measured(house, due.astimezone(UTC), state, watch)
    write("reminders", figures)
    grown = [one for one in figures if "memory grown" in one.what]
    missed = [figures[0].value < A_SECOND, figures[1].value < A_SECOND,
              *(one.value > (one.beside_value or 0) for one in grown)]  # fmt: skip
    return int(any(missed))


if __name__ == "__main__":
    sys.exit(main())

"""What a durable record costs: openings a second, one opening, batches, a page.

Ways to record the same bytes on the same disk, in turns: the keeper's reveal (which also seals,
checks rights and budgets, and releases keys) at 64 clients, one person a request, and as a desk
asks, fifty a request with a leaf each; one append with a sync a record; a synchronous audit insert
into PostgreSQL at 40 clients. All clients run on uvloop in one process beside what they ask.

The keeper waits for its processor rather than for the disk, the other two for the disk: where
others use the machine, the ratios say how busy it was. So a leaf's processor time is told too.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import uvloop
from psycopg.conninfo import make_conninfo

from bench import callers, ground
from bench.report import Figure, p95, write

if TYPE_CHECKING:
    from serment.keeper import wire

CLIENTS, SECONDS, ROUNDS = 64, 2.0, 3
PEER_CLIENTS = 40
"""What the instance's PostgreSQL lets in; more would not make its syncs faster."""
FILES, PAGE = 200, 50
FIELDS = ("family_name", "given_name", "birth_name", "birth_date", "phone", "email")
ONE_BY_ONE, BATCHES = 400, 60
_PEER = struct.Struct("3i")


def main() -> None:
    """Measure in turns; medians of the rounds."""
    with ground.instance(keeper=True) as state:
        desk = Desk(state)
        figures = [
            *rates(state, desk), *single(state, desk), *batches(desk), *pages(desk),
            *processor(desk),
        ]  # fmt: skip
    write("disclosures", figures)


class Desk:
    """One practice with files, and the frames that open them."""

    def __init__(self, state: Path) -> None:
        from django.conf import settings

        from serment.disclosure import SYSTEM, Purpose, gate
        from serment.identity.models import PatientFile
        from serment.ids import new_id

        self.socket, self.here = str(settings.KEEPER_SOCKET), new_id()
        self.segment = state / "keeper" / "segment.log"
        self.files = [PatientFile(id=new_id(), establishment_id=self.here) for _ in range(FILES)]
        values: dict[str, str | None] = dict.fromkeys(FIELDS, "Quatrevaux 0612345678")
        gate.seal_many(
            SYSTEM, Purpose.IMPORT, [(one, values, one.pk) for one in self.files], tenant=self.here
        )
        self.actors = [self._staff(number) for number in range(CLIENTS)]

    def _staff(self, number: int) -> Any:
        from serment.disclosure import Actor, gate
        from serment.ids import new_id

        who, session = new_id(), f"bench-{number}"
        capability = gate.open_session("staff", who, "secretary", self.here, 1, session)
        return Actor("staff", who, "secretary", self.here, session, capability=capability)

    def request(self, number: int, files: list[Any], fields: tuple[str, ...]) -> wire.Request:
        """A reveal of these files, to be given an id each time."""
        from serment.disclosure import opening
        from serment.keeper import wire
        from serment.keeper.sealing import version_of

        actor, items = self.actors[number], []
        for file in files:
            _opened, closed = opening.closed_values([file], fields)
            revealed = [
                wire.RevealField(str(one.field.name), one.field.zone, version_of(one.sealed))
                for one in closed
            ]
            items.append(wire.RevealItem(file.pk.bytes, "patient", revealed))
        who = wire.ActorWire("staff", actor.id.bytes, "secretary", self.here.bytes)
        return wire.Request(
            id=bytes(16), op="reveal", actor=who, purpose="reception", client="web",
            process="bench-1", session=actor.session, capability=actor.capability,
            body=wire.raw(wire.RevealAsk(items)),
        )  # fmt: skip


async def reveals(desk: Desk, persons: int = 1, fields: tuple[str, ...] = FIELDS[:1]) -> float:
    """Openings (a leaf each) a second at all clients, of so many persons a request."""
    from serment.disclosure import line as line_of_the_gate

    asked = [
        desk.request(number, (desk.files * 2)[number : number + persons], fields)
        for number in range(CLIENTS)
    ]
    # The keeper lets in as many lines of one process as there are clients, and hangs up others.
    line_of_the_gate.client.hang_up()
    await asyncio.sleep(0.1)
    lines = [await callers.connected(desk.socket) for _ in asked]
    start = time.perf_counter()
    acts = [partial(line.ask, one) for line, one in zip(lines, asked, strict=True)]
    counts = await _until(start + SECONDS, acts)
    took = time.perf_counter() - start
    for line in lines:
        line.close()
    return counts * persons / took


async def _until(end: float, acts: Sequence[Callable[[], Awaitable[object]]]) -> int:
    """How often these were done, each one after the other, all beside one another."""

    async def one(act: Callable[[], Awaitable[object]]) -> int:
        count = 0
        while time.perf_counter() < end:
            await act()
            count += 1
        return count

    return sum(await asyncio.gather(*map(one, acts)))


async def inserts(conninfo: str, record: bytes) -> float:
    """Synchronous audit rows a second, at all clients."""
    lines = [
        await psycopg.AsyncConnection.connect(conninfo, autocommit=True, prepare_threshold=1)
        for _ in range(PEER_CLIENTS)
    ]
    insert = "INSERT INTO audit_peer (row) VALUES (%b)"
    start = time.perf_counter()
    count = await _until(
        start + SECONDS, [partial(line.execute, insert, (record,)) for line in lines]
    )
    took = time.perf_counter() - start
    for line in lines:
        await line.close()
    return count / took


def appends(path: Path, record: bytes, seconds: float = SECONDS) -> list[float]:
    """Milliseconds of each append with its own sync."""
    took, until = [], time.perf_counter() + seconds
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        while (start := time.perf_counter()) < until:
            os.write(handle, record)
            os.fdatasync(handle)
            took.append((time.perf_counter() - start) * 1000)
    finally:
        os.close(handle)
    return took


def rates(state: Path, desk: Desk) -> list[Figure]:
    """The ways to record, interleaved: one person a request, a page of fifty, and the peers."""
    before, held = desk.segment.stat().st_size, _leaves(desk)
    uvloop.run(reveals(desk))
    record = bytes((desk.segment.stat().st_size - before) // max(1, _leaves(desk) - held))
    with ground.superuser(state) as boss:
        boss.execute("CREATE TABLE audit_peer (id bigserial PRIMARY KEY, row bytea)")
        info = boss.info
        conninfo = make_conninfo(
            host=info.host, user=info.user, dbname=info.dbname, password=info.password
        )
    ours, paged, one_sync, rows = [], [], [], []
    for _ in range(ROUNDS):
        ours.append(uvloop.run(reveals(desk)))
        one_sync.append(len(appends(state / "peer", record)) / SECONDS)
        rows.append(uvloop.run(inserts(conninfo, record)))
        paged.append(uvloop.run(reveals(desk, PAGE)))
    each = f"{CLIENTS} clients, {len(record)} bytes each"
    single = f"durable disclosures, one person a request, {each}"
    page = f"durable disclosures, pages of {PAGE} persons a request (a leaf a person), {each}"
    bare = "one sync a record, one writer, records/s"
    postgres = f"synchronous PostgreSQL inserts, {PEER_CLIENTS} clients in Python, rows/s"
    apart = "the peers record one by one; the target is for one person a request"
    return [
        _rate(single, ours, bare, one_sync, "at least 3 x"),
        _rate(single, ours, postgres, rows, "at least 1.5 x"),
        _rate(page, paged, bare, one_sync, apart),
        _rate(page, paged, postgres, rows, apart),
    ]


def _leaves(desk: Desk) -> int:
    from serment.disclosure import gate

    return gate.health().size


def _rate(what: str, ours: list[float], beside: str, theirs: list[float], target: str) -> Figure:
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Figure(
        what, round(statistics.median(ours)), "1/s", beside, round(statistics.median(theirs)),
        round(ratio, 2), target, len(ours),
    )  # fmt: skip


def single(state: Path, desk: Desk) -> list[Figure]:
    """One opening by one client, the pages' own, beside a bare append and sync of as many bytes."""
    record, ours, bare = bytes(650), [], []
    for _ in range(ROUNDS):
        ours += _called(desk, desk.request(0, desk.files[:1], FIELDS[:1]))
        bare += appends(state / "bare", record, 0.3)
    figures = []
    for name, place, target in (("p50", 49, "at most 3 x"), ("p99", 98, "at most 5 x")):
        mine, other = (statistics.quantiles(one, n=100)[place] for one in (ours, bare))
        figures.append(
            Figure(f"one reveal, {name}", round(mine, 3), "ms", "bare write and fdatasync, ms",
                   round(other, 3), round(mine / other, 2), target, len(ours))
        )  # fmt: skip
    return figures


def _called(desk: Desk, request: wire.Request) -> list[float]:
    from serment.keeper import wire
    from serment.keeper.client import Client

    client, took = Client(lambda: desk.socket), []
    for _ in range(ONE_BY_ONE):
        request.id = os.urandom(16)
        start = time.perf_counter()
        client.call(request, wire.RevealAnswer)
        took.append((time.perf_counter() - start) * 1000)
    client.hang_up()
    return took


async def _timed(desk: Desk, request: wire.Request, runs: int) -> list[float]:
    line = await callers.connected(desk.socket)
    took = []
    for _ in range(runs):
        start = time.perf_counter()
        await line.ask(request)
        took.append((time.perf_counter() - start) * 1000)
    line.close()
    return took


def batches(desk: Desk) -> list[Figure]:
    """Field keys a second in requests of fifty patients, a leaf each; beside eight requests at
    once, as pages come."""
    keys, request = PAGE * len(FIELDS), desk.request(0, desk.files[:PAGE], FIELDS)
    alone = [keys / (ms / 1000) for ms in uvloop.run(_timed(desk, request, BATCHES))]

    async def several() -> float:
        asked = [desk.request(number, desk.files[:PAGE], FIELDS) for number in range(8)]
        start = time.perf_counter()
        await asyncio.gather(*(_timed(desk, one, 10) for one in asked))
        return 80 * keys / (time.perf_counter() - start)

    together = [uvloop.run(several()) for _ in range(ROUNDS)]
    target = "at least 60,000"
    return [
        Figure(f"field keys in batches of {PAGE} patients, {len(FIELDS)} fields each, one client",
               round(statistics.median(alone)), "keys/s", "", None, None, target, BATCHES),
        Figure("the same at eight clients", round(statistics.median(together)), "keys/s", "", None,
               None, target, ROUNDS),
    ]  # fmt: skip


def pages(desk: Desk) -> list[Figure]:
    """What opening a page of fifty patients adds: keeper's answer and opening the values here."""
    from serment.disclosure import Purpose, gate, opening

    took = []
    for place in range(BATCHES * 2):
        opening.leases.clear()
        start = time.perf_counter()
        gate.reveal(desk.actors[1], Purpose.RECEPTION, desk.files[:PAGE], FIELDS[:4])
        if place >= BATCHES // 3:
            took.append((time.perf_counter() - start) * 1000)
    return [
        Figure(f"a page of {PAGE} patients, four fields each, p95", round(p95(took), 1), "ms",
               "its median, ms", round(statistics.median(took), 1), None, "adds at most 10 ms",
               len(took))
    ]  # fmt: skip


def processor(desk: Desk) -> list[Figure]:
    """What a leaf costs the keeper's processor: alone in its request, and among fifty."""
    page = desk.request(0, desk.files[:PAGE], FIELDS)
    ways: dict[str, Callable[[], object]] = {
        f"one a request, {CLIENTS} clients": lambda: uvloop.run(reveals(desk)),
        f"{PAGE} a request with {len(FIELDS)} fields each": lambda: uvloop.run(
            _timed(desk, page, BATCHES)
        ),
    }
    found = []
    for what, act in ways.items():
        took = []
        for _ in range(ROUNDS):
            spent, held = _spent(desk), _leaves(desk)
            act()
            leaves = _leaves(desk) - held
            took.append((_spent(desk) - spent) / leaves * 1e6)
        found.append(
            Figure(f"processor time of the keeper for a leaf, index included: {what}",
                   round(min(took)), "us", "the slowest round, us", round(max(took)), None,
                   "none: said because the ratios hang on it", ROUNDS)
        )  # fmt: skip
    return found


def _spent(desk: Desk) -> float:
    """Seconds of processor the keeper has used, once its index is written."""
    from serment.disclosure import gate

    while gate.health().index_lag_seconds:
        time.sleep(0.02)
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(desk.socket)
        credentials = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    pid, _uid, _gid = _PEER.unpack(credentials)
    told_by_kernel = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told_by_kernel[11]) + int(told_by_kernel[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

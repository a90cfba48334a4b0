"""Reads recorded by PostgreSQL's audit extension, beside the keeper's, with room and without.

pgaudit writes what was read into the server's log, whose collector neither syncs nor is waited
for: a read is answered whether or not its line reached the disk. The keeper answers what it has
recorded and nothing else. Both get a small volume of their own, which is then full.

Runs where Debian's packages are installed; the full volumes need the right to mount.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench import ground
from bench.report import Figure, write

PACKAGES = "postgresql-15-pgaudit postgresql-15"
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
EXTENSION = Path("/usr/lib/postgresql/15/lib/pgaudit.so")
CLIENTS, SECONDS, ROUNDS, PERSONS = 8, 2.0, 3, 200
LOG_VOLUME, KEEPER_VOLUME = "1m", "24m"
READS_MAX, OPENINGS = 20_000, 200
FULL = "--full"
_CONF = """
shared_preload_libraries = 'pgaudit'
pgaudit.log = 'read'
pgaudit.log_parameter = on
logging_collector = on
log_directory = '{log}'
log_filename = 'audit.log'
log_rotation_size = 0
log_rotation_age = 0
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 40
"""
_READ = "SELECT name, phone FROM person WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Server:
    """PostgreSQL 15 with pgaudit in a folder of its own, under an account that is not root."""

    folder: Path
    log: Path

    @property
    def address(self) -> str:
        """For psycopg."""
        return f"host={self.folder} dbname=postgres user=audit"

    def lines(self) -> int:
        """Reads that stand in the log."""
        found = self.log / "audit.log"
        return found.read_bytes().count(b"AUDIT: SESSION") if found.exists() else 0


def missing() -> str:
    """What to install, empty where all is there."""
    if PROGRAMS.joinpath("initdb").exists() and EXTENSION.exists():
        return ""
    return f"not installed: apt-get install {PACKAGES}"


@contextmanager
def volume(at: Path, size: str) -> Iterator[bool]:
    """A small file system at a folder; False where mounting is not allowed."""
    at.mkdir(parents=True, exist_ok=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(at)]
    mounted = subprocess.run(mounting, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(at)], check=True)


@contextmanager
def server(*, small: bool) -> Iterator[Server]:
    """Started, with ``PERSONS`` to read; its log on a small volume or on the common disk."""
    from serment.config.database import account

    who = account.choose()
    folder = Path(tempfile.mkdtemp(prefix="serment-audit-"))
    log = folder / "log"
    try:
        with ExitStack() as opened:
            if small and not opened.enter_context(volume(log, LOG_VOLUME)):
                raise PermissionError
            log.mkdir(exist_ok=True)
            for one in (folder, log):
                who.hand_over(one)
            data = folder / "data"
            run = [*who.prefix, str(PROGRAMS / "initdb"), "-D", str(data), "-U", "audit"]
            subprocess.run([*run, "-A", "trust"], check=True, capture_output=True)
            configured = data / "postgresql.conf"
            text = configured.read_text() + _CONF.format(log=log, folder=folder)
            configured.write_text(text)
            yield opened.enter_context(_started(who.prefix, Server(folder, log)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(prefix: tuple[str, ...], one: Server) -> Iterator[Server]:
    from serment.config.postgres import stop

    command = [*prefix, str(PROGRAMS / "postgres"), "-D", str(one.folder / "data")]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _fill(one)
        yield one
    finally:
        stop(running)


def _fill(one: Server) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            with psycopg.connect(one.address, autocommit=True) as line:
                line.execute("CREATE TABLE person (id int PRIMARY KEY, name text, phone text)")
                line.execute(
                    "INSERT INTO person SELECT n, 'Quatrevaux', '0612345678'"
                    " FROM generate_series(0, %s) n",
                    [PERSONS],
                )
            return
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def reads_a_second(one: Server, *, audited: bool) -> float:
    """Reads of one person each, at all clients."""
    done = [0] * CLIENTS

    def work(number: int) -> None:
        with psycopg.connect(one.address, autocommit=True, prepare_threshold=1) as line:
            line.execute("SET pgaudit.log = 'read'" if audited else "SET pgaudit.log = 'none'")
            until = time.perf_counter() + SECONDS
            while time.perf_counter() < until:
                line.execute(_READ, [done[number] % PERSONS]).fetchone()
                done[number] += 1

    _at_once(work)
    return sum(done) / SECONDS


def openings_a_second(files: list[Any]) -> float:
    """The keeper's reveals of two fields of one person each, at all clients."""
    done = [0] * CLIENTS

    def work(number: int) -> None:
        actor = _secretary(files[0].establishment_id, number)
        until = time.perf_counter() + SECONDS
        while time.perf_counter() < until:
            done[number] += _opened(actor, files[(number * 25 + done[number] % 25) % len(files)])

    _at_once(work)
    return sum(done) / SECONDS


def _at_once(work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _secretary(house: Any, number: int) -> Any:
    from serment import ids
    from serment.disclosure import Actor, gate

    who = ids.new_id()
    capability = gate.open_session("staff", who, "secretary", house, 1, f"bench-{number}")
    return Actor("staff", who, "secretary", house, f"bench-{number}", capability=capability)


def _opened(actor: Any, file: Any) -> int:
    """One opening, never out of a lease; 1 if it was answered."""
    from serment.disclosure import Purpose, gate, opening

    opening.leases.end(actor.capability)
    return len(gate.reveal(actor, Purpose.RECEPTION, [file], ["family_name", "phone"]))


def _files() -> list[Any]:
    from serment import ids
    from serment.disclosure import SYSTEM, Purpose, gate
    from serment.identity.models import PatientFile

    house = ids.new_id()
    files = [PatientFile(id=ids.new_id(), establishment_id=house) for _ in range(PERSONS)]
    values: dict[str, str | None] = {"family_name": "Quatrevaux", "phone": "0612345678"}
    gate.seal_many(SYSTEM, Purpose.IMPORT, [(one, values, one.pk) for one in files], tenant=house)
    return files


def pgaudit_when_full() -> tuple[int, int]:
    """Reads answered, and reads recorded, until long after the log's volume is full."""
    with server(small=True) as one, psycopg.connect(one.address, autocommit=True) as line:
        for number in range(READS_MAX):
            line.execute(_READ, [number % PERSONS]).fetchone()
        time.sleep(2)  # the collector's turn
        return READS_MAX, one.lines()


def keeper_when_full() -> tuple[int, int]:
    """Openings answered after the volume is full, and how many of those have their record."""
    from serment.disclosure import KeeperUnavailable
    from serment.ledger import segment

    with ExitStack() as opened:
        state = opened.enter_context(ground.instance(keeper=True, keeper_volume=KEEPER_VOLUME))
        files = _files()
        actor = _secretary(files[0].establishment_id, 0)
        _opened(actor, files[0])
        log = state / "keeper" / "segment.log"
        before = sum(1 for _ in segment.read(log))
        _fill_up(state / "keeper" / "ballast")
        answered = 0
        for number in range(OPENINGS):
            try:
                answered += _opened(actor, files[number % PERSONS])
            except KeeperUnavailable:
                continue
        return answered, sum(1 for _ in segment.read(log)) - before


def _fill_up(ballast: Path) -> None:
    for size in (1 << 20, 1 << 12, 1):
        with ballast.open("ab", buffering=0) as file:
            try:
                while file.write(bytes(size)):
                    continue
            except OSError:
                continue


def main() -> int:
    """With room first, then without."""
    if sys.argv[1:] == [FULL]:
        print(*keeper_when_full())
        return 0
    say = missing()
    if say:
        print(f"pgaudit: {say}", file=sys.stderr)
        return 0
    figures = [*_with_room()]
    if os.getuid() == 0:
        figures += _without()
    else:
        print("pgaudit: full volumes are made by root only", file=sys.stderr)
    write("pgaudit", figures)
    return 0


def _with_room() -> list[Figure]:
    with server(small=False) as one:
        turns = [
            [reads_a_second(one, audited=audited) for audited in (False, True)]
            for _ in range(ROUNDS)
        ]
        bare, audited = (statistics.median(rates) for rates in zip(*turns, strict=True))
    with ground.instance(keeper=True):
        ours = openings_a_second(_files())
    return [
        Figure("reads recorded by pgaudit, a second (not synced)", round(audited, 1), "/s",
               "the same, unrecorded", round(bare, 1), round(audited / bare, 2), "", ROUNDS),
        Figure("openings recorded by the keeper, a second (synced)", round(ours, 1), "/s",
               "pgaudit's", round(audited, 1), round(ours / audited, 3), "", 1),
    ]  # fmt: skip


def _without() -> list[Figure]:
    read, recorded = pgaudit_when_full()
    # Django reads its settings once: the second instance is another process's.
    asked = [sys.executable, "-m", "bench.pgaudit", FULL]
    said = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    opened, kept = map(int, said.split()[-2:])
    return [
        Figure("log's volume full: reads with a record by pgaudit", round(recorded / read * 100, 1),
               "%", "reads answered", float(read), None, "", 1),
        Figure("keeper's volume full: openings answered", float(opened), "",
               f"of {OPENINGS} asked; records", float(kept), None, "none without a record", 1),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

"""A perimeter over a million recorded accesses: by actor, by process, and the whole window.

The peer is the least that any index can do: the same rows in one plain SQLite table, counted by
one statement. The rows are put straight into the keeper's index, with bodies of the usual length.
Each window begins and ends within a block, as windows do. ``python -m bench.perimeter 10000000``
asks ten times as many, of ten times as many persons: ten gigabytes and half an hour of filling.
"""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.report import Figure, p95, write
from serment.ids import new_id
from serment.keeper import blocks, measuring, wire
from serment.keeper.house import House, enter
from serment.keeper.index import IndexRow
from serment.keeper.measured import Measured
from serment.keeper.telling import selectors

ACCESSES = 1_000_000
ACTORS, PROCESSES = 200, 8
A_PERSON = 17
"""Accesses to one person in a month."""
GROUP, RUNS = 5_000, 25
BODY = os.urandom(420)
HERE = b"e" * 16
FIELDS = (["family_name", "given_name"], ["family_name", "given_name", "phone"], ["birth_date"])


def main() -> None:
    """Fill once, then ask in turns."""
    accesses = int(sys.argv[1]) if len(sys.argv) > 1 else ACCESSES
    with tempfile.TemporaryDirectory(prefix="serment-bench-") as folder:
        house = enter(Path(folder) / "keeper", drill=True)
        plain = sqlite3.connect(Path(folder) / "plain.sqlite", isolation_level=None)
        actors = fill(house, plain, accesses)
        made = wait_for_blocks(house, accesses)
        print(f"Blocks of the last rows: {made:.1f} s after them.")
        name = "perimeter" if accesses == ACCESSES else f"perimeter-{accesses}"
        write(name, measured(house, plain, actors, accesses))
        house.index.close()


def fill(house: House, plain: sqlite3.Connection, accesses: int) -> list[bytes]:
    """A month of accesses: whoever works opens the same persons again and again."""
    plain.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE access ("
        " seq INTEGER PRIMARY KEY, at INTEGER, actor INTEGER, process INTEGER, person INTEGER,"
        " record INTEGER, what INTEGER);"
    )
    connect = house.index.writer._connect

    def unsynced() -> sqlite3.Connection:
        database = connect()
        database.execute("PRAGMA synchronous=OFF")
        return database

    house.index.writer._connect = unsynced
    draw = random.Random(1)
    actors = [new_id().bytes for _ in range(ACTORS)]
    rows = _rows(house, draw, actors, accesses)
    for _start in range(0, accesses, GROUP):
        group = [next(rows) for _ in range(GROUP)]
        house.index.add(row for row, _flat in group)
        plain.execute("BEGIN")
        plain.executemany("INSERT INTO access VALUES (?,?,?,?,?,?,?)", [flat for _, flat in group])
        plain.execute("COMMIT")
    plain.executescript(
        "CREATE INDEX by_actor ON access (actor, at);"
        "CREATE INDEX by_process ON access (process, at)"
    )
    return actors


def wait_for_blocks(house: House, accesses: int) -> float:
    """Until the index's thread has made what it makes when nobody waits; how long that took."""
    start = time.perf_counter()
    made = "SELECT count(*) FROM made"
    while house.index.database.execute(made).fetchone()[0] < accesses // blocks.SIZE:
        time.sleep(0.1)
    return time.perf_counter() - start


def _rows(
    house: House, draw: random.Random, actors: list[bytes], accesses: int
) -> Iterator[tuple[IndexRow, tuple[int, ...]]]:
    tag = house.store.tag
    persons = [new_id().bytes for _ in range(accesses // A_PERSON)]
    subjects = [house.store.subject_tag(one) for one in persons]
    who = [tag("actor", one) for one in actors]
    processes = [tag("process", str(one).encode()) for one in range(PROCESSES)]
    client, establishment = tag("client", b"web"), house.store.subject_tag(HERE)
    for seq in range(accesses):
        person, actor = draw.randrange(len(persons)), draw.randrange(ACTORS)
        process, what = draw.randrange(PROCESSES), draw.randrange(len(FIELDS))
        item = wire.Item(persons[person], "patient", FIELDS[what])
        row = IndexRow(
            seq, seq + 1, "read", establishment, who[actor], subjects[person], None, client,
            processes[process], BODY, "patient",
            touched=house.recorder.leaves.whats.touches([item], "patient"),
        )  # fmt: skip
        yield row, (seq, seq + 1, actor, process, person, person, what)


def measured(
    house: House, plain: sqlite3.Connection, actors: list[bytes], accesses: int
) -> list[Figure]:
    """Each question beside the plain statement, runs interleaved."""
    start, end = blocks.SIZE // 2, accesses + 2
    after = f"at >= {start}"
    within = ("100 ms", "300 ms") if accesses <= ACCESSES else ("1 s", "1 s")
    asked = {
        f"by actor, one of {ACTORS}": (
            wire.PerimeterAsk(start, end, actor=actors[3]), f"actor = 3 AND {after}",
            f"p95 at most {within[0]}",
        ),
        f"by process, one of {PROCESSES}": (
            wire.PerimeterAsk(start, end, process="web-3"), f"process = 3 AND {after}",
            f"p95 at most {within[1]}",
        ),
        "the whole window, no selector": (
            wire.PerimeterAsk(start, end), after, "none: said because it is the worst",
        ),
    }  # fmt: skip
    figures = []
    for what, (ask, where, target) in asked.items():
        ours: list[float] = []
        theirs: list[float] = []
        runs = RUNS if "selector" not in what else 3
        for _ in range(runs):
            ours.append(_milliseconds(lambda ask=ask: answer(house, ask)))  # type: ignore[misc]
            theirs.append(_milliseconds(lambda where=where: flat(plain, where)))  # type: ignore[misc]
        found = answer(house, ask)
        assert found.persons == flat(plain, where)
        late = p95 if runs > 3 else max
        for name, value in (("p50", statistics.median), ("p95", late)):
            mine, other = value(ours), value(theirs)
            figures.append(
                Figure(
                    f"{what} ({found.leaves:,} of {accesses:,} accesses), {name}", round(mine, 1),
                    "ms", "distinct persons by one SQL statement, ms", round(other, 1),
                    round(mine / other, 2), target, runs,
                )
            )  # fmt: skip
    return figures


def answer(house: House, ask: wire.PerimeterAsk) -> Measured:
    """What op ``measure`` does behind its own record."""
    chosen = selectors(house, ask, None)
    counts = measuring.counted(house, measuring.asked_of(house, ask, chosen))
    return measuring.measured(house, ask, None, chosen, counts)


def flat(plain: sqlite3.Connection, where: str) -> int:
    """The plain table's answer: how many persons."""
    sql = "SELECT count(DISTINCT person), count(DISTINCT record), min(at), max(at), count(DISTINCT"
    (found, *_rest) = plain.execute(f"{sql} what) FROM access WHERE {where}").fetchone()
    return int(found)


def _milliseconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()

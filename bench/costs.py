"""What a chain of processes costs: processor time of each, commits and syncs of the database.

On a machine that others use too the rate tells of the hour; processor time a message does not.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench import ground

_PARTS = {"serment.keeper": "keeper", "postgres": "postgresql", "aiosmtpd": "sink"}
_WRITTEN = """
SELECT (SELECT sum(xact_commit) FROM pg_stat_database), (SELECT wal_bytes FROM pg_stat_wal)
"""
_MIB = 1 << 20


@dataclass(slots=True)
class Costs:
    """Meanwhile: seconds of processor by part, commits, and how much the keeper's memory grew."""

    seconds: Counter[str] = field(default_factory=Counter)
    commits: int = 0
    log_mib: float = 0.0
    keeper_mib: float = 0.0
    """At the end."""
    keeper_grown_mib: float = 0.0


@contextmanager
def counted(state: Path) -> Iterator[Costs]:
    """Count what the worker (this process), keeper, PostgreSQL and sink use meanwhile."""
    costs = Costs()
    before, written, held = _seconds(), _written(state), _keeper_mib()
    yield costs
    costs.seconds = _seconds()
    costs.seconds.subtract(before)
    commits, log_bytes = _written(state)
    costs.commits, costs.log_mib = commits - written[0], (log_bytes - written[1]) / _MIB
    costs.keeper_mib = _keeper_mib()
    costs.keeper_grown_mib = costs.keeper_mib - held


def _written(state: Path) -> tuple[int, int]:
    """Commits and bytes of the write-ahead log so far; sessions tell of theirs within a second."""
    time.sleep(1.1)
    with ground.superuser(state) as line:
        row = line.execute(_WRITTEN).fetchone()
    assert row is not None
    return int(str(row[0])), int(str(row[1]))


def _children() -> Iterator[tuple[str, psutil.Process]]:
    """What this process started, and is known, by part."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            said = " ".join(child.cmdline())
            for word, part in _PARTS.items():
                if word in said:
                    yield part, child
                    break


def _keeper_mib() -> float:
    held = [one.memory_info().rss for part, one in _children() if part == "keeper"]
    return sum(held, 0.0) / _MIB


def _seconds() -> Counter[str]:
    """By part, of those that have ended since too."""
    found: Counter[str] = Counter()
    found["worker"] = _of(psutil.Process(), ended=False)
    for part, child in _children():
        with suppress(psutil.NoSuchProcess):
            found[part] += _of(child, ended=True)
    return found


def _of(process: psutil.Process, *, ended: bool) -> float:
    times = process.cpu_times()
    ours = float(times.user + times.system)
    return ours + float(times.children_user + times.children_system) if ended else ours

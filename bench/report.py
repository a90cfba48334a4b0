"""Figures on paper and in a file of the shape that ``make bench`` promises."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value beside a peer's or a limit's; ``ratio`` is ours over theirs."""

    what: str
    value: float
    unit: str
    beside: str
    beside_value: float | None
    ratio: float | None
    target: str
    runs: int


def milliseconds(act: Callable[[], object], runs: int, warm: int = 5) -> list[float]:
    """Wall time of each run, after a few that are not counted."""
    for _ in range(warm):
        act()
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        act()
        found.append((time.perf_counter() - start) * 1000)
    return found


def timed(
    act: Callable[[], object], runs: int, alias: str, warm: int = 5
) -> tuple[list[float], float]:
    """The same, and the processor time of one in this process and in its database session."""
    for _ in range(warm):
        act()
    before = processor_ms(alias)
    found = milliseconds(act, runs, warm=0)
    return found, (processor_ms(alias) - before) / runs


def processor_ms(alias: str) -> float:
    """Of this process and of the database's process that serves it (in ticks of the kernel)."""
    from django.db import connections

    wire = connections[alias].connection
    told = Path(f"/proc/{wire.info.backend_pid}/stat").read_text().rpartition(") ")[2].split()
    ticks = int(told[11]) + int(told[12])
    return time.process_time() * 1000 + ticks * 1000 / os.sysconf("SC_CLK_TCK")


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[18]


def write(name: str, figures: list[Figure]) -> Path:
    """Print the table and write ``bench/results/NAME.json``."""
    table = Table(title=name)
    for column in ("what", "value", "beside", "ratio", "target"):
        table.add_column(column)
    for figure in figures:
        beside = "" if figure.beside_value is None else f"{figure.beside} {figure.beside_value:.1f}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        table.add_row(
            figure.what, f"{figure.value:.1f} {figure.unit}", beside, ratio, figure.target
        )
    Console(width=140).print(table)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    content = {
        "name": name,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "figures": [asdict(figure) for figure in figures],
    }
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return file


def _machine() -> dict[str, object]:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown",
    )
    return {"cores": os.cpu_count(), "memory_gib": round(pages / 2**30, 1), "cpu": cpu}

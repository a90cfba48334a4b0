"""Reads a stranger's file in a process of its own, which may take so much and no longer.

Half a kilobyte of iCalendar can ask for hours of counting. The child gets the bytes and nothing
else of the parent's: no settings, no environment, no connection. Its CPU time, memory and the wall
clock are bounded; what it found comes back as JSON, so that nothing it says is ever run. A child
that ends in any other way than by an answer is one fault of the file: ``too_long_to_read``.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from serment.interchange import calendars, lookalikes, patients_csv
from serment.interchange.calendars import CalendarUnreadable, Entry, Span, Unused
from serment.interchange.patients_csv import PatientRow, Refusal, TableUnreadable

CPU_SECONDS_MAX = 8
WALL_SECONDS_MAX = 10.0
MEMORY_BYTES_MAX = 1 << 30
_ROOT = Path(__file__).resolve().parents[2]
_LOG = logging.getLogger(__name__)


def calendar(data: bytes, zone: ZoneInfo, window: Span) -> calendars.Found:
    """``calendars.read`` in the child. Raises ``CalendarUnreadable``."""
    asked = {"kind": "calendar", "zone": zone.key, "window": _told_span(window)}
    answer = _ask(asked, data)
    if answer is None:
        raise CalendarUnreadable("too_long_to_read")
    if "fault" in answer:
        raise CalendarUnreadable(answer["fault"])
    return _found_calendar(answer)


def patients(data: bytes, today: date) -> tuple[patients_csv.Found, dict[int, int]]:
    """``patients_csv.read`` and ``lookalikes.pairs`` in the child. Raises ``TableUnreadable``."""
    answer = _ask({"kind": "patients", "today": today.isoformat()}, data)
    if answer is None:
        raise TableUnreadable("too_long_to_read")
    if "fault" in answer:
        raise TableUnreadable(answer["fault"], answer["line"])
    return _found_patients(answer["found"]), dict(answer["alike"])


def _ask(asked: dict[str, Any], data: bytes) -> dict[str, Any] | None:
    """The child's answer; None where it did not come to one within its bounds."""
    limits = {"cpu_seconds": CPU_SECONDS_MAX, "memory_bytes": MEMORY_BYTES_MAX}
    head = json.dumps(asked | limits).encode() + b"\n"
    child = subprocess.Popen(
        [sys.executable, "-m", "serment.interchange.apart"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a fault's text could quote the file
        cwd=_ROOT,
        env={"PYTHONUTF8": "1", "PYTHONPATH": str(_ROOT)},
    )
    with child:
        try:
            said, _none = child.communicate(head + data, timeout=WALL_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            said = b""
    if child.returncode != 0 or not said:
        _LOG.warning("a file was not read within its bounds: exit %s", child.returncode)
        return None
    answer: dict[str, Any] = json.loads(said)
    return answer


def main() -> None:
    """The child: bounds first, then the file, then one line of JSON."""
    asked = json.loads(sys.stdin.buffer.readline())
    _bound(asked["cpu_seconds"], asked["memory_bytes"])
    data = sys.stdin.buffer.read()
    try:
        answer = _calendar(asked, data) if asked["kind"] == "calendar" else _patients(asked, data)
    except CalendarUnreadable as unreadable:
        answer = {"fault": unreadable.fault}
    except TableUnreadable as unreadable:
        answer = {"fault": unreadable.fault, "line": unreadable.line}
    json.dump(answer, sys.stdout)


def _bound(cpu_seconds: int, memory_bytes: int) -> None:
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _calendar(asked: dict[str, Any], data: bytes) -> dict[str, Any]:
    low, high = (datetime.fromisoformat(one) for one in asked["window"])
    found = calendars.read(data, ZoneInfo(asked["zone"]), (low, high))
    return {
        "entries": [asdict(one) | {"spans": list(map(_told_span, one.spans))}
                    for one in found.entries],
        "events": found.events,
        "refused": [asdict(one) for one in found.refused],
        "free": [asdict(one) for one in found.free],
    }  # fmt: skip


def _patients(asked: dict[str, Any], data: bytes) -> dict[str, Any]:
    found = patients_csv.read(data, date.fromisoformat(asked["today"]))
    return {"found": asdict(found), "alike": list(lookalikes.pairs(found.rows).items())}


def _told_span(span: Span) -> list[str]:
    return [one.astimezone(UTC).isoformat() for one in span]


def _span(told: list[str]) -> Span:
    return datetime.fromisoformat(told[0]), datetime.fromisoformat(told[1])


def _found_calendar(answer: dict[str, Any]) -> calendars.Found:
    entries = tuple(
        Entry(**one | {"spans": tuple(map(_span, one["spans"])), "zones": tuple(one["zones"])})
        for one in answer["entries"]
    )
    refused, free = ([Unused(**one) for one in answer[name]] for name in ("refused", "free"))
    return calendars.Found(entries, answer["events"], tuple(refused), tuple(free))


def _found_patients(told: dict[str, Any]) -> patients_csv.Found:
    lists: dict[str, Any] = {
        "rows": tuple(PatientRow(**one) for one in told["rows"]),
        "halves": tuple(PatientRow(**one) for one in told["halves"]),
        "refused": tuple(Refusal(**one) for one in told["refused"]),
        "columns": tuple((header, field) for header, field in told["columns"]),
    }
    return patients_csv.Found(**told | lists)


if __name__ == "__main__":
    main()

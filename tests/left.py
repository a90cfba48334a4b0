"""Processes that a run of the tests left alive: found by a mark that every child inherits."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "SERMENT_TEST_RUN"
_GOING_SECONDS = 3
"""Whoever was told to end is given this long."""


def alive(mark: str) -> dict[int, str]:
    """Marked processes other than this one, and the command of each. Linux only, elsewhere none."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone meanwhile
            command = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
            if mark in command or _inherited(folder, mark):
                found[int(folder.name)] = command.strip()
    found.pop(os.getpid(), None)
    return found


def _inherited(folder: Path, mark: str) -> bool:
    """A keeper closes its environment to an ordinary user; its folder, in its command, tells."""
    try:
        told = (folder / "environ").read_bytes()
    except PermissionError:
        return False
    return f"{VARIABLE}={mark}".encode() in told.split(b"\0")


def ended(mark: str, going_seconds: float = _GOING_SECONDS) -> list[str]:
    """End what is alive still after a moment; the commands of those, for whoever tells of it."""
    until = time.monotonic() + going_seconds
    while (left := alive(mark)) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return sorted(left.values())

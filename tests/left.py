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
    wanted = f"{VARIABLE}={mark}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone meanwhile, or somebody else's
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(folder.name)] = command.decode(errors="replace").strip()
    found.pop(os.getpid(), None)
    return found


def ended(mark: str, going_seconds: float = _GOING_SECONDS) -> list[str]:
    """End what is alive still after a moment; the commands of those, for whoever tells of it."""
    until = time.monotonic() + going_seconds
    while (left := alive(mark)) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return sorted(left.values())

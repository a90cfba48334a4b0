"""A Python that has loaded the keeper and forks one for each trial: no time goes into imports.

Runs as ``python -m tests.faults.nursery``. One line of JSON in: ``{"argv": [...], "out": path}``;
one number out, the child's, which waits for SIGUSR1 (so that a tracer can be put on it first);
one number more when it has ended: its exit status, or minus the signal that ended it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

from serment.keeper import __main__ as program
from serment.keeper import publishing

_PR_SET_PTRACER = 0x59616D61
_ANYBODY = ctypes.c_ulong(-1)
PUBLISH_EVERY_SECONDS = 0.02


def _be_a_keeper(argv: list[str], out: str) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)
    # A process whose memory is private cannot be traced by its own user.
    program._keep_memory_private = lambda: None
    publishing.EVERY_SECONDS = PUBLISH_EVERY_SECONDS  # type: ignore[misc]
    said = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.argv = ["keeper", *argv]
    signal.sigwait({signal.SIGUSR1})
    sys.exit(program.main())


def main() -> None:
    """Fork until the other side closes the pipe."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    _load_what_comes_late()
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            sys.stdin.close()
            _be_a_keeper(told["argv"], told["out"])
        print(child, flush=True)
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _load_what_comes_late() -> None:
    """Modules that the keeper's libraries load at first use, and the time zone."""
    import asyncio.unix_events  # noqa: F401
    import concurrent.futures.thread  # noqa: F401
    import encodings.idna  # noqa: F401
    import time

    time.localtime()
    Path("/dev/urandom").exists()


if __name__ == "__main__":
    main()

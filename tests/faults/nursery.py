"""A Python that has loaded the keeper and forks one for each trial: no time goes into imports.

Runs as ``python -m tests.faults.nursery``. One line of JSON in: ``{"argv": [...], "out": path}``;
out comes ``forked PID`` once the child waits for SIGUSR1 and makes no further call of its own, so
that a tracer put on it then counts the keeper's calls only; and ``ended PID STATUS`` when it has
ended, the status being minus the signal that ended it.
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


def _be_a_keeper(argv: list[str], said: int, waiting: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)
    # A process whose memory is private cannot be traced by its own user.
    program._keep_memory_private = lambda: None
    publishing.EVERY_SECONDS = PUBLISH_EVERY_SECONDS  # type: ignore[misc]
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.argv = ["keeper", *argv]
    os.close(said)
    os.close(waiting)
    signal.sigwait({signal.SIGUSR1})
    sys.exit(program.main())


def main() -> None:
    """Fork until the other side closes the pipe."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    _load_what_comes_late()
    for line in sys.stdin:
        told = json.loads(line)
        said = os.open(told["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        ready, waiting = os.pipe()
        child = os.fork()
        if child == 0:
            sys.stdin.close()
            os.close(ready)
            _be_a_keeper(told["argv"], said, waiting)
        os.close(said)
        os.close(waiting)
        os.read(ready, 1)  # nothing comes: the child closes its end as the last thing it does
        os.close(ready)
        print("forked", child, flush=True)
        _pid, status = os.waitpid(child, 0)
        print("ended", child, os.waitstatus_to_exitcode(status), flush=True)


def _load_what_comes_late() -> None:
    """Modules that the keeper's libraries load at first use, and the time zone."""
    import asyncio.unix_events  # noqa: F401
    import concurrent.futures.thread  # noqa: F401
    import encodings.idna  # noqa: F401
    import time

    import fido2.server  # noqa: F401

    time.localtime()
    Path("/dev/urandom").exists()


if __name__ == "__main__":
    main()

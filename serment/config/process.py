"""Children that never outlive their parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def die_with_parent(death: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """A ``preexec_fn``: the kernel sends ``death`` when the parent ends, however it ends.

    Linux only (prctl(2)); elsewhere the orderly stop has to do. The child leaves the terminal's
    process group, so that Ctrl-C reaches the supervisor alone, which then stops in order.
    """
    linux = sys.platform == "linux"
    libc = ctypes.CDLL(None) if linux else None
    parent = os.getpid()

    def in_child() -> None:
        os.setpgid(0, 0)
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, int(death), 0, 0, 0)
            if os.getppid() != parent:  # the parent died before prctl
                os._exit(1)

    return in_child


def stop(child: subprocess.Popen[bytes], first: signal.Signals, seconds_max: float) -> None:
    """Ask politely with ``first``; after ``seconds_max`` end it."""
    if child.poll() is not None:
        return
    child.send_signal(first)
    try:
        child.wait(seconds_max)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()

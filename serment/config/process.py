"""Children that never outlive their parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
PIPE_BYTES = 4_096


def start(
    command: Sequence[str],
    *,
    death: signal.Signals = signal.SIGTERM,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes = b"",
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child that gets the signal ``death`` when this process ends, however it ends.

    The child leaves the terminal's process group, so that Ctrl-C reaches the supervisor alone,
    which then stops everything in order. ``stdin`` is a few lines that the child is to read.
    """
    with _readable(stdin) as reading:
        return _popen(command, reading, death, env=env, cwd=cwd, stdout=stdout, stderr=stderr)


def _popen(
    command: Sequence[str], stdin: int | IO[bytes], death: signal.Signals, **rest: Any
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=stdin,
        **rest,
        preexec_fn=die_with_parent(death),  # noqa: PLW1509 -- no thread runs where this is used
        process_group=0,
    )


@contextmanager
def _readable(data: bytes) -> Iterator[int | IO[bytes]]:
    """Where a child reads these bytes; they never lie on disk. A pipe holds at least 4 KiB."""
    if not data:
        yield subprocess.DEVNULL
        return
    if len(data) > PIPE_BYTES:
        raise ValueError("Too long for a pipe that nobody reads yet.")
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source:
        with os.fdopen(writing, "wb") as sink:
            sink.write(data)
        yield source


def die_with_parent(death: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """A ``preexec_fn`` that ties the child to this process. Linux only (prctl(2)).

    Elsewhere the orderly stop has to do.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def in_child() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, int(death), 0, 0, 0)
            if os.getppid() != parent:  # the parent died before prctl
                os._exit(1)

    return in_child


def tie_to_parent() -> None:
    """Called by a process that a library started: end with the parent, as ``start`` arranges."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def stop(child: subprocess.Popen[bytes], first: signal.Signals, seconds_max: float) -> None:
    """Ask politely with ``first``; after ``seconds_max`` end it, and all it left behind."""
    if child.poll() is None:
        child.send_signal(first)
        with suppress(subprocess.TimeoutExpired):
            child.wait(seconds_max)
    end_group(child)
    child.wait()


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End a child of ``start``, which leads a process group, and what it started in it.

    A program that is killed cannot end its own children any more.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)

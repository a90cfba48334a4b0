"""One keeper under one fault: forked from the nursery, traced by strace, asked, ended."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.keeper.authenticator import URL

ROOT = Path(__file__).resolve().parents[2]
UNPACKED = ROOT / ".tools" / "strace"
CALLS = (
    "openat", "read", "pread64", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename",
    "unlink", "mkdir", "chmod", "fchmod", "flock", "lseek", "fstat", "newfstatat",
)  # fmt: skip
READY = b"keeper ready"
READY_SECONDS_MAX = 30
"""Traced, on a machine that twenty others want."""
STOP_SECONDS = 5.0
STOPS_MAX = 6
_LINE = re.compile(r"^(\d+) +(\w+)\((.*)$")


def tracer() -> list[str]:
    """strace with its libraries: the system's, or what set-up unpacked into the clone."""
    found = shutil.which("strace")
    if found:
        return [found]
    program = UNPACKED / "usr" / "bin" / "strace"
    assert program.exists(), "strace is not here: run make setup-test (scripts/set_up.py)."
    libraries = ":".join(str(path) for path in (UNPACKED / "usr" / "lib").glob("*-linux-gnu"))
    return ["env", f"LD_LIBRARY_PATH={libraries}", str(program)]


@dataclass(frozen=True, slots=True)
class Fault:
    """What strace does to the calls named: ``how`` in its words, from the ``first`` one on."""

    call: str
    how: str
    first: int = 1
    lasting: bool = False

    @property
    def expression(self) -> str:
        return f"inject={self.call}:{self.how}:when={self.first}{'+' if self.lasting else ''}"


@dataclass
class Nursery:
    """Forks keepers that wait to be let go."""

    child: subprocess.Popen[str]
    _forked: int = 0

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Nursery]:
        with subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as child:  # fmt: skip
            nursery = cls(child)
            try:
                yield nursery
            finally:
                child.kill()
                if nursery._forked:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(nursery._forked, signal.SIGKILL)

    def fork(self, argv: list[str], out: Path) -> int:
        """A keeper that waits; one that a failed trial left is ended and heard of first."""
        if self._forked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._forked, signal.SIGKILL)
            self.ended()
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps({"argv": argv, "out": str(out)}) + "\n")
        self.child.stdin.flush()
        (self._forked,) = self._heard("forked")
        return self._forked

    def ended(self) -> int:
        """Exit status of the one forked last, or minus the signal that ended it."""
        pid, status = self._heard("ended")
        assert pid == self._forked
        self._forked = 0
        return status

    def _heard(self, wanted: str) -> list[int]:
        assert self.child.stdout is not None
        word, *numbers = self.child.stdout.readline().split()
        assert word == wanted, f"the nursery said {word}, not {wanted}"
        return list(map(int, numbers))


@dataclass
class Trial:
    """A keeper over ``folder/state``, public in ``folder/public``, maybe with a fault in it."""

    nursery: Nursery
    folder: Path
    faults: tuple[Fault, ...] = ()
    trace: bool = True
    pid: int = 0
    status: int | None = None
    ready: bool = False
    _strace: subprocess.Popen[bytes] | None = None
    said: str = field(default="")

    @property
    def socket(self) -> Path:
        return self.folder / "k.sock"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def public(self) -> Path:
        return self.folder / "public"

    @property
    def traced(self) -> Path:
        return self.folder / "trace"

    def start(self) -> Trial:
        """Let the keeper go; ``ready`` says whether it answers."""
        out = self.folder / "out"
        out.write_bytes(b"")
        argv = ["--state", str(self.state), "--socket", str(self.socket), "--drill"]
        argv += ["--public-url", URL]
        self.pid = self.nursery.fork([*argv, "--public", str(self.public)], out)
        if self.trace:
            self._attach()
        os.kill(self.pid, signal.SIGUSR1)
        end = time.monotonic() + READY_SECONDS_MAX
        while READY not in out.read_bytes():
            if not lives(self.pid):
                break
            assert time.monotonic() < end, f"not ready: {self.faults} {out.read_text()}"
            time.sleep(0.005)
        self.ready = READY in out.read_bytes()
        return self

    def _attach(self) -> None:
        expressions = [one.expression for one in self.faults]
        named = ",".join(CALLS)
        self._strace = subprocess.Popen(
            [*tracer(), "-f", "-y", "-s", "0", "-o", str(self.traced), "-e", f"trace={named}",
             *(part for one in expressions for part in ("-e", one)), "-p", str(self.pid)],
            stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self._strace.stderr is not None
        told = self._strace.stderr.readline()
        assert b"attached" in told, f"strace may not trace here: {told!r}"

    def stop(self) -> int:
        """End it as an operator does, unless it ended; its exit status.

        Asked again after a while: the fault may have hit the call that tells the loop of a signal.
        """
        for _ in range(STOPS_MAX):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
            end = time.monotonic() + STOP_SECONDS
            while lives(self.pid) and time.monotonic() < end:
                time.sleep(0.002)
            if not lives(self.pid):
                return self.ended()
        raise AssertionError("The keeper does not stop.")

    def ended(self) -> int:
        self.status = self.nursery.ended()
        if self._strace is not None:
            self._strace.wait(10)
            assert self._strace.stderr is not None
            self._strace.stderr.close()
        self.said = (self.folder / "out").read_text(errors="replace")
        return self.status

    def injected(self) -> list[str]:
        """The calls that were made to fail, as strace wrote them."""
        return [line for line in self._trace() if "(INJECTED)" in line]

    def counts(self) -> Counter[str]:
        """How often each call was made, by the thread that made it most."""
        made: Counter[tuple[str, str]] = Counter()
        for line in self._trace():
            found = _LINE.match(line)
            if found:
                made[found[1], found[2]] += 1
        most: Counter[str] = Counter()
        for (_thread, call), times in made.items():
            most[call] = max(most[call], times)
        return most

    def _trace(self) -> list[str]:
        return self.traced.read_text(errors="replace").splitlines() if self.trace else []


def lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):  # gone before, or while it was read
        return False

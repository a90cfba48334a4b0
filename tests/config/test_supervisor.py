"""The supervisor over small programs: order, restarts, clean stop, no orphans."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from serment.config.supervisor.keeping import DidNotStart, Keeping
from serment.config.supervisor.program import Program
from serment.config.supervisor.supervising import Supervisor
from tests.apart import apart

LIVES = "import time, sys; print('hello', flush=True); time.sleep(60)"


def program(name: str, code: str = LIVES, **other: object) -> Program:
    async def well() -> bool:
        return True

    return Program(name, (sys.executable, "-c", code), well, **other)  # type: ignore[arg-type]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def until(condition: object, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


def test_killed_program_is_started_again_and_its_lines_carry_its_name() -> None:
    said: list[tuple[str, str]] = []

    async def story() -> None:
        keeping = Keeping(program("web"), lambda name, line: said.append((name, line)))
        await keeping.start()
        await until(lambda: ("web", "hello") in said)
        first = keeping.pid
        assert first
        os.kill(first, signal.SIGKILL)
        await until(lambda: keeping.restarts == 1 and keeping.pid)
        assert keeping.pid != first
        await until(lambda: said.count(("web", "hello")) == 2)
        await keeping.stop()
        assert keeping.pid is None

    apart(story())
    assert any("SIGKILL" in line and "starting again in 0.2 s" in line for _, line in said)


def test_program_that_always_falls_is_given_up_at_the_start() -> None:
    async def never() -> bool:
        return False

    async def story() -> None:
        falls = Program("web", (sys.executable, "-c", "raise SystemExit(3)"), never,
                        start_seconds_max=1)  # fmt: skip
        with pytest.raises(DidNotStart, match="web"):
            await Keeping(falls, lambda *_: None).start()

    apart(story())


def test_a_program_stopped_while_it_is_being_ended_ends_once() -> None:
    """Stopping at the moment of a fall: both wait for its last lines."""

    async def story() -> None:
        keeping = Keeping(program("web"), lambda *_: None)
        await keeping.start()
        await asyncio.gather(keeping._end(), keeping.stop())
        assert keeping.pid is None

    apart(story())


def test_stops_in_reverse_order_and_leaves_no_process() -> None:
    said: list[tuple[str, str]] = []
    pids: list[int] = []
    spawns = (
        "import subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, '-c', {LIVES!r}]); time.sleep(60)"
    )

    async def story() -> None:
        order = [(program("postgres"),), (program("keeper", spawns), program("web"))]
        supervisor = Supervisor(order, lambda name, line: said.append((name, line)))

        async def ready() -> None:
            await until(lambda: ("keeper", "hello") in said)
            for keeping in supervisor.keepings.values():
                assert keeping.pid
                pids.append(keeping.pid)
                pids.extend(children(keeping.pid))
            os.kill(os.getpid(), signal.SIGTERM)

        await asyncio.wait_for(supervisor.run(ready), 20)

    apart(story())
    assert len(pids) == 4
    assert [name for name, line in said if line == "stopping"] == ["web", "keeper", "postgres"]
    end = time.monotonic() + 5  # told to end, each ends when the machine gets round to it
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not [pid for pid in pids if alive(pid)]


def children(pid: int) -> list[int]:
    told = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in told.stdout.split()]


def _orphan_after_kill(start: str) -> bool:
    """Start a parent that starts a child by ``start``, kill the parent, look for the child."""
    code = textwrap.dedent(f"""
        import subprocess, sys, time
        from serment.config import process
        child = {start}([sys.executable, "-c", "import time; time.sleep(30)"])
        print(child.pid, flush=True)
        time.sleep(30)
    """)
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    end = time.monotonic() + 2
    while alive(child) and time.monotonic() < end:
        time.sleep(0.02)
    left = alive(child)
    if left:
        os.kill(child, signal.SIGKILL)
    return left


def test_children_die_with_a_killed_supervisor() -> None:
    assert _orphan_after_kill("subprocess.Popen"), "without the guard the child lives on"
    assert not _orphan_after_kill("process.start")


def test_the_line_every_start_writes_is_not_said_and_all_others_are() -> None:
    said: list[str] = []
    lines = "FATAL:  starting up", "FATAL:  no room"
    code = f"import time; print(*{lines}, sep='\\n', flush=True); time.sleep(600)"

    async def story(**other: object) -> None:
        keeping = Keeping(program("postgres", code, **other), lambda _name, line: said.append(line))
        await keeping.start()
        await until(lambda: "FATAL:  no room" in said)
        await keeping.stop()

    apart(story())
    assert "FATAL:  starting up" in said
    said.clear()
    apart(story(unsaid="starting up"))
    assert said == ["FATAL:  no room"]

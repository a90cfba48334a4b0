"""Keeps one program alive: start, wait until well, watch, start again after a pause."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable

from serment.config import process
from serment.config.supervisor.backoff import Backoff
from serment.config.supervisor.program import Program
from serment.errors import Broken

WATCH_SECONDS = 5.0
SILENCES_MAX = 4
_POLL_SECONDS = 0.05

Say = Callable[[str, str], None]


class DidNotStart(Broken):
    """A process did not start; its messages are above."""


class Keeping:
    """The life of one program under the supervisor."""

    def __init__(self, program: Program, say: Say) -> None:
        self.program = program
        self.restarts = 0
        self._say = say
        self._child: subprocess.Popen[bytes] | None = None
        self._pump: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        """The present process, where one runs."""
        running = self._child is not None and self._child.poll() is None
        return self._child.pid if running and self._child else None

    async def start(self) -> None:
        """Start and wait until it answers, trying again after falls. Raises DidNotStart."""
        backoff = Backoff()
        until = time.monotonic() + self.program.start_seconds_max
        while True:
            self._spawn()
            if await self._came_up(until):
                break
            await self._end()
            if time.monotonic() > until:
                raise DidNotStart(f"The process “{self.program.name}” did not start.")
            backoff = backoff.after(time.monotonic() - self._started)
            await asyncio.sleep(backoff.wait_seconds)
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop watching, then the process."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._end()

    def _spawn(self) -> None:
        program = self.program
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as output:
            self._child = process.start(
                program.command,
                death=program.stop_signal,
                env=os.environ | dict(program.env),
                cwd=program.cwd,
                stdin=program.stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._started = time.monotonic()
        self._pump = asyncio.create_task(self._prefix(reading))

    async def _came_up(self, until: float) -> bool:
        while time.monotonic() < until and self.pid:
            if await self._is_well():
                return True
            await asyncio.sleep(_POLL_SECONDS)
        return False

    async def _is_well(self) -> bool:
        try:
            async with asyncio.timeout(WATCH_SECONDS):
                return await self.program.well()
        except (OSError, TimeoutError):
            return False

    async def _watch(self) -> None:
        backoff = Backoff()
        while True:
            why = await self._until_fallen()
            await self._end()
            backoff = backoff.after(time.monotonic() - self._started)
            self._say(self.program.name, f"{why}; starting again in {backoff.wait_seconds:.1f} s")
            await asyncio.sleep(backoff.wait_seconds)
            self.restarts += 1
            self._spawn()
            await self._came_up(time.monotonic() + self.program.start_seconds_max)

    async def _until_fallen(self) -> str:
        silences, next_question = 0, time.monotonic() + WATCH_SECONDS
        while self.pid:
            await asyncio.sleep(_POLL_SECONDS)
            if time.monotonic() < next_question:
                continue
            silences = 0 if await self._is_well() else silences + 1
            if silences >= SILENCES_MAX:
                return "does not answer"
            next_question = time.monotonic() + WATCH_SECONDS
        return f"ended ({_ending(self._child.returncode if self._child else None)})"

    async def _end(self) -> None:
        """Ask it to stop, then end it; also while the same is under way elsewhere."""
        child, pump = self._child, self._pump
        if child is not None and child.poll() is None:
            child.send_signal(self.program.stop_signal)
            until = time.monotonic() + self.program.stop_seconds_max
            while child.poll() is None and time.monotonic() < until:
                await asyncio.sleep(_POLL_SECONDS)
        if child is not None:
            process.end_group(child)
            child.wait()
        if pump is not None:
            await asyncio.wait({pump}, timeout=1)
            pump.cancel()
        if self._child is child:
            self._child = self._pump = None

    async def _prefix(self, reading: int) -> None:
        """Pass the program's lines on, each with its name in front."""
        reader = asyncio.StreamReader(limit=1 << 16)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb")
        )
        try:
            while True:
                try:
                    line = await reader.readline()
                except ValueError:  # longer than the limit: what was read is dropped
                    continue
                if not line:
                    return
                said = line.decode(errors="replace").rstrip()
                if not self.program.unsaid or not said.endswith(self.program.unsaid):
                    self._say(self.program.name, said)
        finally:
            transport.close()


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"status {code}"

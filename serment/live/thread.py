"""The one thread that runs the pages, and the eye on it.

A page that never returns would hold the thread, and with it every later request, for ever. So the
thread leaves a mark whenever it begins an answer or gets another piece of it; a mark that grows
older than the limit means the thread is lost, and no program can take it back: the process has to
end, and the supervisor starts another.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")
Work = Callable[[Callable[[], None]], Answer]
"""What the thread does; it is given the mark to leave with every piece of its answer."""


class TooLong(Exception):  # noqa: N818
    """The answer did not come in time. ``begun``: the pages have the request, and keep it."""

    def __init__(self, *, begun: bool) -> None:
        super().__init__()
        self.begun = begun


@dataclass(slots=True)
class _Asked:
    """One request on its way through the thread."""

    since: float
    marked: float | None = None
    running: Future[Any] | None = None


@dataclass(slots=True)
class PageThread(Generic[Answer]):
    """Runs one piece of work at a time, the others wait in order."""

    seconds_max: float
    clock: Callable[[], float] = time.monotonic
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="django")
    )
    _waiting: dict[int, _Asked] = field(default_factory=dict)
    _drawn: int = 0

    def __len__(self) -> int:
        """How many answers are awaited."""
        return len(self._waiting)

    def oldest_seconds(self) -> float:
        """Age of the oldest answer still awaited."""
        oldest = next(iter(list(self._waiting.values())), None)
        return 0.0 if oldest is None else self.clock() - oldest.since

    def lost(self) -> bool:
        """Has the thread given no sign for longer than the limit?"""
        return any(
            one.marked is not None and self.clock() - one.marked > self.seconds_max
            for one in list(self._waiting.values())
        )

    def give_up(self) -> None:
        """Whoever waits and was not begun shall wait no longer: nothing happened to them yet."""
        for one in list(self._waiting.values()):
            if one.running is not None:
                one.running.cancel()

    async def ask(self, work: Work[Answer]) -> Answer:
        """The answer of ``work``, or what it raised; TooLong when it neither came nor grew."""
        self._drawn += 1
        number, asked = self._drawn, _Asked(self.clock())
        self._waiting[number] = asked
        asked.running = running = self._pool.submit(self._run, work, asked)
        running.add_done_callback(lambda _: self._waiting.pop(number, None))
        answer = asyncio.wrap_future(running)
        answer.add_done_callback(_see)
        while True:
            end = (asked.since if asked.marked is None else asked.marked) + self.seconds_max
            try:
                return await asyncio.wait_for(asyncio.shield(answer), max(0.0, end - self.clock()))
            except TimeoutError:
                if asked.marked is None:
                    running.cancel()
                elif self.clock() - asked.marked > self.seconds_max:
                    raise TooLong(begun=True) from None
            except asyncio.CancelledError:
                if running.cancelled():
                    raise TooLong(begun=False) from None
                raise

    def _run(self, work: Work[Answer], asked: _Asked) -> Answer:
        def mark() -> None:
            asked.marked = self.clock()

        mark()
        return work(mark)


def _see(answer: asyncio.Future[Any]) -> None:
    """Take note of an end nobody waits for any more, so that asyncio does not tell its text."""
    if not answer.cancelled():
        answer.exception()

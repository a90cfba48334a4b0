"""Tells open screens that something of theirs changed: whose agenda, and nothing of what.

PostgreSQL says it (``LISTEN``; migration 0001 of the practice's pages) to one kept connection a
process. A screen asks the pages whether it may hear, as it asks for anything; they answer with the
house it may hear of, and the answer goes on from here, without their thread, for half a minute.
Then the pages are asked again: a session that ended or was locked hears no more. Each line names a
role; the screen fetches what it may see.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import Receive, Send

KEY: Final = "serment.hears"
"""Key of the environ; the page puts the house under ``HOUSE`` in it. No header can set it."""
HOUSE: Final = "house"
WHO: Final = "who"
"""Beside it, who listens: told apart from others, and no more."""
ALL: Final = "*"
"""Said instead of a role where something may have been missed."""
AGAIN: Final = "again"
_QUEUED_MAX = 64
EACH_MAX: Final = 40
"""Screens of one person, two for each page while one takes over from the other: somebody who opens
ever more takes no place from anybody else."""
_LOG = logging.getLogger(__name__)

Listen = Callable[[], AsyncIterator[str]]
"""Yields "house role" for each change, from the moment it first yields an empty line."""


@dataclass(frozen=True, slots=True)
class Span:
    """For how long one stream runs, and how often it shows that it does."""

    seconds: float = 30.0
    overlap_seconds: float = 5.0
    """Before its end a screen is told to ask again, and hears on both: nothing is missed."""
    beat_seconds: float = 10.0
    again_seconds: float = 2.0
    """After a fault of the database's connection."""


@dataclass(slots=True, eq=False)
class _Screen:
    house: str
    who: str
    told: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(_QUEUED_MAX))

    def tell(self, role: str) -> None:
        """A screen that takes nothing any more is told once that it missed some."""
        if self.told.full():
            while not self.told.empty():
                self.told.get_nowait()
            role = ALL
        self.told.put_nowait(role)


class Changes:
    """One process's ear, and the screens behind it."""

    def __init__(
        self, listen: Listen, *, span: Span = Span(), screens_max: int = 1000,
        each_max: int = EACH_MAX,
    ) -> None:  # fmt: skip
        self._listen = listen
        self._span = span
        self._screens_max = screens_max
        self._each_max = each_max
        self._screens: set[_Screen] = set()
        self._ear: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many screens hear."""
        return len(self._screens)

    async def stream(
        self, house: str, who: str, headers: list[tuple[bytes, bytes]], receive: Receive,
        send: Send,
    ) -> None:  # fmt: skip
        """Tell one screen of its house's changes until its time is over or it leaves."""
        own = sum(one.who == who for one in self._screens)
        if len(self._screens) >= self._screens_max or own >= self._each_max:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            return await send({"type": "http.response.body", "body": b""})
        screen = _Screen(house, who)
        self._screens.add(screen)
        if self._ear is None or self._ear.done():
            self._ear = asyncio.create_task(self._hear())
        left = asyncio.create_task(_left(receive))
        try:
            # The page's own body was empty, and its length says so.
            told = [(name, value) for name, value in headers if name != b"content-length"]
            await send({"type": "http.response.start", "status": 200, "headers": told})
            await self._tell(screen, left, send)
            await send({"type": "http.response.body", "body": b""})
        except OSError:
            pass  # the screen went while it was being told
        finally:
            left.cancel()
            self._screens.discard(screen)
        return None

    async def _tell(self, screen: _Screen, left: asyncio.Task[None], send: Send) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._span.seconds
        again = end - self._span.overlap_seconds
        line = "hears"
        while line:
            piece = {"type": "http.response.body", "body": f"{line}\n".encode(), "more_body": True}
            await send(piece)
            if again and loop.time() >= again:
                again, line = 0, AGAIN
                continue
            line = await self._next(screen, left, (again or end) - loop.time(), last=not again)

    async def _next(
        self, screen: _Screen, left: asyncio.Task[None], seconds: float, *, last: bool
    ) -> str:
        """The next line; empty when the stream is over."""
        if seconds <= 0 and last:
            return ""
        told = asyncio.create_task(screen.told.get())
        wait = min(max(seconds, 0), self._span.beat_seconds)
        try:
            done, _ = await asyncio.wait(
                {told, left}, timeout=wait, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            told.cancel()
        if left in done:
            return ""
        return told.result() if told in done else ":"

    async def _hear(self) -> None:
        """Pass on what the database says, while anybody hears; after a fault from the start."""
        while self._screens:
            try:
                async for line in self._listen():
                    self._pass_on(line)
            except Exception as error:  # noqa: BLE001 -- its text could hold what no log may
                _LOG.warning("the ear on the agenda broke off: %s", type(error).__name__)
            await asyncio.sleep(self._span.again_seconds)

    def _pass_on(self, line: str) -> None:
        house, _, role = line.partition(" ")
        for screen in list(self._screens):
            if not line:
                screen.tell(ALL)  # listening from now on: what was before was not heard
            elif screen.house == house:
                screen.tell(role)


async def _left(receive: Receive) -> None:
    """Returns when the client has gone."""
    with suppress(asyncio.CancelledError):
        message: Any = await receive()
        while message["type"] != "http.disconnect":
            message = await receive()

"""Screens hear of their own house's changes, from the database on, and of nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from serment.live import changes
from serment.live.changes import Changes, Span

QUICK = Span(seconds=0.5, overlap_seconds=0.2, beat_seconds=0.1, again_seconds=0.01)


class _Browser:
    """Takes a stream in; ``leaves`` ends it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.status = 0
        self.leaves = asyncio.Event()

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        assert b"content-length" not in dict(message.get("headers", []))
        self.lines += [one for one in message.get("body", b"").decode().split("\n") if one]

    async def receive(self) -> dict[str, str]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def until(self, line: str) -> None:
        async with asyncio.timeout(5):
            while line not in self.lines:
                await asyncio.sleep(0.005)


def _ear(said: asyncio.Queue[str | None]) -> changes.Listen:
    async def listen() -> AsyncIterator[str]:
        yield ""
        while (line := await said.get()) is not None:
            yield line
        raise OSError

    return listen


def test_a_house_hears_its_own_changes_and_a_fault_is_made_good() -> None:
    async def scene() -> None:
        said: asyncio.Queue[str | None] = asyncio.Queue()
        heard = Changes(_ear(said), span=Span(again_seconds=0.01), screens_max=2)
        ours, theirs, third = _Browser(), _Browser(), _Browser()
        streams = [
            asyncio.create_task(heard.stream(house, [], one.receive, one.send))
            for house, one in (("A", ours), ("B", theirs))
        ]
        await ours.until(changes.ALL)
        await heard.stream("A", [], third.receive, third.send)
        assert third.status == 503, "bounded"
        said.put_nowait("A role-1")
        said.put_nowait("B role-2")
        await ours.until("role-1")
        await theirs.until("role-2")
        assert "role-2" not in ours.lines
        assert "role-1" not in theirs.lines
        said.put_nowait(None)
        async with asyncio.timeout(5):
            while ours.lines.count(changes.ALL) < 2:
                await asyncio.sleep(0.005)
        ours.leaves.set()
        theirs.leaves.set()
        await asyncio.gather(*streams)
        assert len(heard) == 0
        heard._ear.cancel()  # type: ignore[union-attr]

    asyncio.run(scene())


def test_a_stream_says_when_to_ask_again_and_ends() -> None:
    async def scene() -> None:
        heard = Changes(_ear(asyncio.Queue()), span=QUICK)
        one = _Browser()
        await asyncio.wait_for(
            heard.stream("A", [(b"content-length", b"0")], one.receive, one.send), 5
        )
        assert one.lines[0] == "hears"
        assert changes.AGAIN in one.lines
        heard._ear.cancel()  # type: ignore[union-attr]

    asyncio.run(scene())

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
            asyncio.create_task(heard.stream(house, house, [], one.receive, one.send))
            for house, one in (("A", ours), ("B", theirs))
        ]
        await ours.until(changes.ALL)
        await heard.stream("A", "A", [], third.receive, third.send)
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


def test_one_person_s_screens_take_no_place_from_anybody_else() -> None:
    """The control: without their own bound they have all the places there are."""

    async def scene(each_max: int) -> list[int]:
        heard = Changes(_ear(asyncio.Queue()), screens_max=5, each_max=each_max)
        asking = [_Browser() for _ in range(6)]
        colleague = _Browser()
        streams = []
        for who, one in [*(("greedy", one) for one in asking), ("colleague", colleague)]:
            streams.append(asyncio.create_task(heard.stream("A", who, [], one.receive, one.send)))
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            while not all(one.status for one in (*asking, colleague)):
                await asyncio.sleep(0.005)
        for one in (*asking, colleague):
            one.leaves.set()
        await asyncio.gather(*streams)
        heard._ear.cancel()  # type: ignore[union-attr]
        return [*(one.status for one in asking), colleague.status]

    assert asyncio.run(scene(5)) == [200] * 5 + [503, 503]
    assert asyncio.run(scene(3)) == [200] * 3 + [503] * 3 + [200]


def test_a_stream_says_when_to_ask_again_and_ends() -> None:
    async def scene() -> None:
        heard = Changes(_ear(asyncio.Queue()), span=QUICK)
        one = _Browser()
        await asyncio.wait_for(
            heard.stream("A", "A", [(b"content-length", b"0")], one.receive, one.send), 5
        )
        assert one.lines[0] == "hears"
        assert changes.AGAIN in one.lines
        heard._ear.cancel()  # type: ignore[union-attr]

    asyncio.run(scene())

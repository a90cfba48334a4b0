"""The keeper's door: its sockets, who may connect, one frame in, one frame out.

A connection that sends what is not wire format v1 is answered nothing and closed; the keeper
lives on. Requests of one connection are answered in order; connections run side by side, so
their leaves share group commits.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from serment.keeper.entrances import Entrance, Place, isolated, may_pass, sign
from serment.keeper.house import House, NoAccess
from serment.keeper.peers import Peer, peer_of
from serment.keeper.server import Desk
from serment.keeper.wire import (
    HEAD_BYTES,
    FrameRefused,
    Reply,
    Request,
    body_length,
    frame,
    request_from,
)

log = logging.getLogger("serment.keeper")

CONNECTIONS_MAX: Final = 512
CONNECTIONS_AN_ENTRANCE: Final = 384
CONNECTIONS_A_PROCESS: Final = 64
"""Past any of them the line that has been silent longest is hung up; its client connects anew.

However often the pages' process forks, the others' entrances stay open.
"""

HEAD_SECONDS_MAX: Final = 300
FRAME_SECONDS_MAX: Final = 30
STOP_SECONDS_MAX: Final = 3
SWEEP_SECONDS: Final = 60


@dataclass(slots=True)
class Line:
    """One connection; ``silent_since`` is set while nothing of a request has come."""

    pid: int
    entrance: Entrance
    writer: asyncio.StreamWriter
    silent_since: float | None


class Door:
    """Accepts connections of the users each place names, and feeds the desk."""

    def __init__(self, house: House, places: Sequence[Place]) -> None:
        self._desk = Desk(house)
        self._house = house
        self._places = places
        self._open: dict[asyncio.Task[None] | None, Line] = {}
        self._servers: list[asyncio.Server] = []
        self._sweeping: asyncio.Task[None] | None = None
        house.isolated = isolated(places)

    async def listen(self) -> None:
        """Bind every socket. A folder made for one lets in whom its socket lets in."""
        for place in self._places:
            folder = 0o700 if place.mode == 0o600 else 0o711
            place.path.parent.mkdir(mode=folder, parents=True, exist_ok=True)
            place.path.unlink(missing_ok=True)
            before = os.umask(0o777 & ~place.mode)
            try:
                serve = partial(self._serve, place)
                server = await asyncio.start_unix_server(serve, place.path, limit=1 << 20)
            finally:
                os.umask(before)
            self._servers.append(server)
        self._sweeping = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        """Every minute: forget what is over, so that memory and rows do not only grow."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._house.sweep()

    async def _serve(
        self, place: Place, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer = peer_of(writer)
        if peer.uid not in place.users or not self._has_room(place.entrance, peer.pid):
            log.warning("Refused a connection of user %d (%s).", peer.uid, place.entrance)
            writer.close()
            return
        task, now = asyncio.current_task(), asyncio.get_running_loop().time
        line = self._open[task] = Line(peer.pid, place.entrance, writer, now())
        try:
            while True:
                ask = await _read(reader, line)
                writer.write(frame(await self._answer(place.entrance, ask, peer)))
                await writer.drain()
                line.silent_since = now()
        except FrameRefused:
            log.warning("Closed a connection that did not speak wire format 1.")
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # the other side went away: nothing it was owed is lost, the leaf stands
        finally:
            self._open.pop(task, None)
            writer.close()

    async def _answer(self, entrance: Entrance, ask: Request, peer: Peer) -> Reply:
        try:
            may_pass(entrance, ask)
        except NoAccess:
            return Reply(ask.id, "refused")
        sign(entrance, ask, peer.pid)
        return await self._desk.answer(ask, peer.pid, peer.since)

    def _has_room(self, entrance: Entrance, pid: int) -> bool:
        """Is there a line for this process? If need be, the one silent longest is hung up."""
        lines = self._open.values()
        own = [line for line in lines if line.pid == pid]
        if len(own) >= CONNECTIONS_A_PROCESS:
            return self._hang_up_one(own)
        same = [line for line in lines if line.entrance is entrance]
        if len(same) >= CONNECTIONS_AN_ENTRANCE:
            return self._hang_up_one(same)
        return len(lines) < CONNECTIONS_MAX or self._hang_up_one(lines)

    def _hang_up_one(self, lines: Iterable[Line]) -> bool:
        silent = [line for line in lines if line.silent_since is not None]
        if not silent:
            return False
        longest = min(silent, key=lambda line: line.silent_since or 0)
        for task, line in list(self._open.items()):
            if line is longest:
                del self._open[task]
        longest.writer.close()
        return True

    async def close(self) -> None:
        """Hang up on everybody, letting what is being recorded end; the sockets go."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for server in self._servers:
            server.close()
        for line in list(self._open.values()):
            line.writer.close()
        tasks = [task for task in self._open if task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS_MAX)
        for place in self._places:
            place.path.unlink(missing_ok=True)


async def _read(reader: asyncio.StreamReader, line: Line) -> Request:
    """The next request; TimeoutError where none begins for minutes, or one stops half-way."""
    async with asyncio.timeout(HEAD_SECONDS_MAX) as limit:
        head = await reader.readexactly(HEAD_BYTES)
        line.silent_since = None
        length = body_length(head)
        limit.reschedule(asyncio.get_running_loop().time() + FRAME_SECONDS_MAX)
        body = await reader.readexactly(length)
    return request_from(body)

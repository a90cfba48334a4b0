"""The keeper's door: its sockets, who may connect, one frame in, one frame out.

A connection that sends what is not wire format v1 is answered nothing and closed; the keeper
lives on. Requests of one connection are answered in order; connections run side by side, so
their leaves share group commits.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final, cast

from serment.keeper.entrances import Entrance, Place, isolated, may_pass, sign
from serment.keeper.house import House, NoAccess
from serment.keeper.peers import peer_of
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
UNREAD_BYTES_MAX: Final = 2 << 20
"""So much may wait unread behind a request that is being answered."""

HALF_BYTES_MAX: Final = 64 << 20
"""Of all half requests of an entrance. Past it the line with most of them is hung up: otherwise a
few hundred lines, each with most of a large request, would be all the memory there is."""

STOP_SECONDS_MAX: Final = 3
SWEEP_SECONDS: Final = 60


class Line(asyncio.Protocol):
    """One connection: its requests are answered one after the other, in the order they came.

    ``silent_since`` is set while nothing of a request has come.
    """

    def __init__(self, door: Door, place: Place) -> None:
        self.entrance = place.entrance
        self.silent_since: float | None = None
        self.task: asyncio.Task[None] | None = None
        """What answers; it ends where no whole request is left."""
        self._door = door
        self._place = place
        self._held = bytearray()
        self._began: float | None = None
        self._over = False
        self._paused = False
        self._room: asyncio.Future[None] | None = None
        self._look_at: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let in whom this place names, if there is room; hang up on others."""
        self._transport = cast("asyncio.Transport", transport)
        self.peer = peer_of(transport)
        if self.peer.uid not in self._place.users or not self._door.let_in(self):
            log.warning("Refused a connection of user %d (%s).", self.peer.uid, self.entrance)
            self._over = True
            transport.close()
            return
        self.silent_since = self._loop.time()
        self._look_in(HEAD_SECONDS_MAX)

    def data_received(self, data: bytes) -> None:
        """Answer what is whole; do not read on where too much waits behind an answer."""
        if self._over:
            return
        self._held += data
        if self.half_bytes > UNREAD_BYTES_MAX:
            self._door.make_room(self)
            if self._over:
                return
        if self.task is None:
            self._go_on()
        elif len(self._held) > UNREAD_BYTES_MAX:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Nothing more will come: what came whole is still answered."""
        self._over = True
        if self.task is None:
            self._transport.close()
        return True

    def connection_lost(self, _fault: Exception | None) -> None:
        """The other side went away: nothing it was owed is lost, the leaf stands."""
        self._over = True
        self._held.clear()
        self.resume_writing()
        if self.task is None:
            self._door.let_go(self)
        if self._look_at is not None:
            self._look_at.cancel()

    @property
    def half_bytes(self) -> int:
        """How much of a request that is not whole is held."""
        return len(self._held)

    def pause_writing(self) -> None:
        """The other side does not read: nothing more is answered before it does, and as long as
        half a request is waited for, so long it is waited for."""
        self._room = self._loop.create_future()
        self._wait_for_the_rest()

    def resume_writing(self) -> None:
        """It reads again."""
        self._began = None
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def hang_up(self) -> None:
        """Close; what is being recorded is recorded all the same. Who does not read is not waited
        for: closing alone would keep what is unread until it is."""
        self._over = True
        self._held.clear()
        if self._room is None:
            self._transport.close()
        else:
            self._transport.abort()

    def _go_on(self) -> None:
        ask = self._next()
        if ask is not None:
            self.task = self._loop.create_task(self._answer(ask))

    def _next(self) -> Request | None:
        """The next whole request; None where none is there yet, or nothing readable came."""
        held = self._held
        if len(held) < HEAD_BYTES:
            return None
        self.silent_since = None
        try:
            end = HEAD_BYTES + body_length(bytes(held[:HEAD_BYTES]))
            if len(held) < end:
                self._wait_for_the_rest()
                return None
            ask = request_from(bytes(held[HEAD_BYTES:end]))
        except FrameRefused:
            self._refuse()
            return None
        self._began = None
        del held[:end]
        return ask

    def _refuse(self) -> None:
        log.warning("Closed a connection that did not speak wire format 1.")
        self.hang_up()

    async def _answer(self, ask: Request | None) -> None:
        try:
            while ask is not None:
                message = frame(await self._door.answer(self, ask))
                if self._transport.is_closing():
                    break  # the other side went away: the leaf stands
                self._transport.write(message)
                if self._room is not None:
                    await self._room
                ask = self._next()
        except FrameRefused:
            self._refuse()
        finally:
            self.task = None
            self._rest()

    def _rest(self) -> None:
        """Nothing whole is left to answer."""
        if self._over:
            self._transport.close()
            self._door.let_go(self)
            return
        if len(self._held) < HEAD_BYTES:
            self.silent_since = self._loop.time()
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    def _wait_for_the_rest(self) -> None:
        if self._began is None:
            self._began = self._loop.time()
            self._look_in(FRAME_SECONDS_MAX)

    def _look_in(self, seconds: float) -> None:
        if self._look_at is not None:
            self._look_at.cancel()
        self._look_at = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """Hang up where no request begins for minutes, or one stops half-way."""
        left: float = HEAD_SECONDS_MAX
        if self._began is not None:
            left = self._began + FRAME_SECONDS_MAX - self._loop.time()
        elif self.silent_since is not None:
            left = self.silent_since + HEAD_SECONDS_MAX - self._loop.time()
        if left > 0:
            self._look_in(left)
        else:
            self.hang_up()


class Door:
    """Accepts connections of the users each place names, and feeds the desk."""

    def __init__(self, house: House, places: Sequence[Place]) -> None:
        self._desk = Desk(house)
        self._house = house
        self._places = places
        self._open: set[Line] = set()
        self._servers: list[asyncio.Server] = []
        self._sweeping: asyncio.Task[None] | None = None
        house.isolated = isolated(places)

    async def listen(self) -> None:
        """Bind every socket. A folder made for one lets in whom its socket lets in."""
        loop = asyncio.get_running_loop()
        for place in self._places:
            folder = 0o700 if place.mode == 0o600 else 0o711
            place.path.parent.mkdir(mode=folder, parents=True, exist_ok=True)
            place.path.unlink(missing_ok=True)
            before = os.umask(0o777 & ~place.mode)
            try:
                server = await loop.create_unix_server(partial(Line, self, place), place.path)
            finally:
                os.umask(before)
            self._servers.append(server)
        self._sweeping = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        """Every minute: forget what is over, so that memory and rows do not only grow."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                self._house.sweep()
            except sqlite3.Error as fault:  # a disk that is full for a while
                log.error("What is over could not be forgotten: %s", type(fault).__name__)

    async def answer(self, line: Line, ask: Request) -> Reply:
        """What the desk says, where this entrance lets such a request pass."""
        try:
            may_pass(line.entrance, ask)
        except NoAccess:
            return Reply(ask.id, "refused")
        peer = line.peer
        sign(line.entrance, ask, peer.pid)
        return await self._desk.answer(ask, peer.pid, peer.since)

    def let_in(self, line: Line) -> bool:
        """Is there room for this line? If need be, the one silent longest is hung up."""
        if not self._has_room(line.entrance, line.peer.pid):
            return False
        self._open.add(line)
        return True

    def let_go(self, line: Line) -> None:
        """The line is over."""
        self._open.discard(line)

    def make_room(self, line: Line) -> None:
        """Of what this line's entrance holds of half requests, drop the largest if it is much."""
        same = [one for one in self._open if one.entrance is line.entrance]
        if sum(one.half_bytes for one in same) > HALF_BYTES_MAX:
            max(same, key=lambda one: one.half_bytes).hang_up()

    def _has_room(self, entrance: Entrance, pid: int) -> bool:
        lines = self._open
        own = [line for line in lines if line.peer.pid == pid]
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
        self._open.discard(longest)
        longest.hang_up()
        return True

    async def close(self) -> None:
        """Hang up on everybody, letting what is being recorded end; the sockets go."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for server in self._servers:
            server.close()
        lines = list(self._open)
        for line in lines:
            line.hang_up()
        tasks = [line.task for line in lines if line.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS_MAX)
        for place in self._places:
            place.path.unlink(missing_ok=True)

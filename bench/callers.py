"""Clients at the keeper's socket that cost little themselves: what is measured is the keeper."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from serment.keeper import wire


class Caller(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._taken = bytearray()
        self._answered: asyncio.Future[bytes] | None = None
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The keeper took the connection."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Part of an answer, or all of it."""
        from serment.keeper import wire

        self._taken += data
        if len(self._taken) < wire.HEAD_BYTES or self._answered is None:
            return
        end = wire.HEAD_BYTES + wire.body_length(bytes(self._taken[: wire.HEAD_BYTES]))
        if len(self._taken) >= end:
            body = bytes(self._taken[wire.HEAD_BYTES : end])
            del self._taken[:end]
            self._answered.set_result(body)

    def connection_lost(self, _fault: Exception | None) -> None:
        """Whoever waits is told."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionError())

    async def ask(self, request: wire.Request) -> None:
        """One round trip under a new id; anything but an opening is an error."""
        from serment.keeper import wire

        request.id = os.urandom(16)
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(wire.frame(request))
        reply = wire.reply_from(await self._answered)
        if reply.error:
            raise RuntimeError(reply.error)

    def close(self) -> None:
        """Hang up."""
        self._answered = None
        self._transport.close()


async def connected(path: str) -> Caller:
    """A caller at this socket."""
    _transport, caller = await asyncio.get_running_loop().create_unix_connection(Caller, path)
    return caller

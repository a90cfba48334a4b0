"""The keeper's client: plain blocking calls, one connection a thread, one second chance.

A broken connection is opened anew once and the same request sent again under the same id: the
keeper answers a request it has already done without doing it twice.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from serment.errors import Broken, Refused
from serment.keeper.wire import (
    HEAD_BYTES,
    FrameRefused,
    Reply,
    Request,
    body_length,
    frame,
    reply_from,
)

SECONDS_MAX: Final = 10.0
Answer = TypeVar("Answer", bound=msgspec.Struct)


class Unreachable(Broken):
    """The keeper does not answer. Nothing was opened."""


class Denied(Refused):
    """The keeper said no; ``why`` is refused, session or unusable."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


class Client:
    """Calls to one keeper. Safe to share between threads and across a fork."""

    def __init__(self, path: Callable[[], str], *, seconds_max: float = SECONDS_MAX) -> None:
        self._path = path
        self._seconds_max = seconds_max
        self._local = threading.local()

    def call(self, ask: Request, answer: type[Answer]) -> Answer:
        """Send one request; Unreachable when the keeper is down, Denied when it says no."""
        reply = self._exchange(ask)
        if reply.error == "broken":
            raise Unreachable
        if reply.error:
            raise Denied(reply.error)
        return msgspec.msgpack.decode(reply.body, type=answer)

    def _exchange(self, ask: Request) -> Reply:
        message = frame(ask)
        for last_chance in (False, True):
            try:
                return self._send(message, ask.id)
            except TimeoutError as silence:
                self.hang_up()
                raise Unreachable from silence
            except (OSError, EOFError, FrameRefused, msgspec.MsgspecError) as fault:
                self.hang_up()
                if last_chance:
                    raise Unreachable from fault
        raise Unreachable

    def _send(self, message: bytes, request: bytes) -> Reply:
        connection = self._connection()
        connection.sendall(message)
        reply = reply_from(_take(connection))
        if reply.id != request:
            raise FrameRefused
        return reply

    def _connection(self) -> socket.socket:
        held: tuple[int, str, socket.socket] | None = getattr(self._local, "held", None)
        path = self._path()
        if held is not None and held[:2] == (os.getpid(), path):
            return held[2]
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self._seconds_max)
        try:
            connection.connect(path)
        except OSError:
            connection.close()
            raise
        self._local.held = (os.getpid(), path, connection)
        return connection

    def hang_up(self) -> None:
        """Drop this thread's connection."""
        held: tuple[int, str, socket.socket] | None = getattr(self._local, "held", None)
        if held is not None:
            self._local.held = None
            held[2].close()


def _take(connection: socket.socket) -> bytes:
    """The body of the one answer that is due; most come whole at once."""
    taken = bytearray()
    length = HEAD_BYTES
    while len(taken) < length:
        part = connection.recv(1 << 18)
        if not part:
            raise EOFError
        taken += part
        if len(taken) >= HEAD_BYTES:
            length = HEAD_BYTES + body_length(bytes(taken[:HEAD_BYTES]))
    if len(taken) > length:
        raise FrameRefused
    return bytes(taken[HEAD_BYTES:])

"""A real process of another user that knocks at a keeper's sockets, where this user may make one.

As root it is ``nobody``. An ordinary user can make no process of another user: there the peer is
of the same one, and tests name other users at the door instead.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from serment.ids import new_id
from serment.keeper import wire
from serment.keeper.door import Door
from serment.keeper.entrances import Place
from serment.keeper.house import House
from tests.apart import apart
from tests.keeper.forking import fork

SOMEBODY = pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else os.getuid()
"""Whose process knocks."""
ANOTHER = SOMEBODY + 1
HUNG_UP, NO_WAY_IN = "hung up", "no way in"


def asking(kind: str, op: str, body: msgspec.Struct | None = None, **more: object) -> wire.Request:
    """A request as any process may put it together."""
    fixed = {"system": 0, "worker": 1, "operator": 2}
    who = fixed[kind].to_bytes(16, "big") if kind in fixed else new_id().bytes
    actor = wire.ActorWire(kind, who, "", b"e" * 16 if kind == "staff" else None)
    body = wire.Nothing() if body is None else body
    return wire.Request(new_id().bytes, op, actor, body=wire.raw(body), **more)  # type: ignore[arg-type]


def knock(
    house: House, places: Sequence[Place], at: Path, asks: Sequence[wire.Request]
) -> tuple[list[str], int]:
    """What another process is told at one of the places, a word an ask; and its number."""
    return knocks(house, places, at, asks, 1)[0]


def knocks(
    house: House, places: Sequence[Place], at: Path, asks: Sequence[wire.Request], many: int
) -> list[tuple[list[str], int]]:
    """The same of several processes, which send the same bytes at one door."""
    children = [_born(at, [wire.frame(ask) for ask in asks]) for _ in range(many)]
    try:
        words = apart(_served(house, places, [told for told, _child in children]))
    finally:
        for told, child in children:
            os.close(told)
            os.waitpid(child, 0)
    return [(json.loads(said), child) for said, (_told, child) in zip(words, children, strict=True)]


def _born(at: Path, frames: list[bytes]) -> tuple[int, int]:
    """Where a new process will tell what it was told, and its number."""
    told, telling = os.pipe()
    child = fork()
    if child == 0:
        os.close(told)
        _live(telling, at, frames)
    os.close(telling)
    return told, child


async def _served(house: House, places: Sequence[Place], told: Sequence[int]) -> list[bytes]:
    door = Door(house, places)
    await door.listen()
    try:
        return [await asyncio.to_thread(os.read, one, 1 << 16) for one in told]
    finally:
        await door.close()


def _live(telling: int, at: Path, frames: list[bytes]) -> None:
    """In the child: become somebody, knock, tell, end."""
    status = 1
    try:
        if os.getuid() != SOMEBODY:
            os.setgroups([])
            os.setgid(SOMEBODY)
            os.setuid(SOMEBODY)
        os.write(telling, json.dumps(_words(at, frames)).encode())
        status = 0
    finally:
        os._exit(status)


def _words(at: Path, frames: list[bytes]) -> list[str]:
    line = _connected(at)
    if line is None:
        return [NO_WAY_IN]
    with line:
        return [_word(line, frame) for frame in frames]


def _connected(at: Path) -> socket.socket | None:
    until = time.monotonic() + 10
    while True:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(10)
        try:
            line.connect(str(at))
        except PermissionError:
            return None
        except OSError:
            line.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return line


def _word(line: socket.socket, frame: bytes) -> str:
    try:
        line.sendall(frame)
        with line.makefile("rb") as file:
            head = file.read(wire.HEAD_BYTES)
            return wire.reply_from(file.read(wire.body_length(head))).error if head else HUNG_UP
    except ConnectionError:
        return HUNG_UP

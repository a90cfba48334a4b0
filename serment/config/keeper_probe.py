"""The supervisor's own questions to the keeper: how it is, and a consistent copy of its store."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec

from serment.errors import Broken, Unusable
from serment.keeper import upkeep, wire
from serment.keeper.words import OPERATOR_ID
from serment.live.health import LedgerState, Publication

OPERATOR = wire.ActorWire(kind="operator", id=OPERATOR_ID)


class KeeperRefused(Broken):
    """The keeper did not do what the supervisor asked of it."""


class KeeperAway(Unusable):
    """The keeper of this instance does not answer. Is serment up running? serment doctor looks."""


PATIENCE_SECONDS: Final = 20.0
"""How long a command waits for an answer that takes no work."""


def answer(
    socket: Path, op: str, body: msgspec.Struct | None = None, *, at_length: bool = False
) -> wire.Reply:
    """A command's question. Raises KeeperAway, KeeperRefused.

    ``at_length``: the work may take minutes, so only that the keeper answers at all is awaited
    with patience.
    """
    try:
        return asyncio.run(_answer(socket, op, body, at_length=at_length))
    except (OSError, EOFError) as away:  # a time that ran out is an OSError too
        raise KeeperAway from away


def figures_now(socket: Path) -> wire.Figures:
    """What it tells about itself, for a command. Raises KeeperAway, KeeperRefused."""
    return msgspec.msgpack.decode(answer(socket, "stats").body, type=wire.Figures)


async def _answer(
    socket: Path, op: str, body: msgspec.Struct | None, *, at_length: bool
) -> wire.Reply:
    if not at_length:
        return await asyncio.wait_for(ask(socket, op, body), PATIENCE_SECONDS)
    await asyncio.wait_for(figures(socket), PATIENCE_SECONDS)
    return await ask(socket, op, body)


async def ask(socket: Path, op: str, body: msgspec.Struct | None = None) -> wire.Reply:
    """One question, one answer, one connection. Raises OSError and KeeperRefused."""
    request = wire.Request(
        id=uuid4().bytes,
        op=op,
        actor=OPERATOR,
        purpose="administration",
        client="supervisor",
        process=f"supervisor/{os.getpid()}",
        body=wire.raw(body or wire.Nothing()),
    )
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(wire.frame(request))
        await writer.drain()
        head = await reader.readexactly(wire.HEAD_BYTES)
        reply = wire.reply_from(await reader.readexactly(wire.body_length(head)))
    finally:
        writer.close()
    if reply.error:
        raise KeeperRefused(f"The keeper answered “{reply.error}” to “{op}”.")
    return reply


async def figures(socket: Path) -> wire.Figures:
    """Everything the keeper tells about itself."""
    reply = await ask(socket, "stats")
    return msgspec.msgpack.decode(reply.body, type=wire.Figures)


def ledger_state(told: wire.Figures, public: Publication | None = None) -> LedgerState:
    """Sizes, lags and ages, as the health page shows them."""
    return LedgerState(
        told.size,
        told.indexed,
        round(told.index_lag_seconds, 3),
        public,
        _rounded(told.key_backup_seconds),
        _rounded(told.timestamp_seconds),
        _rounded(told.clock_difference_seconds),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


async def back_up(socket: Path, folder: Path) -> None:
    """Have the keeper lay a consistent copy of its store and segments into ``folder``."""
    await ask(socket, "backup", wire.FolderAsk(folder=str(folder)))


async def backup_mark(socket: Path, digest: bytes) -> str:
    """The keeper's mark on a whole backup, by the digest of its manifest."""
    reply = await ask(socket, "backup_mark", upkeep.MarkAsk(digest))
    return msgspec.msgpack.decode(reply.body, type=wire.Text).text

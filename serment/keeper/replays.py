"""The same request id twice is one act: answers kept ten minutes, bound to who asked."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import Final

from serment.keeper.house import AskUnusable
from serment.keeper.wire import Reply, Request
from serment.keeper.words import REPLAY_SECONDS

BYTES_MAX: Final = 64 << 20
ACTS_ONCE: Final = frozenset(
    {"seal", "reveal", "find", "records_of", "files_behind", "link", "delete", "open_session",
     "errand", "history", "perimeter"}
)  # fmt: skip

Name = tuple[bytes, bytes, str]


@dataclass(slots=True)
class Kept:
    """An answer on its way or given, and the digest of the question."""

    question: bytes
    until: float
    answer: asyncio.Future[Reply]


@dataclass(slots=True)
class Replays:
    """Answers by (request id, capability, process)."""

    _kept: dict[Name, Kept] = field(default_factory=dict)
    _bytes: int = 0

    def seen(self, ask: Request) -> asyncio.Future[Reply] | None:
        """The former answer; AskUnusable when the same id comes with another question."""
        kept = self._kept.get(_name(ask))
        if kept is None or kept.until < asyncio.get_running_loop().time():
            return None
        if kept.question != _question(ask):
            raise AskUnusable
        return kept.answer

    def keep(self, ask: Request) -> asyncio.Future[Reply]:
        """Promise an answer; whoever sends the same again waits for this one."""
        loop = asyncio.get_running_loop()
        self._drop_old(loop.time())
        answer: asyncio.Future[Reply] = loop.create_future()
        until = loop.time() + REPLAY_SECONDS
        self._kept[_name(ask)] = Kept(_question(ask), until, answer)
        return answer

    def given(self, ask: Request, reply: Reply) -> None:
        """The answer exists. A refusal is forgotten: asking again may be right by then."""
        name = _name(ask)
        kept = self._kept.get(name)
        if kept is None:
            return
        if not kept.answer.done():
            kept.answer.set_result(reply)
        if reply.error:
            del self._kept[name]
        else:
            self._bytes += len(bytes(reply.body))

    def _drop_old(self, now: float) -> None:
        for name, kept in list(self._kept.items()):
            if kept.until > now and self._bytes < BYTES_MAX:
                return
            del self._kept[name]
            if kept.answer.done():
                self._bytes -= len(bytes(kept.answer.result().body))


def _name(ask: Request) -> Name:
    return ask.id, ask.capability or ask.errand, ask.process


def _question(ask: Request) -> bytes:
    return hashlib.sha256(ask.op.encode() + b"\0" + bytes(ask.body)).digest()

"""The same request id twice is one act: answers kept ten minutes, bound to who asked.

Who asks is the process as the kernel tells it, by number and beginning, and what it opens with;
what it calls itself counts for nothing. A process that was started anew is another one: what it
sends again is a new act, with a record of its own. So nothing is hidden, and what changes something
twice ends in the same state: a sealed value replaces itself, a link, a relation and a deletion
stand once; a second ticket or session opens no more than the first.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

import msgspec

from serment.keeper.house import AskUnusable
from serment.keeper.wire import Reply, Request
from serment.keeper.words import REPLAY_SECONDS

BYTES_MAX: Final = 64 << 20
ANSWERS_MAX: Final = 200_000
ACTS_ONCE: Final = frozenset(
    {"seal", "seal_by_ticket", "reveal", "find", "records_of", "files_behind", "link", "delete",
     "open_session",
     "errand", "history", "perimeter", "measure", "batch", "relate",
     "join", "tell_apart", "alike", "marked", "holders", "in_use", "forget_visits",
     "break_glass", "freeze",
     "unfreeze",
     "grant_propose", "grant_close", "grant_approve", "grant_revoke",
     "glass_justify", "glass_review", "grant_erase", "solo",
     "act_for", "act_accept", "act_end", "act_until", "keep",
     "enrol", "assert", "asserted", "revoke", "end_staff", "staff_role"}
)  # fmt: skip
_OPENS: Final = frozenset(
    {
        "reveal",
        "find",
        "records_of",
        "files_behind",
        "history",
        "perimeter",
        "alike",
        "marked",
        "holders",
    }
)

Asker = tuple[bytes, bytes, bytes, bytes, int, int]


def asker_of(ask: Request, peer: int, since: int) -> Asker:
    """Under which an answer is kept: request id, what it opens with, and the kernel's process."""
    return ask.id, ask.capability, ask.errand, ask.grant, peer, since


@dataclass(slots=True)
class Kept:
    """An answer on its way or given, and the digest of the question."""

    question: bytes
    until: float
    answer: asyncio.Future[Reply]
    length_bytes: int = 0
    opened: bool = False


@dataclass(slots=True)
class Replays:
    """Answers by who asked; the oldest go first."""

    _kept: OrderedDict[Asker, Kept] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def seen(self, ask: Request, asker: Asker) -> asyncio.Future[Reply] | None:
        """The former answer; AskUnusable when the same id comes with another question."""
        kept = self._kept.get(asker)
        if kept is None or kept.until < asyncio.get_running_loop().time():
            return None
        if kept.question != _question(ask):
            raise AskUnusable
        return kept.answer

    def keep(self, ask: Request, asker: Asker) -> asyncio.Future[Reply]:
        """Promise an answer; whoever sends the same again waits for this one."""
        loop = asyncio.get_running_loop()
        self._drop_old(loop.time())
        answer: asyncio.Future[Reply] = loop.create_future()
        self._kept[asker] = Kept(
            _question(ask), loop.time() + REPLAY_SECONDS, answer, opened=ask.op in _OPENS
        )
        return answer

    def given(self, asker: Asker, promised: asyncio.Future[Reply], reply: Reply) -> None:
        """The answer exists. A refusal is forgotten: asking again may be right by then."""
        promised.set_result(reply)
        kept = self._kept.get(asker)
        if kept is None or kept.answer is not promised:
            return
        if reply.error:
            del self._kept[asker]
        else:
            kept.length_bytes = len(bytes(reply.body))
            self._bytes += kept.length_bytes

    def forget_opened(self) -> None:
        """Forget answers that opened something: keys of an erased person may be among them."""
        for name, kept in list(self._kept.items()):
            if kept.opened and kept.answer.done():
                del self._kept[name]
                self._bytes -= kept.length_bytes

    def _drop_old(self, now: float) -> None:
        while self._kept:
            oldest = next(iter(self._kept.values()))
            crowded = self._bytes > BYTES_MAX or len(self._kept) > ANSWERS_MAX
            if oldest.until > now and not crowded:
                return
            self._kept.popitem(last=False)
            self._bytes -= oldest.length_bytes


def _question(ask: Request) -> bytes:
    """Everything that decides the answer or stands in the record, who asks and why included."""
    return hashlib.sha256(msgspec.msgpack.encode(ask)).digest()

"""op ``by_tickets``: many errands of the worker in one request, each as if asked alone.

Nothing is decided here: every part is the act itself under its own ticket, with a record of its
own. What one is refused the others do not share; their leaves share a group commit. Sent again it
is done again, and recorded again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import msgspec

from serment.keeper import reading
from serment.keeper.house import AskUnusable, House, NoAccess
from serment.keeper.leaves import LeafTooLarge
from serment.keeper.policy.standing import Frozen
from serment.keeper.wire import Body, Request, Secret, Token, Word, raw
from serment.keeper.words import SUBJECTS_MAX

PART_BYTES_MAX: Final = 2_000
"""A few fields of one record: two hundred parts together ask for no more than one request may."""

_ACTS: Final = {"reveal": reading.reveal, "files_behind": reading.files_behind}


class ByTicket(Body):
    """One act under its own ticket. ``recipient`` as in the envelope, of ``reveal`` only."""

    op: Word
    ticket: Annotated[Secret, msgspec.Meta(min_length=1)]
    recipient: Token = ""
    body: msgspec.Raw = msgspec.Raw(b"\x80")


class ByTicketsAsk(Body):
    """op ``by_tickets``; purpose and actor stand in the envelope."""

    parts: Annotated[list[ByTicket], msgspec.Meta(min_length=1, max_length=SUBJECTS_MAX)]


class Answered(Body):
    """What one part was answered: its body, or an ``error`` as of a whole reply."""

    error: Word = ""
    body: msgspec.Raw = msgspec.Raw(b"\x80")


class ByTicketsAnswer(Body):
    """In the order asked."""

    parts: list[Answered]


async def by_tickets(house: House, ask: Request, peer: int) -> Body:
    """Each part in a task of its own: all their leaves are prepared before the first is synced."""
    parts = msgspec.msgpack.decode(ask.body, type=ByTicketsAsk).parts
    if any(not _is_part(part) for part in parts):
        raise AskUnusable
    asked = [
        msgspec.structs.replace(
            ask, op=part.op, errand=part.ticket, recipient=part.recipient, body=part.body
        )
        for part in parts
    ]
    acts = [_ACTS[one.op](house, one, peer) for one in asked]
    return ByTicketsAnswer(
        [_answered(one) for one in await asyncio.gather(*acts, return_exceptions=True)]
    )


def _is_part(part: ByTicket) -> bool:
    small = len(bytes(part.body)) <= PART_BYTES_MAX
    return small and part.op in _ACTS and (part.op == "reveal" or not part.recipient)


def _answered(answer: Body | BaseException) -> Answered:
    if isinstance(answer, NoAccess):
        return Answered("refused")
    if isinstance(answer, Frozen):
        return Answered("frozen")
    if isinstance(answer, (AskUnusable, LeafTooLarge, msgspec.MsgspecError)):
        return Answered("unusable")
    if isinstance(answer, BaseException):
        raise answer
    return Answered("", raw(answer))


ACTS: Final[dict[str, Callable[[House, Request, int], Awaitable[Body]]]] = {
    "by_tickets": by_tickets
}

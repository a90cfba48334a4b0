"""Bodies of the operations on acting for somebody (docs/reference/keeper-wire-v1.md)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from serment.keeper.wire import Body, Bytes16, Instant, Token, Word

SCOPES: Final = ("appointments", "opened", "messages", "documents")
"""What a mandate may cover; the last two open nothing yet."""

OFFERED: Final = "offered"
ENDED: Final = "ended"
BARRED: Final = "barred"
"""States of a mandate; one that stands has none. A barred account reaches this file no more,
whatever other mandate would lead there."""

NAMED: Final = "named"
"""Somebody the person named, whom nothing is opened to (CSP L1111-6)."""

Scopes = Annotated[list[Word], msgspec.Meta(max_length=len(SCOPES))]


class ActForAsk(Body):
    """op ``act_for``: ``subject`` is acted for until ``until`` (µs), zero without an end.

    ``record`` is what tells of the mandate. With ``offer_until`` it is offered to whoever brings
    the answer's token back by then; without, the asker has it, or ``account`` where Serment asks.
    """

    subject: Bytes16
    relation: Word
    scopes: Scopes
    record: Bytes16
    until: Instant = 0
    offer_until: Instant = 0
    account: Bytes16 | None = None


class ActingAsk(Body):
    """op ``acting``: one's own account, or a file of the establishment."""

    id: Bytes16


class EndActingAsk(Body):
    """op ``act_end``: the mandate told of by ``record``, over ``subject``; ``reopen``: what an
    establishment shut is shut no more."""

    subject: Bytes16
    record: Bytes16
    reopen: bool = False


class ActUntilAsk(Body):
    """op ``act_until``: staff say until when a mandate over a file of theirs holds."""

    subject: Bytes16
    record: Bytes16
    until: Instant


class KeepAsk(Body):
    """op ``keep``: whether a record is kept from all who act for its person."""

    record: Bytes16
    kept: bool = True


class ActingRow(Body):
    """One mandate. ``account`` is told to the person acted for, and to nobody else."""

    record: bytes
    person: bytes
    relation: str
    scopes: list[str]
    since: int
    until: int
    state: Token
    acts: bool
    """Told to who acts; else to the person acted for, or to their establishment."""
    account: bytes = b""
    offer_until: int = 0
    shut_by: bytes = b""
    """Who of the establishment ended it or shut it out; told to that establishment."""


class ActingRows(Body):
    """Answer of ``acting``, of ``act_accept`` the one mandate."""

    rows: list[ActingRow]

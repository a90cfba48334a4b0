"""Many errands in one call to the keeper: each opened by its own ticket, on its own record.

What one ticket does not open keeps nothing from the others: its place holds the refusal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from django.db import models

from serment.disclosure import opening
from serment.disclosure.gate import WORKER
from serment.disclosure.line import ask, refusal
from serment.disclosure.opening import Closed
from serment.disclosure.purposes import Purpose
from serment.errors import Refused
from serment.keeper import wire
from serment.keeper.by_tickets import Answered, ByTicket, ByTicketsAnswer, ByTicketsAsk
from serment.keeper.sealing import open_sealed, version_of
from serment.keeper.words import SUBJECTS_MAX


@dataclass(frozen=True, slots=True)
class Opening:
    """One field of one row; ``recipient``: the provider it is handed to next."""

    ticket: bytes
    row: models.Model
    field: str
    recipient: str = ""


def files_behind(tickets: Sequence[tuple[bytes, UUID]], purpose: Purpose) -> list[UUID | Refused]:
    """The patient file behind each ticket's record, in order. KeeperUnavailable for all of it."""
    parts = [
        ByTicket("files_behind", ticket, body=wire.raw(wire.IdsAsk([record.bytes])))
        for ticket, record in tickets
    ]
    return [_file(one) for one in _asked(parts, purpose)]


def _file(answered: Answered) -> UUID | Refused:
    if answered.error:
        return refusal(answered.error)
    (found,) = msgspec.msgpack.decode(answered.body, type=wire.Ids).ids
    return UUID(bytes=found)


def reveal(openings: Sequence[Opening], purpose: Purpose) -> list[str | Refused]:
    """Each value, in order; an empty field gives ``""`` and asks nothing. KeeperUnavailable for
    all of it."""
    closed = [_closed(one) for one in openings]
    parts = [
        ByTicket("reveal", one.ticket, one.recipient, wire.raw(_reveal(value)))
        for one, value in zip(openings, closed, strict=True)
        if value is not None
    ]
    answers = iter(_asked(parts, purpose))
    return ["" if value is None else _value(value, next(answers)) for value in closed]


def _closed(one: Opening) -> Closed | None:
    _empty, closed = opening.closed_values([one.row], [one.field])
    return closed[0] if closed else None


def _reveal(value: Closed) -> wire.RevealAsk:
    field = wire.RevealField(str(value.field.name), value.field.zone, version_of(value.sealed))
    return wire.RevealAsk([wire.RevealItem(value.record.bytes, value.kind, [field])])


def _value(value: Closed, answered: Answered) -> str | Refused:
    if answered.error:
        return refusal(answered.error)
    ((key,),) = msgspec.msgpack.decode(answered.body, type=wire.RevealAnswer).keys
    return open_sealed(*key, value.sealed)


def _asked(parts: Sequence[ByTicket], purpose: Purpose) -> list[Answered]:
    answers: list[Answered] = []
    for start in range(0, len(parts), SUBJECTS_MAX):
        asked = ByTicketsAsk(list(parts[start : start + SUBJECTS_MAX]))
        answers += ask("by_tickets", WORKER, ByTicketsAnswer, asked, purpose=purpose).parts
    return answers

"""One message about several visits: the row names one, and the others closed.

Which visits are one person's, no row may tell (docs/decisions/0004): their numbers are closed under
a key of the keeper's, padded to one length, and gone once the message has left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from serment.outbox import references, registry
from serment.outbox.models import Message, State
from serment.outbox.registry import Facts

MOST: Final = 20
_LETTERS: Final = 32
_KINDS: Final = frozenset({"confirmation", "cancellation"})


def closed(record: UUID, others: Sequence[UUID]) -> bytes:
    """The other visits, as the row of a message about ``record`` keeps them; empty for none."""
    if not others:
        return b""
    text = "".join(one.hex for one in others[:MOST])
    return references.closed(text.ljust(MOST * _LETTERS), record.bytes)


def facts(message: Message) -> Facts | None:
    """What one message may say."""
    return told(message, registry.facts_of(message.kind, message.record_id))


def told(message: Message, found: Facts | None) -> Facts | None:
    """The same where the facts of the visit it names are known: with the other visits, as far as
    this can still be said of them."""
    sealed = bytes(message.before)
    if not sealed or message.kind not in _KINDS:
        return found
    others = _others(message)
    known = [one for one in (registry.facts_of(message.kind, other) for other in others) if one]
    if found is None:
        # The visit it was about is gone; the others are told of all the same.
        found, known = (known[0], known[1:]) if known else (None, known)
    return replace(found, besides=_starts(known)) if found else None


def leave_out(establishment_id: UUID, record: UUID) -> None:
    """Messages about others that wait, letters above all, say nothing of this visit any more. The
    transaction stands in the house."""
    waiting = Message.objects.filter(
        establishment_id=establishment_id, kind__in=_KINDS, state=State.WAITING, before__gt=b""
    )
    for message in waiting:
        others = _others(message)
        if record in others:
            left = closed(message.record_id, [one for one in others if one != record])
            waiting.filter(pk=message.pk).update(before=left)


def _others(message: Message) -> list[UUID]:
    text = references.opened(bytes(message.before), message.record_id.bytes).strip()
    return [UUID(text[at : at + _LETTERS]) for at in range(0, len(text), _LETTERS)]


def _starts(known: Sequence[Facts]) -> tuple[datetime, ...]:
    return tuple(sorted(one.starts_at for one in known))

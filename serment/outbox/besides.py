"""One message about several visits: the row names one, and the others closed.

Which visits are one person's, no row may tell (docs/decisions/0004): their numbers are closed under
a key of the keeper's, padded to one length, and gone once the message cannot come back any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from serment.outbox import references, registry
from serment.outbox.models import HandOver, Message, State
from serment.outbox.registry import Facts

MOST: Final = 20
_LETTERS: Final = 32
_KINDS: Final = frozenset({"confirmation", "cancellation", "move"})
_DIGEST: Final = 16
"""What the row of a move about one visit keeps is no longer (``references.digest``)."""


def closed(record: UUID, others: Sequence[UUID]) -> bytes:
    """The other visits, as the row of a message about ``record`` keeps them; empty for none."""
    if not others:
        return b""
    text = "".join(one.hex for one in others[:MOST])
    return references.closed(text.ljust(MOST * _LETTERS), record.bytes)


def tells_several(message: Message) -> bool:
    """Whether its row names more visits than one."""
    return message.kind in _KINDS and len(message.before) > _DIGEST


def let_go(establishment_id: UUID, now: datetime) -> None:
    """Forget the others of what left, once all are over or its hand-over is forgotten: it comes
    back no more. The transaction stands in the house."""
    left = _telling(establishment_id)
    rows = [one for one in left if one.state in (State.SENT, State.FAILED)]
    handed = HandOver.objects.filter(message_id__in=[one.pk for one in rows])
    may_return = set(handed.values_list("message_id", flat=True))
    over = [one.pk for one in rows if one.pk not in may_return or not is_ahead(facts(one), now)]
    Message.objects.filter(pk__in=over).update(before=b"")


def is_ahead(known: Facts | None, now: datetime) -> bool:
    """Whether one of the visits told of is still to come."""
    told = () if known is None else (known, *known.besides)
    return any(one.starts_at > now for one in told)


def facts(message: Message) -> Facts | None:
    """What one message may say."""
    return told(message, registry.facts_of(message.kind, message.record_id))


def told(message: Message, found: Facts | None) -> Facts | None:
    """The same where the facts of the visit it names are known: with the other visits, as far as
    this can still be said of them."""
    if not tells_several(message):
        return found
    others = _others(message)
    known = [one for one in (registry.facts_of(message.kind, other) for other in others) if one]
    if found is None:
        # The visit it was about is gone; the others are told of all the same.
        found, known = (known[0], known[1:]) if known else (None, known)
    return replace(found, besides=tuple(sorted(known, key=_start))) if found else None


def leave_out(establishment_id: UUID, record: UUID) -> None:
    """Messages about others, those that wait or may come back as letters, say nothing of this visit
    any more. The transaction stands in the house."""
    for message in _telling(establishment_id):
        others = _others(message)
        if record in others:
            left = closed(message.record_id, [one for one in others if one != record])
            Message.objects.filter(pk=message.pk).update(before=left)


def _telling(establishment_id: UUID) -> list[Message]:
    """Those that name several."""
    rows = Message.objects.filter(establishment_id=establishment_id, kind__in=_KINDS)
    return [one for one in rows.exclude(before=b"") if tells_several(one)]


def _others(message: Message) -> list[UUID]:
    text = references.opened(bytes(message.before), message.record_id.bytes).strip()
    return [UUID(text[at : at + _LETTERS]) for at in range(0, len(text), _LETTERS)]


def _start(known: Facts) -> datetime:
    return known.starts_at

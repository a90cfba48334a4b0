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
from serment.outbox.models import Message
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
    text = references.opened(sealed, message.record_id.bytes).strip()
    others = [UUID(text[at : at + _LETTERS]) for at in range(0, len(text), _LETTERS)]
    known = [one for one in (registry.facts_of(message.kind, other) for other in others) if one]
    if found is None:
        # The visit it was about is gone; the others are told of all the same.
        found, known = (known[0], known[1:]) if known else (None, known)
    return replace(found, besides=_starts(known)) if found else None


def _starts(known: Sequence[Facts]) -> tuple[datetime, ...]:
    return tuple(sorted(one.starts_at for one in known))

"""What did not arrive becomes a letter at the desk: a visit is never left untold, and told once.

A mailbox that is gone, a number that takes nothing, a message given up after its last attempt. A
reminder or an offer would come too late by letter; what is about no visit has pages of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from serment.directory import tenancy
from serment.outbox import besides
from serment.outbox.models import AT_ONCE, Channel, HandOver, Message, State

_BY_LETTER: Final = frozenset({"confirmation", "move", "cancellation"})


def to_desk(these: Collection[UUID], now: datetime) -> int:
    """Of these that failed, those about a visit still to come; the transaction stands in the house.

    None of which a letter waits, or was posted, already.
    """
    failed = Message.objects.filter(pk__in=these, state=State.FAILED, kind__in=_BY_LETTER)
    bound = []
    for one in failed.exclude(channel=Channel.LETTER):
        ahead = besides.is_ahead(besides.facts(one), now)
        letters = Message.objects.filter(record_id=one.record_id, kind=one.kind)
        has_one = letters.filter(channel=Channel.LETTER).exists()
        if ahead and not has_one:
            bound.append(one.pk)
    return Message.objects.filter(pk__in=bound, state=State.FAILED).update(
        channel=Channel.LETTER, state=State.WAITING, send_after=AT_ONCE, ticket=b""
    )


def among(establishment_id: UUID, letters: Collection[UUID]) -> set[UUID]:
    """Which of these letters are there because a mail or text did not arrive."""
    with tenancy.inside(tenant=establishment_id):
        tried = HandOver.objects.filter(message_id__in=letters)
        return set(tried.values_list("message_id", flat=True))

"""What waits at a desk, letters and calls: how much, and one taken back out of its envelope."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from serment.directory import tenancy
from serment.outbox.models import Channel, Message, State

_AT_THE_DESK = (Channel.LETTER, Channel.CALL)


def height(establishment_id: UUID) -> int:
    """How many letters and calls wait."""
    with tenancy.inside(tenant=establishment_id):
        return Message.objects.filter(
            establishment_id=establishment_id, channel__in=_AT_THE_DESK, state=State.WAITING
        ).count()


def put_back(establishment_id: UUID, message_ids: Iterable[UUID]) -> int:
    """Letters marked as sent by mistake wait again; how many."""
    with tenancy.inside(tenant=establishment_id):
        return Message.objects.filter(
            pk__in=list(message_ids),
            establishment_id=establishment_id,
            channel__in=_AT_THE_DESK,
            state=State.SENT,
        ).update(state=State.WAITING)

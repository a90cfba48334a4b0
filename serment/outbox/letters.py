"""Messages for people without e-mail: they wait at the desk until somebody prints them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import translation

from serment.directory import tenancy
from serment.errors import NotThere
from serment.outbox import besides, registry, rendering
from serment.outbox.models import AT_ONCE, Channel, Message, State
from serment.outbox.registry import Way

_AT_THE_DESK = (Channel.LETTER, Channel.CALL)


def waiting(establishment_id: UUID, channel: Channel = Channel.LETTER) -> list[Message]:
    """Letters still to print, or calls still to make, the most urgent visit first; no row tells
    which waits longest."""
    with tenancy.inside(tenant=establishment_id):
        found = Message.objects.filter(
            establishment_id=establishment_id, channel=channel, state=State.WAITING
        )
        return sorted(found, key=_visit)


def _visit(message: Message) -> datetime:
    facts = registry.facts_of(message.kind, message.record_id)
    return facts.starts_at if facts else AT_ONCE


def text_of(
    establishment_id: UUID, message_id: UUID, way: Way = rendering.OPENLY
) -> rendering.Letter:
    """The letter's words; the desk opens name, address and wishes itself, on its own record."""
    with tenancy.inside(tenant=establishment_id):
        message = Message.objects.filter(
            pk=message_id, establishment_id=establishment_id, channel=Channel.LETTER
        ).first()
        if message is None:
            raise NotThere
        with translation.override(message.language):
            facts = besides.facts(message)
        if facts is None:
            raise NotThere
        return rendering.letter(message.kind, facts, message.language, way)


def printed(establishment_id: UUID, message_id: UUID) -> None:
    """It lies in an envelope, or was told by telephone."""
    with tenancy.inside(tenant=establishment_id):
        Message.objects.filter(
            pk=message_id,
            establishment_id=establishment_id,
            channel__in=_AT_THE_DESK,
            state=State.WAITING,
        ).update(state=State.SENT, ticket=b"", before=b"")

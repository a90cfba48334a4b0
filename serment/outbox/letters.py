"""Messages for people without e-mail: they wait at the desk until somebody prints them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import translation

from serment.directory import tenancy
from serment.errors import NotThere
from serment.outbox import registry, rendering
from serment.outbox.models import AT_ONCE, Channel, Message, State


def waiting(establishment_id: UUID) -> list[Message]:
    """Letters still to print, the most urgent visit first; no row tells which waits longest."""
    with tenancy.inside(tenant=establishment_id):
        found = Message.objects.filter(
            establishment_id=establishment_id, channel=Channel.LETTER, state=State.WAITING
        )
        return sorted(found, key=_visit)


def _visit(message: Message) -> datetime:
    facts = registry.facts_of(message.kind, message.record_id)
    return facts.starts_at if facts else AT_ONCE


def text_of(establishment_id: UUID, message_id: UUID) -> rendering.Letter:
    """The letter's words; the desk opens name and address itself, on its own record."""
    with tenancy.inside(tenant=establishment_id):
        message = Message.objects.filter(
            pk=message_id, establishment_id=establishment_id, channel=Channel.LETTER
        ).first()
        if message is None:
            raise NotThere
        with translation.override(message.language):
            facts = registry.facts_of(message.kind, message.record_id)
        if facts is None:
            raise NotThere
        return rendering.letter(message.kind, facts, message.language)


def printed(establishment_id: UUID, message_id: UUID) -> None:
    """It lies in an envelope."""
    with tenancy.inside(tenant=establishment_id):
        Message.objects.filter(
            pk=message_id,
            establishment_id=establishment_id,
            channel=Channel.LETTER,
            state=State.WAITING,
        ).update(state=State.SENT, ticket=b"")

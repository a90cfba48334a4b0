"""Messages for people without e-mail: they wait at the desk until somebody prints them."""

from __future__ import annotations

from uuid import UUID

from django.utils import translation

from serment.directory import tenancy
from serment.errors import NotThere
from serment.outbox import registry, rendering
from serment.outbox.models import Channel, Message, State


def waiting(establishment_id: UUID) -> list[Message]:
    """Letters still to print, oldest first."""
    with tenancy.inside(tenant=establishment_id):
        return list(
            Message.objects.filter(
                establishment_id=establishment_id, channel=Channel.LETTER, state=State.WAITING
            ).order_by("send_after")
        )


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

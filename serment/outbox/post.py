"""Putting a message in the outbox: inside the transaction of the act that wants it.

The message, its job and the act commit together or not at all. Whoever acts signs the errand: the
ticket lets the worker learn whose record it is and open that person's address, for a while and for
nothing else. Neither the row nor the job names the person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import get_language

from serment.disclosure import Actor, Purpose, gate
from serment.outbox.models import Channel, Message, State

CONFIRMATION = "confirmation"
CANCELLATION = "cancellation"

PERSON_ADDRESS = "patient.email"
"""What an errand opens: a field of the patient file behind the record."""

SENDING_DAYS_MAX = 7
"""How long the worker may still open the address; afterwards the message has failed."""

_CLOCKS_APART = timedelta(minutes=5)
"""The keeper's clock may be another machine's."""


def sign(actor: Actor, record_id: UUID, now: datetime) -> bytes:
    """The ticket for one message about one record, signed by whoever acts."""
    since, until = now - _CLOCKS_APART, now + timedelta(days=SENDING_DAYS_MAX)
    return gate.errand(actor, record_id, [PERSON_ADDRESS], Purpose.MESSAGE, since, until)


def confirmation(record_id: UUID, establishment_id: UUID, ticket: bytes, now: datetime) -> Message:
    """Tell the person that their appointment stands; by letter when they have no e-mail address.

    ``ticket`` is from ``sign``. Asked twice for one record it is one message. The transaction must
    stand in the establishment.
    """
    return _post(CONFIRMATION, record_id, establishment_id, ticket, now)


def cancellation(record_id: UUID, establishment_id: UUID, ticket: bytes, now: datetime) -> Message:
    """Tell the person that it was cancelled; what was not yet sent about it is called back."""
    withdraw(record_id, establishment_id)
    return _post(CANCELLATION, record_id, establishment_id, ticket, now)


def withdraw(record_id: UUID, establishment_id: UUID) -> int:
    """Call back every message about a record that has not left yet; their tickets go."""
    return Message.objects.filter(
        establishment_id=establishment_id, record_id=record_id, state=State.WAITING
    ).update(state=State.CANCELLED, ticket=b"")


def _post(
    kind: str, record_id: UUID, establishment_id: UUID, ticket: bytes, now: datetime
) -> Message:
    posted = Message.objects.filter(
        establishment_id=establishment_id, record_id=record_id, kind=kind
    ).first()
    if posted is not None:
        return posted
    message = Message.objects.create(
        establishment_id=establishment_id,
        kind=kind,
        record_id=record_id,
        channel=Channel.MAIL,
        language=get_language() or "fr",
        send_after=now,
        ticket=ticket,
    )
    _queue(message)
    return message


def _queue(message: Message) -> None:
    """A job in the same transaction; if it is lost, the minute's sweep finds the message."""
    from serment.outbox import tasks

    tasks.send_message.defer(
        message_id=str(message.pk), establishment_id=str(message.establishment_id)
    )

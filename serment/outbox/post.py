"""Putting a message in the outbox: inside the transaction of the act that wants it.

The message, its job and the act commit together or not at all. Whoever acts signs the errand: its
ticket opens the reference sealed in the message, which is the person's id, and that person's
address. Neither the row nor the job names the person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import get_language

from serment.disclosure import Actor, Purpose, gate
from serment.outbox import registry
from serment.outbox.models import Channel, Message, State

CONFIRMATION = "confirmation"
CANCELLATION = "cancellation"

ADDRESSEE = "addressee"
PERSON_ADDRESS = "patient.email"
"""The two fields an errand opens: who, then where (of the patient file behind the message)."""

SENDING_DAYS_MAX = 7
"""How long the worker may still open the address; afterwards the message has failed."""


def confirmation(
    actor: Actor, record_id: UUID, establishment_id: UUID, person: UUID, now: datetime
) -> Message | None:
    """Tell a person that their appointment stands; by letter when they have no e-mail address.

    ``person`` is the patient file. Asked twice for one record it is one message. The transaction
    must stand in the establishment.
    """
    return _post(actor, CONFIRMATION, record_id, establishment_id, person, now)


def cancellation(
    actor: Actor,
    record_id: UUID,
    establishment_id: UUID,
    now: datetime,
    person: UUID | None = None,
) -> Message | None:
    """Tell the same person that it was cancelled; a confirmation not yet sent is called back.

    Without ``person`` the confirmation's sealed reference says who, opened by the actor on record.
    None when nobody was ever told of the appointment.
    """
    told = Message.objects.filter(
        establishment_id=establishment_id, record_id=record_id, kind=CONFIRMATION
    ).first()
    if told is None and person is None:
        return None
    if person is None and told is not None:
        opened = gate.reveal(actor, Purpose.MESSAGE, [told], ["addressee"])
        person = UUID(opened[told.pk]["addressee"])
    Message.objects.filter(
        establishment_id=establishment_id, record_id=record_id, state=State.WAITING
    ).update(state=State.CANCELLED, ticket=b"")
    return _post(actor, CANCELLATION, record_id, establishment_id, person, now)


def _post(
    actor: Actor,
    kind: str,
    record_id: UUID,
    establishment_id: UUID,
    person: UUID | None,
    now: datetime,
) -> Message | None:
    row = registry.person(person) if person is not None else None
    if person is None or row is None:
        return None
    channel = Channel.MAIL if getattr(row, "email", None) is not None else Channel.LETTER
    posted = Message.objects.filter(
        establishment_id=establishment_id, record_id=record_id, kind=kind, channel=channel
    ).first()
    if posted is not None:
        return posted
    message = Message(
        establishment_id=establishment_id,
        kind=kind,
        record_id=record_id,
        channel=channel,
        language=get_language() or "fr",
        send_after=now,
    )
    _sign(actor, message, person, now)
    message.save(force_insert=True)
    if channel == Channel.MAIL:
        _queue(message)
    return message


def _sign(actor: Actor, message: Message, person: UUID, now: datetime) -> None:
    """Seal who it goes to, and mint the ticket that opens this and their address, for a week."""
    gate.seal(
        actor,
        Purpose.MESSAGE,
        message,
        {"addressee": str(person)},
        subject=person,
        tenant=message.establishment_id,
    )
    message.ticket = gate.errand(
        actor,
        message.pk,
        [ADDRESSEE, PERSON_ADDRESS],
        Purpose.MESSAGE,
        now,
        now + timedelta(days=SENDING_DAYS_MAX),
    )


def _queue(message: Message) -> None:
    """A job in the same transaction; if it is lost, the minute's sweep finds the message."""
    from serment.outbox import tasks

    tasks.send_message.defer(
        message_id=str(message.pk), establishment_id=str(message.establishment_id)
    )

"""Messages of sign-in: words and address sealed in one envelope, gone once it is sent.

Whoever asks for a code or a link need not have an account here, so no file leads to an address:
it travels with the words. Both lie sealed, padded to one length, under a ticket that opens this
envelope for a day; neither row nor job says whose it is or what it asks. The same work is done for
an address that has an account and for one that has none, and no mail server is waited for.

At least once, like every message (``delivery``). Sent or given up, row and record are deleted.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db import transaction

from serment.directory.pipeline import Statement, together
from serment.disclosure import SYSTEM, Actor, Purpose, SealedValue, gate
from serment.errors import Refused
from serment.outbox import delivery, jobs, mailing, references, rendering
from serment.outbox.models import AT_ONCE, Envelope, State
from serment.outbox.registry import Way
from serment.outbox.rendering import Letter

SENDING_HOURS_MAX: Final = 24
"""No code lives as long; a link does, and may be asked for again."""

LETTERS_MULTIPLE: Final = 4096
"""A sealed envelope's length tells neither its words nor its address."""

_CLOCKS_APART: Final = timedelta(minutes=5)
_FIELDS: Final = ["contents"]
_BATCH: Final = 20

_INSERT = """
INSERT INTO outbox_envelope (id, contents, ticket, send_after, attempts)
VALUES (%s, %s, %s, %s, 0)
"""


def put(
    actor: Actor, address: str, letter: Letter, now: datetime, *, neutral: bool = False
) -> None:
    """Seal a message and leave it to the worker; durable with the transaction it is put in.

    Without an address nothing leaves, and everything else is done as ever: whether somebody may
    be written to is heard by nobody who asks. ``neutral``: from a sender without a name.

    ``actor`` is an account acting for itself, or a number of nobody's where there is none: whose
    envelope it is, the keeper alone knows. Raises ``KeeperUnavailable``.
    """
    from serment.outbox import tasks  # the queue is there once Django has loaded

    envelope = Envelope()
    values = {"contents": _padded(address, letter, neutral)}
    # Serment itself seals, so that Serment itself may have it forgotten once it is sent.
    gate.seal(SYSTEM, Purpose.SIGN_IN, envelope, values, subject=actor.id, tenant=None)
    since, until = now - _CLOCKS_APART, now + timedelta(hours=SENDING_HOURS_MAX)
    ticket = gate.sign(actor, gate.errand_of(envelope.pk, _FIELDS, Purpose.SIGN_IN, since, until))
    together([_insertion(envelope, ticket), jobs.deferring(tasks.send_envelopes)])


def _insertion(envelope: Envelope, ticket: bytes) -> Statement:
    sealed = envelope.contents
    assert isinstance(sealed, SealedValue)  # noqa: S101 -- the gate has just sealed it
    return _INSERT, [envelope.pk, sealed.sealed, ticket, AT_ONCE]


def _padded(address: str, letter: Letter, neutral: bool) -> str:
    text = json.dumps([address, letter.subject, letter.body, neutral])
    return text + " " * (-len(text) % LETTERS_MULTIPLE)


def send_waiting(now: datetime) -> delivery.Round:
    """Send every envelope that is due; another worker may have been faster."""
    done = delivery.Round()
    while claimed := _claim(now):
        for envelope in claimed:
            send = partial(_send, envelope)
            outcome = delivery.outcome_of(send, envelope.pk, envelope.attempts)
            if outcome != State.WAITING:
                _forget(envelope)
            done.sent += outcome == State.SENT
            done.failed += outcome == State.FAILED
            done.put_off += outcome == State.WAITING
    return done


def _claim(now: datetime) -> list[Envelope]:
    with transaction.atomic():
        due = Envelope.objects.filter(send_after__lte=now).order_by("send_after")
        claimed = list(due.select_for_update(skip_locked=True)[:_BATCH])
        for envelope in claimed:
            envelope.send_after = delivery.next_try(envelope.attempts, now)
            envelope.attempts += 1
            envelope.save(update_fields=["send_after", "attempts"])
    return claimed


def _send(envelope: Envelope) -> State:
    ticket = bytes(envelope.ticket)
    opened = gate.reveal_with_ticket(
        ticket, [envelope], _FIELDS, Purpose.SIGN_IN, recipient=settings.MAIL_PROVIDER
    )
    address, subject, body, *neutral = json.loads(opened[envelope.pk]["contents"])
    if address:
        way = Way("mail", address, neutral=any(neutral))  # absent from those of a former release
        reference = references.reference_of(envelope.pk, settings.MAIL_PROVIDER)
        with mailing.Post() as post:
            post.send(rendering.mail(Letter(subject, body), way, reference))
    return State.SENT


def _forget(envelope: Envelope) -> None:
    """The row first: what a crash leaves at the keeper opens nothing any more."""
    Envelope.objects.filter(pk=envelope.pk).delete()
    try:
        gate.delete(SYSTEM, Purpose.SIGN_IN, envelope)
    except Refused:
        return  # forgotten already, with the account it was for

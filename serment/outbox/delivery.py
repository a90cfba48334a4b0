"""Sending what is due: claim, make the text, open the address, hand over to SMTP, write it down.

At least once. A claim is committed before sending and puts the message off by its back-off, so a
crash in between sends again later; ``attempts`` above one says "possibly twice". Rows are claimed
with SKIP LOCKED: any number of workers share the outbox, none waits for another. Only what was put
off tells a time: a mark that all messages put off as often share.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import translation

from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.disclosure import Purpose, gate
from serment.errors import Broken, Refused
from serment.outbox import registry, rendering
from serment.outbox.models import AT_ONCE, Channel, Message, State

BACK_OFF_MINUTES = (1, 5, 15, 60, 240, 720, 1440)
_BATCH = 20
_OPENED = ("email", "safe_contact")
_AT_THE_DESK = {"letter": Channel.LETTER, "call": Channel.CALL}
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Round:
    """What one round did."""

    sent: int = 0
    put_off: int = 0
    failed: int = 0
    cancelled: int = 0
    letters: int = 0
    calls: int = 0


def send_due(now: datetime) -> Round:
    """Send every due message of every establishment, each inside its own wall."""
    done = Round()
    for establishment_id in Establishment.objects.values_list("pk", flat=True):
        _send_due_of(establishment_id, now, done)
    return done


def send_due_of(establishment_id: UUID, now: datetime) -> Round:
    """Send what is due at one establishment; another worker may have been faster."""
    done = Round()
    _send_due_of(establishment_id, now, done)
    return done


def _send_due_of(establishment_id: UUID, now: datetime, done: Round) -> None:
    while claimed := _claim(establishment_id, now):
        for message in claimed:
            _count(done, message, _deliver(message))


def _claim(establishment_id: UUID, now: datetime) -> list[Message]:
    with tenancy.inside(tenant=establishment_id):
        due = Message.objects.filter(
            establishment_id=establishment_id,
            state=State.WAITING,
            channel=Channel.MAIL,
            send_after__lte=now,
        )
        claimed = list(
            due.order_by("send_after").select_for_update(skip_locked=True, of=("self",))[:_BATCH]
        )
        for message in claimed:
            message.send_after = next_try(message.attempts, now)
            message.attempts += 1
            message.save(update_fields=["send_after", "attempts"])
    return claimed


def next_try(attempts: int, now: datetime) -> datetime:
    """When to try again: after the back-off, at its next mark (a whole minute, quarter, day).

    At least the back-off and at most twice as long: the mark is shared, the instant would not be.
    """
    pause = timedelta(minutes=BACK_OFF_MINUTES[min(attempts, len(BACK_OFF_MINUTES) - 1)])
    earliest = now + pause
    return earliest + (AT_ONCE - earliest) % pause


def _deliver(message: Message) -> State:
    """One attempt; its outcome is written before anything else happens."""
    outcome = outcome_of(lambda: _send(message), message.pk, message.attempts)
    if message.channel != Channel.MAIL:
        return State.WAITING
    if outcome != State.WAITING:
        _close(message, outcome)
    return outcome


def outcome_of(send: Callable[[], State], name: UUID, attempts: int) -> State:
    """How one attempt ended: sent, put off by what may pass, or failed for good."""
    try:
        outcome = send()
    except smtplib.SMTPRecipientsRefused as refused:
        for_good = all(code >= 500 for code, _said in refused.recipients.values())
        outcome = State.FAILED if for_good else State.WAITING
    except (OSError, smtplib.SMTPException, Broken) as error:
        _log.warning("message %s put off: %s", name, type(error).__name__)
        outcome = State.WAITING
    except Refused as error:
        # The errand's window has closed, or its ticket was withdrawn: no later attempt may open.
        _log.warning("message %s refused: %s", name, type(error).__name__)
        outcome = State.FAILED
    out_of_attempts = outcome == State.WAITING and attempts >= len(BACK_OFF_MINUTES)
    return State.FAILED if out_of_attempts else outcome


def _send(message: Message) -> State:
    tenant = message.establishment_id
    with tenancy.inside(tenant=tenant), translation.override(message.language):
        facts = registry.facts_of(message.kind, message.record_id)
        if facts is None:
            return State.CANCELLED
        way = _way(message)
        if way.channel == "none":
            return State.CANCELLED
        if way.channel != "mail":
            return _left_to_the_desk(message, _AT_THE_DESK[way.channel])
        letter = rendering.letter(message.kind, facts, message.language, way)
    rendering.mail(letter, way).send()
    return State.SENT


def _way(message: Message) -> registry.Way:
    """How the person wants it and where, opened at the last moment; a letter for whoever has no
    address and said nothing. A ticket that does not name their wishes opens nothing at all: no
    message goes where it may not."""
    ticket = bytes(message.ticket)
    behind = gate.files_behind_with_ticket(ticket, [message.record_id], Purpose.MESSAGE)
    row = registry.person(behind[message.record_id])
    said = [name for name in _OPENED if getattr(row, name, None) is not None]
    if row is None or not said:
        return registry.Way("letter")
    return registry.way_of(gate.reveal_with_ticket(ticket, [row], said, Purpose.MESSAGE)[row.pk])


def _left_to_the_desk(message: Message, channel: Channel) -> State:
    """Nobody needs an e-mail address: it waits at the desk to be printed, or to be called."""
    Message.objects.filter(pk=message.pk, state=State.WAITING).update(
        channel=channel, ticket=b"", send_after=AT_ONCE
    )
    message.channel = channel
    return State.WAITING


def _close(message: Message, outcome: State) -> None:
    """Write the outcome; the ticket has done its work and goes, and so does the time."""
    with tenancy.inside(tenant=message.establishment_id):
        Message.objects.filter(pk=message.pk, state=State.WAITING).update(
            state=outcome, ticket=b"", send_after=AT_ONCE
        )


def _count(done: Round, message: Message, outcome: State) -> None:
    if outcome == State.SENT:
        done.sent += 1
    elif outcome == State.FAILED:
        done.failed += 1
    elif outcome == State.CANCELLED:
        done.cancelled += 1
    elif message.channel == Channel.LETTER:
        done.letters += 1
    elif message.channel == Channel.CALL:
        done.calls += 1
    else:
        done.put_off += 1

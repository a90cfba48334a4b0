"""Putting a message in the outbox: inside the transaction of the act that wants it.

The message, its job and the act commit together or not at all. Whoever acts signs the errand: the
ticket lets the worker learn whose record it is and open that person's address, for a while and for
nothing else. Neither the row nor the job names the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.utils.translation import get_language

from serment import clock
from serment.directory.pipeline import Statement, together
from serment.disclosure import Actor, Purpose, gate
from serment.outbox import besides, jobs, marks, reminders
from serment.outbox.models import AT_ONCE, Channel, Message, State
from serment.outbox.post_fields import PERSON_FIELDS
from serment.outbox.reminders import Right
from serment.outbox.veil import veiled

CONFIRMATION = "confirmation"
MOVE = "move"
CANCELLATION = "cancellation"

SENDING_DAYS_MAX = 7
"""How long the worker may still open the address; afterwards the message has failed."""

_CLOCKS_APART = timedelta(minutes=5)
"""The keeper's clock may be another machine's."""


_INSERT = """
INSERT INTO outbox_message (id, establishment_id, kind, record_id, channel, state, language,
                            send_after, attempts, ticket, before)
VALUES (%(id)s, %(establishment_id)s, %(kind)s, %(record_id)s, %(channel)s, %(state)s,
        %(language)s, %(send_after)s, %(attempts)s, %(ticket)s, %(before)s)
ON CONFLICT (establishment_id, record_id, kind, channel) DO NOTHING
RETURNING id
"""


_WITH_RIGHT = """
WITH kept AS (
  INSERT INTO outbox_reminderticket (id, establishment_id, record_id, terms, ticket, answer)
  VALUES (%(right)s, %(establishment_id)s, %(record_id)s, %(terms)s, %(reminder)s, '')
  ON CONFLICT (establishment_id, record_id) DO NOTHING)
"""


def errand(record_id: UUID, now: datetime) -> gate.Errand:
    """What whoever acts signs so that one message about one record can be sent."""
    since, until = now - _CLOCKS_APART, now + timedelta(days=SENDING_DAYS_MAX)
    return gate.errand_of(record_id, list(PERSON_FIELDS), Purpose.MESSAGE, since, until)


def sign(actor: Actor, record_id: UUID, now: datetime) -> bytes:
    """The ticket for one message about one record, signed by whoever acts."""
    return gate.sign(actor, errand(record_id, now))


def confirmation(record_id: UUID, establishment_id: UUID, ticket: bytes) -> Message:
    """Tell the person that their appointment stands; by letter when they have no e-mail address.

    ``ticket`` is from ``sign``. Asked twice for one record it is one message. The transaction must
    stand in the establishment.
    """
    return _post(CONFIRMATION, record_id, establishment_id, ticket)


def move(
    record_id: UUID, establishment_id: UUID, ticket: bytes, was: bytes = b"", becomes: bytes = b"",
    opens: datetime | None = None, *, others: Sequence[UUID] = (),
) -> Message | None:  # fmt: skip
    """Tell the person its new time; what was not yet sent about the former one is called back.

    Moved again, it is told again: the message about the former move gives way. ``was`` and
    ``becomes``: digests of the time before and after. Moved back to what the person knows before
    anything left, nothing is told; where the confirmation still waits, it says the new time.
    ``opens`` and ``others`` as in ``cancellation``; moved back, several are told of again.
    """
    about = Message.objects.filter(establishment_id=establishment_id, record_id=record_id)
    waiting = {one.kind: one for one in about.filter(state=State.WAITING)}
    confirming = waiting.get(CONFIRMATION)
    if confirming is not None and confirming.channel == Channel.MAIL:
        return confirming
    known = bytes(waiting[MOVE].before) if MOVE in waiting and not others else was
    if others:
        known, becomes = besides.closed(record_id, others), b""
    withdraw(record_id, establishment_id)
    if MOVE in waiting and known and known == becomes:
        return None
    about.filter(kind=MOVE).delete()
    return _not_before(opens, _post(MOVE, record_id, establishment_id, ticket, known))


def undone(cancelled: UUID, again: UUID, establishment_id: UUID) -> bool:
    """A cancelled visit was put back as another record: whoever has not heard of the cancelling
    yet hears of neither. Whether nothing leaves."""
    about = Message.objects.filter(establishment_id=establishment_id, record_id=cancelled)
    unheard = about.filter(kind=CANCELLATION, state=State.WAITING).exists()
    withdraw(cancelled, establishment_id)
    called_back = about.filter(kind=CONFIRMATION, state=State.CANCELLED).exists()
    if not unheard or called_back:
        return False
    return bool(withdraw(again, establishment_id))


def cancellation(
    record_id: UUID, establishment_id: UUID, ticket: bytes, opens: datetime | None = None,
    *, others: Sequence[UUID] = (),
) -> Message:  # fmt: skip
    """Tell the person that it was cancelled; what was not yet sent about it is called back, but for
    a confirmation that tells of other visits too.

    ``opens``: from when the ticket opens the address; until then the message waits, to the day.
    ``others``: visits cancelled with it, told of in the same message.
    """
    _waiting(record_id, establishment_id).exclude(kind=CONFIRMATION, before__gt=b"").update(
        state=State.CANCELLED, ticket=b"", send_after=AT_ONCE, before=b""
    )
    reminders.forget(establishment_id, record_id)
    told = besides.closed(record_id, others)
    return _not_before(opens, _post(CANCELLATION, record_id, establishment_id, ticket, told))


def _not_before(opens: datetime | None, message: Message) -> Message:
    """A day that many share: the ticket's own hour would be the visit's."""
    if opens is not None and opens > clock.now():
        message.send_after = marks.after(timedelta(days=1), opens)
        Message.objects.filter(pk=message.pk, state=State.WAITING).update(
            send_after=message.send_after
        )
    return message


def withdraw(record_id: UUID, establishment_id: UUID) -> int:
    """Call back every message about a record that has not left yet; their tickets go."""
    return _waiting(record_id, establishment_id).update(
        state=State.CANCELLED, ticket=b"", send_after=AT_ONCE
    )


def silence(record_id: UUID, establishment_id: UUID) -> None:
    """Nothing is said of a record any more: what waits is called back, and what left comes back as
    no letter to an address that others read."""
    withdraw(record_id, establishment_id)
    left = Message.objects.filter(
        establishment_id=establishment_id, record_id=record_id, state=State.SENT
    )
    left.update(state=State.CANCELLED, before=b"")


def waits(record_id: UUID, establishment_id: UUID) -> bool:
    """Is there something about this record that has not left yet?"""
    return _waiting(record_id, establishment_id).exists()


def _waiting(record_id: UUID, establishment_id: UUID) -> models.QuerySet[Message]:
    return Message.objects.filter(
        establishment_id=establishment_id, record_id=record_id, state=State.WAITING
    )


def again(kind: str, record_id: UUID, establishment_id: UUID, ticket: bytes) -> Message:
    """A message of a kind that another package registered, each time there is something to tell:
    what left earlier about the same record gives way, what still waits says it already."""
    Message.objects.filter(
        establishment_id=establishment_id, record_id=record_id, kind=kind
    ).exclude(state=State.WAITING).delete()
    return _post(kind, record_id, establishment_id, ticket)


def draft(
    kind: str, record_id: UUID, establishment_id: UUID, ticket: bytes, before: bytes = b"",
    reminding: Right | None = None,
) -> tuple[Message, Statement]:  # fmt: skip
    """A message and the statement that posts it; its row says whether it is the first.
    ``reminding``: the right to remind of it, kept by the same statement."""
    message = Message(
        establishment_id=establishment_id,
        kind=kind,
        record_id=record_id,
        channel=Channel.MAIL,
        state=State.WAITING,
        language=get_language() or "fr",
        send_after=marks.after(marks.WAIT, clock.now()),
        ticket=ticket,
        before=before,
    )
    values = {
        field.attname: getattr(message, field.attname) for field in Message._meta.concrete_fields
    }
    values["record_id"] = veiled(record_id)
    if reminding is None:
        return message, (_INSERT, values)
    values |= {"right": reminding.id, "terms": reminding.terms, "reminder": reminding.ticket}
    return message, (_WITH_RIGHT + _INSERT, values)


def queueing(establishment_id: UUID) -> Statement:
    """Puts a job in the queue, in the same transaction; if lost, the minute's sweep does its work.

    It names the establishment and not the message: a queue keeps the order and the instants in
    which its rows were put in.
    """
    from serment.outbox import tasks

    at = marks.after(marks.WAIT, clock.now())
    return jobs.deferring(tasks.send_waiting, at, establishment_id=str(establishment_id))


def _post(
    kind: str, record_id: UUID, establishment_id: UUID, ticket: bytes, before: bytes = b""
) -> Message:
    message, statement = draft(kind, record_id, establishment_id, ticket, before)
    (first,) = together([statement])
    if not first:
        return Message.objects.get(
            establishment_id=establishment_id, record_id=record_id, kind=kind
        )
    message._state.adding = False
    together([queueing(establishment_id)])
    return message

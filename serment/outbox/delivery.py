"""Sending what is due: claim it, hand it over (``handing``), count what became of it.

At least once. A claim is committed before sending and puts the message off by its back-off, so a
crash in between is gone on with later, under the same reference. Rows are claimed with SKIP LOCKED:
any number of workers share the outbox, none waits for another. Only what waits or was put off tells
a time: a mark that all messages put off as often share.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections

from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.errors import Broken, Refused
from serment.outbox import handing, mailing, marks
from serment.outbox.handing import Outcome
from serment.outbox.models import Channel, Message, State

BACK_OFF_MINUTES = (1, 5, 15, 60, 240, 720, 1440)
_BATCH = 200
"""As many as one request to the keeper opens."""


@dataclass(slots=True)
class Round:
    """What one round did."""

    sent: int = 0
    put_off: int = 0
    failed: int = 0
    cancelled: int = 0
    letters: int = 0
    calls: int = 0

    def add(self, other: Round) -> None:
        """What another did at the same time."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


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
    """Where much is due, another thread claims and opens the next batch while this one is handed
    over, as a second worker would; the lines are taken in turns, so that no more is at risk."""
    over = threading.Event()
    with mailing.Senders() as senders:
        claimed = _claim(establishment_id, now)
        if len(claimed) < _BATCH:
            _send(establishment_id, claimed, now, senders, done, over)
            return
        with ThreadPoolExecutor(1, "beside") as pool:
            beside = pool.submit(_send_beside, establishment_id, now, senders, over)
            try:
                _send(establishment_id, claimed, now, senders, done, over)
            finally:
                over.set()
        done.add(beside.result())


def _send_beside(
    establishment_id: UUID, now: datetime, senders: mailing.Senders, over: threading.Event
) -> Round:
    done = Round()
    try:
        _send(establishment_id, _claim(establishment_id, now), now, senders, done, over)
    finally:
        connections.close_all()
    return done


def _send(
    establishment_id: UUID, claimed: list[Message], now: datetime, senders: mailing.Senders,
    done: Round, over: threading.Event,
) -> None:  # fmt: skip
    """This batch, and then the next, until nothing is due or it is over."""
    while claimed:
        for message, outcome in _deliver(establishment_id, claimed, now, senders):
            _count(done, message, outcome)
        claimed = [] if over.is_set() else _claim(establishment_id, now)


def _deliver(
    establishment_id: UUID, claimed: list[Message], now: datetime, senders: mailing.Senders
) -> list[Outcome]:
    return handing.deliver(establishment_id, claimed, now, len(BACK_OFF_MINUTES), senders)


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
        tried: dict[int, list[UUID]] = {}
        for message in claimed:
            tried.setdefault(message.attempts, []).append(message.pk)
            message.send_after = next_try(message.attempts, now)
            message.attempts += 1
        for attempts, these in tried.items():
            Message.objects.filter(pk__in=these).update(
                send_after=next_try(attempts, now), attempts=attempts + 1
            )
    return claimed


def next_try(attempts: int, now: datetime) -> datetime:
    """When to try again: after the back-off, at its next mark."""
    pause = timedelta(minutes=BACK_OFF_MINUTES[min(attempts, len(BACK_OFF_MINUTES) - 1)])
    return marks.after(pause, now)


def outcome_of(send: Callable[[], State], name: UUID, attempts: int) -> State:
    """How one attempt at an envelope ended: sent, put off by what may pass, or failed for good."""
    try:
        outcome = send()
    except (OSError, Broken, Refused) as fault:
        outcome = handing.outcome_of_fault(fault, name)
    out_of_attempts = outcome == State.WAITING and attempts >= len(BACK_OFF_MINUTES)
    return State.FAILED if out_of_attempts else outcome


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

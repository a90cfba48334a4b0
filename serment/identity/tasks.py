"""Identity's own housekeeping, done by the worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from procrastinate.contrib.django import app

UNCONFIRMED_HOURS = 24
"""How long an account waits for its code; afterwards its address is free again."""


@app.periodic(cron="7 * * * *", periodic_id="sessions")
@app.task(name="identity.sweep_sessions", queueing_lock="identity.sweep_sessions")
def sweep_sessions(timestamp: int) -> None:
    """Each hour: rows of sessions whose time has passed go."""
    from serment.identity.sessions import SessionStore

    SessionStore.clear_expired()


@app.periodic(cron="23 2 * * *", periodic_id="desk_codes")
@app.task(name="identity.sweep_desk_codes", queueing_lock="identity.sweep_desk_codes")
def sweep_desk_codes(timestamp: int) -> None:
    """Each night: codes of a desk whose last day has passed go. The wall shows no others."""
    from serment import clock
    from serment.identity.models import DeskCode

    DeskCode.objects.filter(expires_at__lt=clock.now()).delete()


@app.periodic(cron="41 5 * * *", periodic_id="dormant")
@app.task(name="identity.close_unused", queueing_lock="identity.close_unused")
def close_unused(timestamp: int) -> None:
    """Each morning: accesses of staff that nobody used for 90 days close, after a message."""
    from serment import clock
    from serment.identity import dormant

    dormant.close_unused(clock.now())


@app.periodic(cron="11 6 * * *", periodic_id="asleep")
@app.task(name="identity.close_asleep", queueing_lock="identity.close_asleep")
def close_asleep(timestamp: int) -> None:
    """Each morning: some of the accounts that nobody signed in to for three years."""
    from serment import clock
    from serment.identity import asleep

    asleep.close_asleep(clock.now())


def sweep_later(account: UUID, now: datetime) -> None:
    """In a day look whether the account was confirmed; part of the transaction that makes it.

    At a whole hour: the queue's row then tells a day and an hour and no instant of its own.
    """
    due = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=UNCONFIRMED_HOURS + 1)
    forget_unconfirmed.configure(schedule_at=due).defer(account_id=str(account))


@app.task(name="identity.forget_unconfirmed")
def forget_unconfirmed(account_id: str) -> None:
    """An account whose address nobody confirmed goes, at the keeper and here."""
    from serment.identity import registration

    registration.sweep_unconfirmed(UUID(account_id))

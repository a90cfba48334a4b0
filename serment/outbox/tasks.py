"""The outbox's jobs. Their arguments are UUIDs and nothing else: the queue's rows are in clear."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from serment import clock


@app.task(name="outbox.send_waiting", queue="outbox")
def send_waiting(establishment_id: str) -> None:
    """What waits at one establishment, as soon as the act that posted something is durable."""
    from serment.outbox import delivery

    delivery.send_due_of(UUID(establishment_id), clock.now())


@app.task(name="outbox.send_envelopes", queue="outbox")
def send_envelopes() -> None:
    """What sign-in has to say, as soon as the page that asked for it is durable."""
    from serment.outbox import envelopes

    envelopes.send_waiting(clock.now())


@app.periodic(cron="* * * * *", periodic_id="outbox")
@app.task(name="outbox.send_due", queue="outbox", queueing_lock="outbox.send_due")
def send_due(timestamp: int) -> None:
    """Each minute: what was put off, and what a lost job left behind."""
    from serment.outbox import delivery, envelopes

    envelopes.send_waiting(clock.now())
    delivery.send_due(clock.now())

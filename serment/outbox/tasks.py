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


@app.periodic(cron="*/15 * * * *", periodic_id="reminders")
@app.task(name="outbox.remind", queue="outbox", queueing_lock="outbox.remind")
def remind(timestamp: int) -> None:
    """Each quarter of an hour: what fell due is posted; the minute's round sends it."""
    from serment.outbox import reminders

    reminders.sweep(clock.now())


@app.periodic(cron="40 2 * * *", periodic_id="outbox-night")
@app.task(name="outbox.let_go", queue="outbox", queueing_lock="outbox.let_go")
def let_go(timestamp: int) -> None:
    """Each night: rights to remind of visits that are over, counts and hand-overs grown old."""
    from serment.outbox import nights

    nights.let_go(clock.now())


@app.task(name="outbox.stop_reminders", queue="outbox")
def stop_reminders(establishment_id: str, right_id: str) -> None:
    """Somebody wants no more reminders: their address is opened once more, to know it again."""
    from serment.outbox import answers

    answers.stop(UUID(establishment_id), UUID(right_id))

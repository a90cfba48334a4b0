"""Scheduling's own housekeeping, done by the worker."""

from __future__ import annotations

from procrastinate.contrib.django import app

from serment import clock


@app.periodic(cron="*/5 * * * *", periodic_id="holders")
@app.task(name="scheduling.sweep_holders", queueing_lock="scheduling.sweep_holders")
def sweep_holders(timestamp: int) -> None:
    """Every five minutes: no tag of an account outlives its hold by more."""
    from serment.scheduling import holders

    holders.sweep(clock.now())


@app.periodic(cron="25 3 * * *", periodic_id="counts")
@app.task(name="scheduling.sweep_counts", queueing_lock="scheduling.sweep_counts")
def sweep_counts(timestamp: int) -> None:
    """Every night: what was counted in months that are over, and invitations that are."""
    from serment.scheduling import counting, inviting

    counting.sweep(clock.now())
    inviting.sweep(clock.now())


@app.periodic(cron="50 3 * * *", periodic_id="retention")
@app.task(name="scheduling.sweep_retention", queueing_lock="scheduling.sweep_retention")
def sweep_retention(timestamp: int) -> None:
    """Every night: visits that a house no longer keeps."""
    from serment.scheduling import retention

    retention.sweep(clock.now())


@app.periodic(cron="* * * * *", periodic_id="offers")
@app.task(name="scheduling.pass_on", queueing_lock="scheduling.pass_on")
def pass_on(timestamp: int) -> None:
    """Each minute: an hour nobody answered for goes to the next who waits."""
    from serment.scheduling import freed

    freed.pass_on(clock.now())


@app.periodic(cron="*/15 * * * *", periodic_id="waiting")
@app.task(name="scheduling.serve_waiting", queueing_lock="scheduling.serve_waiting")
def serve_waiting(timestamp: int) -> None:
    """Each quarter of an hour: hours that became free by no act of the agenda's own."""
    from serment.scheduling import freed

    freed.sweep(clock.now())

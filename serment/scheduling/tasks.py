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
    """Every night: what was counted in months that are over."""
    from serment.scheduling import counting

    counting.sweep(clock.now())

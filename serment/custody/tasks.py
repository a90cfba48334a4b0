"""Custody's jobs for the worker."""

from __future__ import annotations

from procrastinate.contrib.django import app

from serment import clock


@app.periodic(cron="5 * * * *", periodic_id="continuity")
@app.task(name="custody.continuity_sheets", queueing_lock="custody.continuity_sheets")
def continuity_sheets(timestamp: int) -> None:
    """Each hour: a sealed sheet for each site, for when nothing else answers."""
    from serment.custody import continuity

    continuity.issue_all(clock.now())


@app.periodic(cron="* * * * *", periodic_id="outside-calendars")
@app.task(name="custody.outside_calendars", queueing_lock="custody.outside_calendars")
def outside_calendars(timestamp: int) -> None:
    """Each minute: calendars elsewhere that are due to be read."""
    from serment.custody import outside_rounds

    outside_rounds.sweep(clock.now())

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

"""Disclosure's jobs for the worker."""

from __future__ import annotations

import logging

from django.conf import settings
from procrastinate.contrib.django import app

_log = logging.getLogger(__name__)


@app.periodic(cron="20 * * * *", periodic_id="time_stamp")
@app.task(name="disclosure.time_stamp", queueing_lock="disclosure.time_stamp")
def time_stamp(timestamp: int) -> None:
    """Each hour, where an authority is named: its word on when the ledger's checkpoint stood."""
    from serment.disclosure import timestamps
    from serment.errors import SermentError

    if not settings.TIMESTAMP_URL:
        return
    try:
        timestamps.fetch(settings.TIMESTAMP_URL)
    except SermentError as refusal:
        _log.warning("no time-stamp this hour: %s", type(refusal).__name__)

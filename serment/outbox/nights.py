"""What the outbox lets go of each night."""

from __future__ import annotations

from datetime import datetime

from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.outbox import besides, reminders, tallies
from serment.outbox.models import HandOver


def let_go(now: datetime) -> None:
    """Rights to remind of visits that are over, counts older than are shown, hand-overs of which
    no provider says anything any more, and what a message that cannot come back told besides."""
    HandOver.objects.filter(until__lt=now.date()).delete()
    for establishment_id in Establishment.objects.values_list("pk", flat=True):
        reminders.let_go(establishment_id, now)
        with tenancy.inside(tenant=establishment_id):
            tallies.forget(establishment_id, now.date())
            besides.let_go(establishment_id, now)

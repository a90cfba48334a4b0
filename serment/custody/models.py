"""What was brought in of agendas, so that it can be brought up to date and taken back.

Not a word of any event: a mark that only this establishment's keeper can make again, and times.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models

from serment import ids
from serment.directory.models import Establishment, PractitionerRole

MARK_BYTES = 16


class AgendaArrival(models.Model):
    """One file brought into one practitioner's agenda; deleting it takes it back."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="+", db_index=False)
    brought_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["establishment", "role", "brought_at"], name="agenda_arrival")
        ]

    def __str__(self) -> str:
        return f"{self.brought_at:%Y-%m-%d %H:%M}"


class ArrivedEvent(models.Model):
    """Busy time of one event as one arrival knew it; of the same mark the latest arrival counts.

    No span: the event was cancelled, or moved out of the window.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    arrival = models.ForeignKey(
        AgendaArrival, models.CASCADE, related_name="events", db_index=False
    )
    mark = models.BinaryField(max_length=MARK_BYTES)
    spans = ArrayField(DateTimeRangeField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "arrival", "mark"], name="arrived_event_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{len(self.spans)}"

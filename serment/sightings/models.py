"""One odd thing that was seen: what kind, in which hour, where. Nobody's name, nobody's id."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models

from serment.clock import now
from serment.ids import new_id


def this_hour() -> datetime:
    """The hour it is: an instant beside an actor's other traces would name the actor."""
    return now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class Kind(models.TextChoices):
    """What may be seen; a closed list, so that the watch knows all of them."""

    CROSS_TENANT = "cross_tenant", "asked for another establishment's record"
    TRIPWIRE = "tripwire", "touched something nobody has a reason to touch"
    BREAK_GLASS = "break_glass", "went past a limit in an emergency"
    REFUSED_OPENING = "refused_opening", "the keeper refused an opening"


class Sighting(models.Model):
    """A row that is written once and never changed; no role may update or delete it.

    A stolen dump says that something was seen at an establishment in some hour, and no more. Who,
    and about whom, stands in the keeper's record or nowhere. ``facts`` holds counts only.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seen_in_hour = models.DateTimeField(default=this_hour)
    kind = models.CharField(max_length=32, choices=Kind.choices)
    establishment_id = models.UUIDField(null=True)
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "sightings_sighting"
        indexes = [models.Index(fields=["kind", "seen_in_hour"], name="sighting_kind_seen_in_hour")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

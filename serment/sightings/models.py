"""One odd thing that was seen: what kind, when, where, about which record. No personal data."""

from __future__ import annotations

from django.db import models

from serment.clock import now
from serment.ids import new_id


class Kind(models.TextChoices):
    """What may be seen; a closed list, so that the watch knows all of them."""

    CROSS_TENANT = "cross_tenant", "asked for another establishment's record"
    TRIPWIRE = "tripwire", "touched something nobody has a reason to touch"
    BREAK_GLASS = "break_glass", "went past a limit in an emergency"
    REFUSED_OPENING = "refused_opening", "the keeper refused an opening"


class Sighting(models.Model):
    """A row that is written once and never changed; no role may update or delete it.

    ``actor`` and ``record`` are ids without names. ``facts`` holds codes and counts only.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seen_at = models.DateTimeField(default=now)
    kind = models.CharField(max_length=32, choices=Kind.choices)
    establishment_id = models.UUIDField(null=True)
    actor = models.UUIDField(null=True)
    record = models.UUIDField(null=True)
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "sightings_sighting"
        indexes = [models.Index(fields=["kind", "seen_at"], name="sighting_kind_seen_at")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

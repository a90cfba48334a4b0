"""Calls the desk has to make. Whom and why only the keeper can say; by which day, in clear."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.directory.models import Establishment
from serment.disclosure import Sealed


class CallBack(models.Model):
    """Somebody is to be called by a day; who of the house took it; when it was done.

    Its person is known to the keeper alone, as an appointment's is. A day is all it tells: neither
    when it was written nor about which visit.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    due_on = models.DateField()
    taken_by = models.UUIDField(null=True, blank=True)
    done_on = models.DateField(null=True, blank=True)
    why = Sealed(zone="administrative", label=_("pourquoi rappeler"))

    class Meta:
        indexes = [
            models.Index(fields=["establishment", "done_on", "due_on"], name="call_back_due")
        ]

    def __str__(self) -> str:
        return str(self.due_on)

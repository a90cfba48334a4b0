"""Who was invited to choose an hour, by whose link; whose it is, only the keeper can say."""

from __future__ import annotations

from django.db import models

from serment import ids
from serment.directory.models import Establishment, PractitionerRole


class BookingInvitation(models.Model):
    """A link that books one visit, once, until a day; gone when it is used, withdrawn or over.

    ``id`` is the number the visit will have; ``terms``, ``details`` and ``tickets`` are as of a
    wish. The link's digest finds the row for whoever brings the link, in no house.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="+", db_index=False)
    digest = models.BinaryField(max_length=32, unique=True)
    ends_on = models.DateField()
    terms = models.BinaryField(max_length=400)
    details = models.BinaryField()
    tickets = models.BinaryField(max_length=256)

    class Meta:
        indexes = [models.Index(fields=["establishment", "ends_on"], name="invitation_ends")]

    def __str__(self) -> str:
        return str(self.ends_on)

"""Which state the rules of a house are in: whoever remembers them sees that they changed."""

from __future__ import annotations

from django.db import models


class RulesVersion(models.Model):
    """Another id after every change of a row that decides on slots, written by triggers.

    It says that something changed, and neither what nor when nor by whom.
    """

    establishment_id = models.UUIDField(primary_key=True)
    version = models.UUIDField()

    def __str__(self) -> str:
        return str(self.version)

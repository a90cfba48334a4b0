"""How long a house keeps visits that are over."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from serment.directory.models import Establishment

YEARS_MAX = 30


class VisitRetention(models.Model):
    """After how many years visits go, and from which day on that holds. A house without a row keeps
    them: what is deleted comes back for nobody, so the house decides."""

    establishment = models.OneToOneField(
        Establishment, models.CASCADE, primary_key=True, related_name="+"
    )
    years = models.PositiveSmallIntegerField(
        _("années"), validators=[MinValueValidator(1), MaxValueValidator(YEARS_MAX)]
    )
    begins_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(years__gte=1, years__lte=YEARS_MAX),
                name="retention_years_within_bounds",
            )
        ]

    def __str__(self) -> str:
        return str(self.years)

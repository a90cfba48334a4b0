"""Who and what a visit may need beside its practitioner: rooms, devices, whoever stands in."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.directory.models import Establishment, PractitionerRole, Site


class ResourceKind(models.Model):
    """A sort of room or device that some reasons need one of; public, like the reasons."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    name_fr = models.CharField(_("nom en français"), max_length=80)
    name_en = models.CharField(_("nom en anglais"), max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["establishment", "name_fr"], name="resource_kind_once")
        ]

    def __str__(self) -> str:
        return self.name_fr


class Resource(models.Model):
    """One room or device at one site: a claimant of time like a practitioner."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    kind = models.ForeignKey(ResourceKind, models.PROTECT, related_name="resources")
    name = models.CharField(_("nom"), max_length=80)
    active = models.BooleanField(_("en service"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "site", "name"], name="resource_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Substitution(models.Model):
    """Somebody who holds the hours of a practitioner between two dates, both included.

    The agenda and the reasons stay those of the replaced; who must be free is the substitute.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="substitutions")
    substitute = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="+")
    first_day = models.DateField(_("du"))
    last_day = models.DateField(_("au"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")),
                name="substitution_begins_before_it_ends",
            ),
            models.CheckConstraint(
                condition=~models.Q(role=models.F("substitute")), name="substitution_by_another"
            ),
            ExclusionConstraint(
                name="substitution_by_one_at_a_time",
                expressions=[
                    ("establishment", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "first_day",
                            "last_day",
                            models.Value("[]"),
                            function="daterange",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day}–{self.last_day}"

"""What a house asks before a visit. No answer is here: they are sealed with the visit itself.

Questions are published: they name nobody, and whoever books may know what will be asked.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.directory.models import Establishment

TITLE_LETTERS_MAX = 120


class Questionnaire(models.Model):
    """One questionnaire and the visit reasons it is asked for; its questions are in versions."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    title_fr = models.CharField(_("titre en français"), max_length=TITLE_LETTERS_MAX)
    title_en = models.CharField(_("titre en anglais"), max_length=TITLE_LETTERS_MAX, blank=True)
    reasons = ArrayField(models.UUIDField(), default=list, blank=True)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.title_fr

    def title(self, language: str) -> str:
        """In the reader's language, French where there is no other."""
        return (language.startswith("en") and self.title_en) or self.title_fr


class QuestionnaireVersion(models.Model):
    """The questions as they stood: being written (no ``published_on``) or for good.

    ``items`` are FHIR R4 ``Questionnaire.item`` as ``questions`` reads them. Answers name the
    version they were given to, so what was published is never changed.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    published_on = models.DateField(null=True, blank=True)
    items = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "questionnaire", "number"],
                name="questionnaire_version_once",
            ),
            models.UniqueConstraint(
                fields=["establishment", "questionnaire"],
                condition=models.Q(published_on__isnull=True),
                name="questionnaire_one_being_written",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire_id} {self.number}"

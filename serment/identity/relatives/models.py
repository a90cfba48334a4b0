"""Sealed words about people who act for others. No row names an account, a file or another row.

Which relation is whose, and which proof belongs to it, the keeper alone knows: a row is seen where
the keeper gave its id.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.disclosure import Sealed


class Dependant(models.Model):
    """Somebody without an account, as the parent or guardian who added them wrote it."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    family_name = Sealed(zone="identity", label=_("nom"))
    given_name = Sealed(zone="identity", label=_("prénom"))
    birth_date = Sealed(zone="identity", label=_("date de naissance"))

    class Meta:
        verbose_name = _("personne à charge")
        verbose_name_plural = _("personnes à charge")

    def __str__(self) -> str:
        return str(self.pk)


class Relation(models.Model):
    """One mandate in words (``terms.Terms``), and the name of the account that took it up."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    terms = Sealed(zone="administrative", label=_("lien avec un proche"))
    name = Sealed(zone="administrative", label=_("nom du proche"))

    class Meta:
        verbose_name = _("proche")
        verbose_name_plural = _("proches")

    def __str__(self) -> str:
        return str(self.pk)


class RelationProof(models.Model):
    """What one establishment was shown of a relation, and when; the paper itself is not kept."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    seen = Sealed(zone="administrative", label=_("justificatif présenté"))

    class Meta:
        verbose_name = _("justificatif d’un proche")
        verbose_name_plural = _("justificatifs de proches")

    def __str__(self) -> str:
        return str(self.pk)

"""Which account a provider's subject signs in to: a keyed alias, and what is sealed of the person.

Neither issuer's subject nor RPPS lies here: the alias is made with the keeper's key, so a list of
subjects tried against a stolen dump matches nothing.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.disclosure import Sealed


class OpenidIdentity(models.Model):
    """One subject of one provider, and the one account it opens."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    alias = models.CharField(max_length=120, unique=True)
    provider = models.CharField(max_length=24)
    account = models.ForeignKey("identity.Account", on_delete=models.CASCADE, related_name="+")
    gender = Sealed(zone="identity", label=_("sexe à l’état civil"))
    birth_place = Sealed(zone="identity", label=_("lieu de naissance"))
    birth_country = Sealed(zone="identity", label=_("pays de naissance"))

    class Meta:
        verbose_name = _("identité d’un fournisseur")
        verbose_name_plural = _("identités de fournisseurs")

    def __str__(self) -> str:
        return str(self.pk)

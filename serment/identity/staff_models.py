"""What a house keeps about its own team: invitations, ways back that wait for a second person, and
who looked at whose rights when. Names and addresses stay sealed in ``StaffMember``.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.identity.models import Role, StaffMember


class Invitation(models.Model):
    """A member who has not come yet, or comes back: the one link that lets them in.

    ``role`` is what they are invited as; until it is the member's own it waits for two approvals.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        "directory.Establishment", on_delete=models.PROTECT, related_name="+"
    )
    member = models.OneToOneField(StaffMember, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=20, choices=Role.choices)
    # The link's secret as a digest: this row lets nobody in.
    word_digest = models.BinaryField(max_length=32)
    # An errand that opens name and address to whoever brings the link; on record.
    ticket = models.BinaryField(default=b"")
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return str(self.pk)


class AccessReturn(models.Model):
    """Somebody lost all they sign in with; one colleague asked, another is still to confirm."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        "directory.Establishment", on_delete=models.PROTECT, related_name="+"
    )
    member = models.OneToOneField(StaffMember, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(StaffMember, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("retour d’un accès")
        verbose_name_plural = _("retours d’accès")

    def __str__(self) -> str:
        return str(self.pk)


class RightsReview(models.Model):
    """That somebody's rights were looked at, by whom, on which day, and what was decided."""

    class Decision(models.TextChoices):
        """What the look came to."""

        KEEP = "keep", _("gardés")
        CHANGE = "change", _("à changer")
        END = "end", _("terminés")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        "directory.Establishment", on_delete=models.PROTECT, related_name="+"
    )
    member = models.ForeignKey(StaffMember, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(StaffMember, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=Role.choices)
    decision = models.CharField(max_length=8, choices=Decision.choices)
    on = models.DateField()

    class Meta:
        verbose_name = _("revue des droits")
        verbose_name_plural = _("revues des droits")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["establishment", "member", "on"], name="rightsreview_latest")
        ]

    def __str__(self) -> str:
        return str(self.pk)

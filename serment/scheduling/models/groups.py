"""Sessions that several people come to: one stretch of time taken, and seats unique by number."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.directory.models import Establishment, PractitionerRole
from serment.scheduling.models.hours import VisitReason

SEATS_MAX = 200


class GroupSession(models.Model):
    """A visit for several at once; public, with its reason. Its time taken has the same id."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="group_sessions")
    reason = models.ForeignKey(VisitReason, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    seats = models.PositiveSmallIntegerField(
        _("places"), validators=[MinValueValidator(1), MaxValueValidator(SEATS_MAX)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="group_session_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(seats__range=(1, SEATS_MAX)), name="group_session_has_seats"
            ),
        ]
        indexes = [models.Index(fields=["role", "starts_at"], name="group_session_when")]

    def __str__(self) -> str:
        return f"{self.starts_at} · {self.seats}"


class Seat(models.Model):
    """One seat of a session, taken by an appointment; of two for one number one is refused.

    Or kept while a form is filled: then it names the row of time that says so, and goes with it
    (foreign key, on delete cascade).
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    session = models.ForeignKey(GroupSession, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField()
    appointment_id = models.UUIDField(unique=True, null=True, blank=True)
    hold_id = models.UUIDField(unique=True, null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "session", "number"], name="seat_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    appointment_id__isnull=False, hold_id__isnull=True, expires_at__isnull=True
                )
                | models.Q(
                    appointment_id__isnull=True, hold_id__isnull=False, expires_at__isnull=False
                ),
                name="seat_taken_or_kept",
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)

"""Time taken, who holds it while a form is filled, and appointments.

``Occupancy`` holds time and nothing about a patient; ``Appointment`` names neither account nor
file, the keeper alone knows whose it is. Neither table has a date of creation: two rows born in the
same second would otherwise tell a thief that they belong together.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.directory.models import Establishment, PractitionerRole
from serment.disclosure import Sealed

OCCUPANCY_EXCLUSION = "occupancy_exclusive"
CARE_DAYS_AFTER = 90
"""After a visit letters are written and calls returned; then the file is a stranger's again."""


class Occupancy(models.Model):
    """Time taken on a claimant (a role, room or device), buffers included, with no patient in it.

    Where ``exclusive`` no two rows of a claimant overlap: PostgreSQL's exclusion constraint is the
    last word on every race. A deliberate overbooking is a row that is not exclusive.
    """

    class Kind(models.TextChoices):
        """What takes the time."""

        APPOINTMENT = "appointment", _("rendez-vous")
        HOLD = "hold", _("créneau retenu")
        IMPORT = "import", _("agenda importé")
        BLOCK = "block", _("temps bloqué")
        SESSION = "session", _("séance de groupe")
        OUTSIDE = "outside", _("agenda extérieur")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    claimant_id = models.UUIDField()
    span = DateTimeRangeField()
    kind = models.CharField(max_length=12, choices=Kind)
    exclusive = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    appointment_id = models.UUIDField(null=True, blank=True)
    companion_of = models.UUIDField(null=True, blank=True)
    """Of a room kept with a held slot: the row of the slot, and gone with it (foreign key)."""

    class Meta:
        constraints = [
            ExclusionConstraint(
                name=OCCUPANCY_EXCLUSION,
                expressions=[
                    ("establishment", RangeOperators.EQUAL),
                    ("claimant_id", RangeOperators.EQUAL),
                    ("span", RangeOperators.OVERLAPS),
                ],
                condition=models.Q(exclusive=True),
            ),
            models.CheckConstraint(
                condition=models.Q(kind="hold", expires_at__isnull=False)
                | (~models.Q(kind="hold") & models.Q(expires_at__isnull=True)),
                name="occupancy_only_holds_expire",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="appointment", appointment_id__isnull=False)
                | (~models.Q(kind="appointment") & models.Q(appointment_id__isnull=True)),
                name="occupancy_names_its_appointment",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    span__isempty=False, span__lower_inf=False, span__upper_inf=False
                ),
                name="occupancy_begins_and_ends",
            ),
        ]
        indexes = [models.Index(fields=["appointment_id"], name="occupancy_appointment")]

    def __str__(self) -> str:
        return self.kind


class Holder(models.Model):
    """Whose hold a row of time taken is: the account by a keyed tag, once; see ``holders``.

    Goes with the time it names (foreign key, on delete cascade).
    """

    tag = models.BinaryField(max_length=32, primary_key=True)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    claimant_id = models.UUIDField()
    occupancy_id = models.UUIDField(unique=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return "holder"


class Appointment(models.Model):
    """Booked time at a role; whose it is, and why they come, only the keeper can say.

    What ``details`` holds is said in ``sealed_details``; ``cancellation`` is JSON,
    ``{"by": kind of actor, "reason": str}``; ``course`` who said last how the visit goes;
    ``answered`` and ``answers`` what ``care.replies`` says.
    That a visit was missed stands in clear, as its status does, and names nobody (``missed``).
    """

    class Status(models.TextChoices):
        """FHIR R4 ``Appointment.status``, those this product uses."""

        PROPOSED = "proposed", _("proposé")
        PENDING = "pending", _("en attente")
        BOOKED = "booked", _("confirmé")
        ARRIVED = "arrived", _("arrivé")
        IN_ROOM = "checked-in", _("en salle")
        FULFILLED = "fulfilled", _("honoré")
        CANCELLED = "cancelled", _("annulé")
        NOSHOW = "noshow", _("non honoré")

    STANDING: ClassVar = (
        Status.PROPOSED, Status.PENDING, Status.BOOKED, Status.ARRIVED, Status.IN_ROOM,
    )  # fmt: skip

    class Missed(models.TextChoices):
        """Whether a visit that nobody came to counts (``missed``); of every other visit nothing."""

        NOTHING = "", _("ne compte pas")
        COUNTS = "counts", _("absence comptée")
        CONTESTED = "contested", _("absence contestée")
        UPHELD = "upheld", _("absence maintenue")
        EXCUSED = "excused", _("absence excusée")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    role = models.ForeignKey(
        PractitionerRole, models.PROTECT, related_name="appointments", db_index=False
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.BOOKED)
    request_key = models.BinaryField(max_length=32)
    details = Sealed(zone="administrative", label=_("motif et mode"))
    cancellation = Sealed(zone="administrative", label=_("annulation"))
    course = Sealed(zone="administrative", label=_("passage au cabinet"))
    answered = Sealed(zone="administrative", label=_("questions avant la visite : où cela en est"))
    answers = Sealed(zone="medical", label=_("réponses aux questions avant la visite"))
    presence = models.BinaryField(max_length=64, null=True, blank=True)
    """Since when somebody waits, closed (``attending``); nothing once they were seen."""
    missed = models.CharField(
        max_length=9, choices=Missed, default=Missed.NOTHING, db_default="", blank=True
    )
    objection = Sealed(zone="administrative", label=_("contestation d’une absence"))
    """JSON: what the person ``said``, what the house answered (``answer``, ``why``)."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "request_key"], name="appointment_request_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="appointment_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(missed="") | models.Q(status="noshow"),
                name="appointment_missed_by_nobody_who_came",
            ),
        ]
        indexes = [
            models.Index(fields=["establishment", "role", "starts_at"], name="appointment_agenda"),
            models.Index(
                fields=["establishment", "starts_at"],
                name="appointment_here",
                condition=models.Q(status__in=["arrived", "checked-in"]),
            ),
            models.Index(
                fields=["establishment", "starts_at"],
                name="appointment_contested",
                condition=models.Q(missed="contested"),
            ),
        ]

    def __str__(self) -> str:
        return self.status

    @property
    def care_until(self) -> datetime | None:
        """How long the establishment cares for the person because of this visit."""
        if self.status == self.Status.CANCELLED or self.ends_at is None:
            return None
        return self.ends_at + timedelta(days=CARE_DAYS_AFTER)

    visit_site: UUID | None = None
    """Where it is, said by whoever books and has the role's plan at hand; kept in no column."""

    @property
    def visit(self) -> tuple[datetime, datetime, UUID] | None:
        """When, and at which site, a continuity sheet may name the person."""
        if self.status == self.Status.CANCELLED or self.starts_at is None or self.ends_at is None:
            return None
        return self.starts_at, self.ends_at, self.visit_site or self.role.site_id


class DayCount(models.Model):
    """How many visits of one reason are booked with one practitioner on one day.

    Which practitioner, reason and day is in the tag, and the tag says it to nobody without the
    web's own secret. It names no appointment, and none names it (``counting``).
    """

    tag = models.BinaryField(max_length=16, primary_key=True)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    taken = models.PositiveSmallIntegerField()
    forget_after = models.DateField()
    """The end of a month: a day would tie counts to days."""

    def __str__(self) -> str:
        return str(self.taken)

"""The agenda's tables: reasons and rules that all may read, time taken, and appointments.

Slots have no table: they are derived from these rows (``availability``). ``Occupancy`` holds time
and nothing about a patient; ``Appointment`` names neither account nor file, the keeper alone knows
whose it is. Neither table has a date of creation: two rows born in the same second would otherwise
tell a thief that they belong together.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.directory.models import Establishment, PractitionerRole
from serment.disclosure import Sealed

OCCUPANCY_EXCLUSION = "occupancy_exclusive"
CARE_DAYS_AFTER = 90
"""After a visit letters are written and calls returned; then the file is a stranger's again."""


class VisitReason(models.Model):
    """What a patient may come for, and the rules under which it is booked."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="reasons")
    name_fr = models.CharField(_("nom en français"), max_length=120)
    name_en = models.CharField(_("nom en anglais"), max_length=120)
    duration_minutes = models.PositiveSmallIntegerField(
        _("durée (minutes)"), validators=[MinValueValidator(5), MaxValueValidator(480)]
    )
    buffer_before_minutes = models.PositiveSmallIntegerField(_("battement avant"), default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(_("battement après"), default=0)
    notice_minutes = models.PositiveIntegerField(_("préavis (minutes)"), default=0)
    horizon_days = models.PositiveSmallIntegerField(_("ouverture (jours)"), default=90)
    new_patients = models.BooleanField(_("nouveaux patients"), default=True)
    known_patients = models.BooleanField(_("patients connus"), default=True)
    in_person = models.BooleanField(_("sur place"), default=True)
    video = models.BooleanField(_("en vidéo"), default=False)
    red_flags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    late_release_minutes = models.PositiveIntegerField(
        _("gardé pour l’urgence jusqu’à (minutes avant)"), null=True, blank=True
    )
    fee_cents = models.PositiveIntegerField(_("tarif (centimes)"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(_("proposé"), default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(duration_minutes__gte=5, duration_minutes__lte=480),
                name="reason_duration_sane",
            ),
            models.CheckConstraint(
                condition=models.Q(in_person=True) | models.Q(video=True), name="reason_has_a_mode"
            ),
        ]
        indexes = [models.Index(fields=["role", "position"], name="reason_role")]

    def __str__(self) -> str:
        return self.name_fr

    def name(self, language: str) -> str:
        """Name in the reader's language."""
        return self.name_en if language.startswith("en") and self.name_en else self.name_fr


class WeeklyOpening(models.Model):
    """Hours of one weekday, by the wall clock of the site; 00:00 as an end is midnight."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="openings")
    weekday = models.PositiveSmallIntegerField(_("jour"), help_text="0 = lundi")
    starts = models.TimeField(_("de"))
    ends = models.TimeField(_("à"))
    valid_from = models.DateField(_("du"), null=True, blank=True)
    valid_until = models.DateField(_("au"), null=True, blank=True)
    reasons = ArrayField(models.UUIDField(), default=list, blank=True, help_text="vide = tous")
    closed_on_holidays = models.BooleanField(_("fermé les jours fériés"), default=True)
    late_release_minutes = models.PositiveIntegerField(
        _("gardé pour l’urgence jusqu’à (minutes avant)"), null=True, blank=True
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(weekday__gte=0, weekday__lte=6), name="opening_weekday_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ends__gt=models.F("starts")) | models.Q(ends="00:00"),
                name="opening_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["role", "weekday"], name="opening_role")]

    def __str__(self) -> str:
        return f"{self.weekday} {self.starts}–{self.ends}"


class OpeningException(models.Model):
    """One date that differs from the week: opened (holidays included) or closed."""

    class Kind(models.TextChoices):
        """Which way the date differs."""

        OPENED = "opened", _("ouvert en plus")
        CLOSED = "closed", _("fermé")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="exceptions")
    day = models.DateField(_("jour"))
    starts = models.TimeField(_("de"))
    ends = models.TimeField(_("à"))
    kind = models.CharField(max_length=6, choices=Kind)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends__gt=models.F("starts")) | models.Q(ends="00:00"),
                name="exception_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["role", "day"], name="exception_role")]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"


class Absence(models.Model):
    """A time away; the note is public and must say nothing private."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="absences")
    span = DateTimeRangeField(_("période"))
    public_note = models.CharField(_("mot affiché"), max_length=120, blank=True)

    class Meta:
        indexes = [models.Index(fields=["role"], name="absence_role")]

    def __str__(self) -> str:
        return self.public_note or "absence"


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
    ``{"by": kind of actor, "reason": str}``.
    """

    class Status(models.TextChoices):
        """FHIR R4 ``Appointment.status``, those this product uses."""

        PROPOSED = "proposed", _("proposé")
        PENDING = "pending", _("en attente")
        BOOKED = "booked", _("confirmé")
        ARRIVED = "arrived", _("arrivé")
        FULFILLED = "fulfilled", _("honoré")
        CANCELLED = "cancelled", _("annulé")
        NOSHOW = "noshow", _("non honoré")

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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "request_key"], name="appointment_request_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="appointment_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["establishment", "role", "starts_at"], name="appointment_agenda")
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

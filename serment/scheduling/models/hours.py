"""Rules that all may read: what patients come for, when who receives, and when nobody does."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.directory.models import Establishment, PractitionerRole, Site
from serment.scheduling.recurrence import WEEKS_APART_MAX, Public

SESSIONS_MAX = 20
"""Visits that one series may have."""


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
    daily_cap = models.PositiveSmallIntegerField(
        _("par jour, au plus"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    needs = ArrayField(
        models.UUIDField(),
        default=list,
        blank=True,
        db_default=[],
        verbose_name=_("salle, appareil"),
    )
    by_invitation = models.BooleanField(_("sur invitation"), default=False, db_default=False)
    """Seen and booked by nobody but the desk, and whoever has an invitation's link."""
    in_groups = models.BooleanField(_("en groupe"), default=False, db_default=False)
    sessions = models.PositiveSmallIntegerField(
        _("séances"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(SESSIONS_MAX)],
    )
    apart_least_days = models.PositiveSmallIntegerField(
        _("jours d’une séance à l’autre, au moins"), default=7, db_default=7
    )
    apart_most_days = models.PositiveSmallIntegerField(
        _("jours d’une séance à l’autre, au plus"), default=7, db_default=7
    )
    steps = models.JSONField(_("étapes qui suivent"), default=list, blank=True, db_default=[])
    """Visits of one booking, as ``linked_times.Step`` says; empty for one visit alone."""
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
            models.CheckConstraint(
                condition=models.Q(daily_cap__isnull=True) | models.Q(daily_cap__gte=1),
                name="reason_cap_lets_one_in",
            ),
            models.CheckConstraint(
                condition=models.Q(sessions__range=(1, SESSIONS_MAX)), name="reason_sessions_sane"
            ),
            models.CheckConstraint(
                condition=models.Q(apart_least_days__gte=1)
                & models.Q(apart_most_days__gte=models.F("apart_least_days")),
                name="reason_sessions_apart",
            ),
        ]
        indexes = [models.Index(fields=["role", "position"], name="reason_role")]

    def __str__(self) -> str:
        return self.name_fr

    def name(self, language: str) -> str:
        """Name in the reader's language."""
        return self.name_en if language.startswith("en") and self.name_en else self.name_fr


class Weekly(models.Model):
    """What comes back by the week, by the wall clock of the site; 00:00 as an end is midnight.

    What it means is written once, in ``recurrence``.
    """

    weekday = models.PositiveSmallIntegerField(_("jour"), help_text="0 = lundi")
    starts = models.TimeField(_("de"))
    ends = models.TimeField(_("à"))
    valid_from = models.DateField(_("du"), null=True, blank=True)
    valid_until = models.DateField(_("au"), null=True, blank=True)
    every_weeks = models.PositiveSmallIntegerField(
        _("toutes les (semaines)"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(WEEKS_APART_MAX)],
    )
    anchor = models.DateField(_("en comptant de la semaine du"), null=True, blank=True)
    skipped = ArrayField(models.DateField(), default=list, blank=True, db_default=[])

    class Meta:
        abstract = True


class WeeklyOpening(Weekly):
    """Hours of one weekday, for all or for some reasons and people."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="openings")
    reasons = ArrayField(models.UUIDField(), default=list, blank=True, help_text="vide = tous")
    closed_on_holidays = models.BooleanField(_("fermé les jours fériés"), default=True)
    public = models.PositiveSmallIntegerField(
        _("pour qui"),
        default=0,
        db_default=0,
        choices=[
            (int(Public.EVERYONE), _("tout le monde")),
            (int(Public.KNOWN), _("personnes déjà venues")),
            (int(Public.INVITED), _("sur invitation")),
        ],
    )
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
            models.CheckConstraint(
                condition=models.Q(every_weeks=1)
                | models.Q(every_weeks__range=(2, WEEKS_APART_MAX), anchor__isnull=False),
                name="opening_weeks_counted",
            ),
            models.CheckConstraint(
                condition=models.Q(public__range=(0, 2)), name="opening_public_known"
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


class RecurringAbsence(Weekly):
    """A time away that comes back: of one practitioner, of a site, or of the whole house.

    The note is public and must say nothing private.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    role = models.ForeignKey(
        PractitionerRole, models.PROTECT, related_name="recurring_absences", null=True, blank=True
    )
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", null=True, blank=True)
    public_note = models.CharField(_("mot affiché"), max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(weekday__range=(0, 6)), name="away_weekday_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ends__gt=models.F("starts")) | models.Q(ends="00:00"),
                name="away_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(every_weeks=1)
                | models.Q(every_weeks__range=(2, WEEKS_APART_MAX), anchor__isnull=False),
                name="away_weeks_counted",
            ),
            models.CheckConstraint(
                condition=models.Q(role__isnull=True) | models.Q(site__isnull=True),
                name="away_of_one_or_of_a_place",
            ),
        ]

    def __str__(self) -> str:
        return self.public_note or "absence"


class Closure(models.Model):
    """A time at which a site, or the whole house, is closed; the note is public."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", null=True, blank=True)
    span = DateTimeRangeField(_("période"))
    public_note = models.CharField(_("mot affiché"), max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    span__isempty=False, span__lower_inf=False, span__upper_inf=False
                ),
                name="closure_begins_and_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.public_note or "closure"

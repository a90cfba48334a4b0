"""Calendars that leave and calendars that come in: feeds somebody subscribed to, outside ones.

A feed's row names nobody: a keyed tag finds it for whoever made it, a keyed digest for whoever
brings the address, and only the address opens what it shows (``feeds``). Of an outside calendar
nothing is kept but when its owner is busy; where it lies, and with which password, is sealed.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.directory.models import Establishment, PractitionerRole
from serment.disclosure import Sealed


class CalendarFeed(models.Model):
    """An address that a calendar program reads; of whom, only that address says."""

    tag = models.BinaryField(max_length=32, primary_key=True)
    digest = models.BinaryField(max_length=32, unique=True)
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return "calendar feed"


class OutsideCalendar(models.Model):
    """A practitioner's own calendar elsewhere, that takes time of theirs here."""

    class Kind(models.TextChoices):
        """How it is read."""

        ADDRESS = "ics", _("adresse d’un agenda (.ics)")
        CALDAV = "caldav", _("agenda CalDAV")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=6, choices=Kind)
    access = Sealed(zone="administrative", label=_("adresse d’un agenda extérieur"))
    tickets = models.BinaryField(default=b"")
    """Errands that open the address to the worker, one a month, each of 32 bytes."""
    signed_from = models.DateTimeField()
    """When the first of them began."""
    spans = ArrayField(DateTimeRangeField(), default=list, blank=True)
    """When its owner is busy, as it was last read."""
    state = models.BinaryField(default=b"")
    """What the other side wants to hear next time (ETag, CTag), closed under the address."""
    next_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(max_length=24, blank=True)
    unread = models.PositiveSmallIntegerField(default=0)
    """Events of it that could not be understood."""
    settled = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    """Appointments that overlap it and are to stay, each with its start: not asked about again."""

    class Meta:
        indexes = [
            models.Index(fields=["establishment", "next_at"], name="outside_due"),
        ]

    def __str__(self) -> str:
        return self.kind


TICKET_BYTES = 32


def ticket_of(row: OutsideCalendar, month: int) -> bytes:
    """The errand of one month since ``signed_from``; empty where none was signed for it."""
    start = month * TICKET_BYTES
    return bytes(row.tickets)[start : start + TICKET_BYTES] if month >= 0 else b""

"""What waits to be sent: which record, through which channel, when. Never to whom.

The person is reached through the ticket that the act which wanted the message minted; the text is
made while sending and kept nowhere. The row's number of its record is veiled (``veil``): language,
channel and state lead to nobody's visit. No row tells when it was posted: two instants near each
other would tie two visits booked in one sitting (docs/reference/threat-model.md).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.disclosure import Sealed
from serment.outbox.veil import VeiledRecord

AT_ONCE: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""``send_after`` of what may leave now, and of what has left, failed or waits as a letter."""


class Channel(models.TextChoices):
    """How a message travels; a letter waits until somebody prints it, a call until it was made."""

    MAIL = "mail", _("e-mail")
    LETTER = "letter", _("courrier")
    SMS = "sms", _("SMS")
    CALL = "call", _("appel")


class State(models.TextChoices):
    """Where a message stands."""

    WAITING = "waiting", _("en attente")
    SENT = "sent", _("envoyé")
    FAILED = "failed", _("non distribué")
    CANCELLED = "cancelled", _("annulé")


class Message(models.Model):
    """One message to send, at least once, about one record."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        "directory.Establishment", on_delete=models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(max_length=40)
    record_id = VeiledRecord()
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.MAIL)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    language = models.CharField(max_length=5, default="fr")
    send_after = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    ticket = models.BinaryField(default=b"")

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["establishment", "record_id", "kind", "channel"],
                name="outbox_message_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["establishment", "send_after"],
                condition=models.Q(state="waiting"),
                name="outbox_message_due",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Envelope(models.Model):
    """A message of sign-in, sealed together with its address; the row goes when it is sent."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    contents = Sealed(zone="contact", label=_("message de connexion"))
    ticket = models.BinaryField(default=b"")
    send_after = models.DateTimeField(default=AT_ONCE)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("message de connexion")
        verbose_name_plural = _("messages de connexion")

    def __str__(self) -> str:
        return str(self.pk)

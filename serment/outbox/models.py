"""What waits to be sent: which record, through which channel, when. Never to whom.

The person is reached through the ticket that the act which wanted the message minted; the text is
made while sending and kept nowhere. The row's number of its record is veiled (``veil``): language,
channel and state lead to nobody's visit. No row tells when it was posted: two instants near each
other would tie two visits booked in one sitting (docs/reference/threat-model.md).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Final

from django.contrib.postgres.fields import ArrayField
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
    before = models.BinaryField(default=b"")
    """Of a move, a keyed digest of what the person knows as long as this waits: an undo needs no
    message. Of several visits told at once, the others, closed, for as long as it may come back
    and become a letter (``besides``)."""

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


class HandOver(models.Model):
    """A message on its way to a provider: written, and durable, before the provider hears of it.

    One row for each message and provider, the same for every attempt. Its reference is what the
    provider knows the message by; it names nobody, and whoever has it may say how that message
    fared. No row tells when: ``until`` is a month that all of a month share, after which it goes.
    """

    class State(models.TextChoices):
        """What is known of it."""

        UNDER_WAY = "under_way", _("remis, sans réponse")
        TAKEN = "taken", _("accepté")
        NOT_TAKEN = "not_taken", _("pas accepté")
        DELIVERED = "delivered", _("distribué")
        RETURNED = "returned", _("revenu")

    reference = models.CharField(max_length=20, primary_key=True)
    answer_key = models.BinaryField(max_length=32, unique=True)
    """The digest of the link's secret, by which its reader answers."""
    establishment_id = models.UUIDField()
    message_id = models.UUIDField()
    provider = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State, default=State.UNDER_WAY)
    possibly_twice = models.BooleanField(default=False)
    answered = models.BooleanField(default=False)
    until = models.DateField()

    class Meta:
        verbose_name = _("remise")
        verbose_name_plural = _("remises")

    def __str__(self) -> str:
        return self.reference


class Tally(models.Model):
    """How many messages of a house fared how, by day and provider: counts, and nobody in them."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        "directory.Establishment", on_delete=models.CASCADE, related_name="+"
    )
    day = models.DateField()
    provider = models.CharField(max_length=60)
    outcome = models.CharField(max_length=20)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("décompte")
        verbose_name_plural = _("décomptes")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["establishment", "day", "provider", "outcome"], name="outbox_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.outcome}"


class Stop(models.Model):
    """An address or a number that wants no reminders, by a keyed tag: who it is, nobody reads."""

    tag = models.BinaryField(max_length=32, primary_key=True)

    class Meta:
        verbose_name = _("refus de rappels")
        verbose_name_plural = _("refus de rappels")

    def __str__(self) -> str:
        return "stop"


class ReminderTicket(models.Model):
    """What may be opened to remind somebody of a visit, signed by whoever booked it.

    ``record_id`` is veiled and ``terms`` (language and kind of visit) sealed under a key of the
    keeper's: the row tells neither which visit nor when. When to remind is worked out of the
    visits themselves, and a row exists as long as its visit is to come.
    """

    class Answer(models.TextChoices):
        """What the person said to a reminder."""

        NOTHING = "", _("pas de réponse")
        COMES = "comes", _("vient")
        CANNOT = "cannot", _("ne peut pas venir")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        "directory.Establishment", on_delete=models.CASCADE, related_name="+"
    )
    record_id = VeiledRecord()
    terms = models.BinaryField(max_length=64)
    ticket = models.BinaryField()
    answer = models.CharField(max_length=6, choices=Answer, default=Answer.NOTHING, blank=True)

    class Meta:
        verbose_name = _("droit de rappel")
        verbose_name_plural = _("droits de rappel")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["establishment", "record_id"], name="outbox_reminder_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["establishment"],
                condition=models.Q(answer="cannot"),
                name="outbox_reminder_cannot",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ReminderPlan(models.Model):
    """When a house reminds: of every visit, or of one kind (``reason``). Nothing of anybody.

    ``moments``: at most three, coded by ``moments``. ``swept``, on the house's own row: until when
    everything that was due has been posted.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        "directory.Establishment", on_delete=models.CASCADE, related_name="+"
    )
    reason = models.UUIDField(null=True, blank=True)
    moments = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    swept = models.DateTimeField(default=AT_ONCE)

    class Meta:
        verbose_name = _("moments de rappel")
        verbose_name_plural = _("moments de rappel")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["establishment", "reason"], name="outbox_plan_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

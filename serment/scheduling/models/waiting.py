"""What a house says about moving, cancelling and waiting; who waits for an hour, and what is kept
for them meanwhile.

Who waits, only the keeper can say. A wish and an offer never name each other in clear, nor a visit:
in a dump an hour that is kept leads to nobody who waits (docs/decisions/0047).
"""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.directory.models import Establishment, PractitionerRole
from serment.outbox.veil import VeiledRecord

HOURS_MAX = 24 * 14
MISSED_LEAST = 2
MISSED_MAX = 10
MONTHS_MAX = 12


class OnlineTerms(models.Model):
    """Until when patients move and cancel by themselves, how long a freed hour is theirs alone, and
    after how many missed visits they are asked to call.

    Public. A house without a row has the defaults.
    """

    establishment = models.OneToOneField(
        Establishment, models.CASCADE, primary_key=True, related_name="+"
    )
    move_hours = models.PositiveSmallIntegerField(
        _("déplacer, heures avant"), default=0, validators=[MaxValueValidator(HOURS_MAX)]
    )
    cancel_hours = models.PositiveSmallIntegerField(
        _("annuler, heures avant"), default=0, validators=[MaxValueValidator(HOURS_MAX)]
    )
    offer_minutes = models.PositiveSmallIntegerField(
        _("minutes pour répondre"),
        default=30,
        validators=[MinValueValidator(10), MaxValueValidator(240)],
    )
    waiting_open = models.BooleanField(_("liste d’attente ouverte"), default=True)
    missed_max = models.PositiveSmallIntegerField(
        _("rendez-vous manqués"),
        default=0,
        db_default=0,
        validators=[MaxValueValidator(MISSED_MAX)],
    )
    """From how many on somebody is asked to call instead of booking; 0 where never (``missed``)."""
    missed_months = models.PositiveSmallIntegerField(
        _("en combien de mois"),
        default=6,
        db_default=6,
        validators=[MinValueValidator(1), MaxValueValidator(MONTHS_MAX)],
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(missed_max=0)
                | models.Q(missed_max__gte=MISSED_LEAST, missed_max__lte=MISSED_MAX),
                name="terms_missed_never_after_one",
            ),
            models.CheckConstraint(
                condition=models.Q(missed_months__gte=1, missed_months__lte=MONTHS_MAX),
                name="terms_missed_within_a_year",
            ),
            models.CheckConstraint(
                condition=models.Q(move_hours__lte=HOURS_MAX, cancel_hours__lte=HOURS_MAX),
                name="terms_hours_within_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(offer_minutes__gte=10, offer_minutes__lte=240),
                name="terms_minutes_within_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.move_hours}/{self.cancel_hours}/{self.offer_minutes}"


class Wish(models.Model):
    """Somebody waits for an hour with a practitioner.

    ``id`` is the number the visit will have. ``terms`` (which days, which reason) are closed under
    a key of the keeper's, ``details`` are the visit's own, sealed by whoever joined; ``tickets``
    open an address for a message, a month each. ``number`` orders those who wait for one
    practitioner, and tells no instant.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    terms = models.BinaryField(max_length=400)
    details = models.BinaryField()
    tickets = models.BinaryField(max_length=256)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "role", "number"], name="wish_in_its_place"
            )
        ]

    def __str__(self) -> str:
        return str(self.number)


class SlotOffer(models.Model):
    """A freed hour kept for one who waits (``wish_id``, veiled), or what became of that.

    Forgotten once the hour is over. The time itself is held by ``hold_id``, a row of time taken.
    """

    class State(models.TextChoices):
        """Where an offer stands; one that was taken has no row any more."""

        OPEN = "open", _("proposée")
        REFUSED = "refused", _("refusée")
        LAPSED = "lapsed", _("sans réponse")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="+", db_index=False
    )
    role = models.ForeignKey(PractitionerRole, models.PROTECT, related_name="+", db_index=False)
    wish_id = VeiledRecord()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    hold_id = models.UUIDField(null=True, blank=True)
    seat = models.BooleanField(default=False, db_default=False)
    """In a group: its other seats may be offered at the same time."""
    counted = models.BooleanField(default=False, db_default=False)
    """Whether a place among as many as its reason takes that day is kept with it."""
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "wish_id", "starts_at"], name="offer_once_each"
            ),
            models.UniqueConstraint(
                fields=["establishment", "wish_id"],
                condition=models.Q(state="open"),
                name="offer_one_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["establishment", "role", "starts_at"],
                condition=models.Q(state="open", seat=False),
                name="offer_to_one_only",
            ),
        ]

    def __str__(self) -> str:
        return self.state

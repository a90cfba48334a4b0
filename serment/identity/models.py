"""Three things that look alike and never are one: account, patient file, staff member.

An account signs in; a patient file belongs to one establishment; a staff member works there.
No row here names another person's row beyond the staff member's own account: which account goes
with which file is known to the keeper alone. No row says when it was made or last used, because
two instants that match would tie the rows of one person together in a stolen dump.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.disclosure import Sealed
from serment.identity import halves


class AccountManager(BaseUserManager["Account"]):
    """Finds the one account that the present transaction may see."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """The account of an alias; only visible where ``serment.alias`` names it."""
        return self.get(alias=username)


class Account(AbstractBaseUser):
    """Who signs in. The e-mail address is sealed; ``alias`` is its keyed hash."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    alias = models.CharField(max_length=120, unique=True)
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=5, default="fr")
    email = Sealed(zone="contact", label=_("adresse e-mail"), search="email")
    phone = Sealed(zone="contact", label=_("téléphone"), search="phone")
    family_name = Sealed(zone="identity", label=_("nom"), search="name")
    given_name = Sealed(zone="identity", label=_("prénom"), search="name")
    birth_date = Sealed(zone="identity", label=_("date de naissance"), search="birth_date")
    # Second factors, passkeys, recovery codes, sessions and devices (means/book.py), as one text.
    sign_in_book = Sealed(zone="administrative", label=_("moyens de connexion"))
    # How this person may be reached (``contact.py``), as one text of one length.
    safe_contact = Sealed(zone="contact", label=_("contact sûr"))

    # The half-year of the last sign-in, as its first day; what is known of an account that sleeps
    # (``asleep.py``): how many messages said so, when it closes at the soonest, that it did.
    used_half = models.DateField(default=halves.this_one)
    sleep_told = models.PositiveSmallIntegerField(default=0)
    closes_on = models.DateField(null=True, blank=True)
    closed = models.BooleanField(default=False)
    # An errand that opens the address to the worker, for those messages, in years and no sooner.
    sleep_ticket = models.BinaryField(default=b"")

    # The dates Django would keep: see the module's docstring.
    last_login = None

    USERNAME_FIELD = "alias"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        verbose_name = _("compte")
        verbose_name_plural = _("comptes")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_shut(self) -> bool:
        """Closed for want of use, and not asked back: the usual recovery gives a new password."""
        return self.closed and not self.has_usable_password()


class PatientFile(models.Model):
    """A person as one establishment knows them."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        "directory.Establishment", on_delete=models.PROTECT, related_name="+"
    )
    family_name = Sealed(zone="identity", label=_("nom"), search="name")
    given_name = Sealed(zone="identity", label=_("prénom"), search="name")
    birth_name = Sealed(zone="identity", label=_("nom de naissance"), search="name")
    birth_date = Sealed(zone="identity", label=_("date de naissance"), search="birth_date")
    sex = Sealed(zone="identity", label=_("sexe"))
    phone = Sealed(zone="contact", label=_("téléphone"), search="phone")
    email = Sealed(zone="contact", label=_("adresse e-mail"), search="email")
    address = Sealed(zone="contact", label=_("adresse"))
    source_reference = Sealed(zone="administrative", label=_("numéro dans l’ancien logiciel"))
    first_birth_given_name = Sealed(zone="identity", label=_("premier prénom de naissance"))
    birth_given_names = Sealed(zone="identity", label=_("prénoms de naissance"))
    birth_place = Sealed(zone="identity", label=_("lieu de naissance"))
    # What was established of the identity, and its number: ``ins.py`` reads and writes both.
    ins_standing = Sealed(zone="identity", label=_("état de l’identité"), search="marks")
    ins = Sealed(zone="identity", label=_("matricule INS"))
    # Which file this one was joined to or holds, and what that wrote (``merging.py``), as one text.
    merging = Sealed(zone="administrative", label=_("réunion de dossiers"))
    # How this person may be reached (``contact.py``), as one text of one length.
    safe_contact = Sealed(zone="contact", label=_("contact sûr"))
    # Where they were written to within the last month (``former_ways.py``), for an emergency.
    former_reach = Sealed(zone="contact", label=_("anciennes adresses"))
    # Codes handed out at the desk, and what was shown for them (``desk_codes.py``).
    desk_link = Sealed(zone="administrative", label=_("codes remis à l’accueil"))

    class Meta:
        verbose_name = _("dossier patient")
        verbose_name_plural = _("dossiers patients")

    def __str__(self) -> str:
        return str(self.pk)


class Role(models.TextChoices):
    """What somebody does at an establishment; rights follow from it (``rights.py``)."""

    SECRETARY = "secretary", _("secrétaire")
    PRACTITIONER = "practitioner", _("soignant")
    MANAGER = "manager", _("responsable")
    PRIVACY_OFFICER = "privacy_officer", _("délégué à la protection des données")
    SECURITY_OFFICER = "security_officer", _("responsable de la sécurité")
    SUBSTITUTE = "substitute", _("en remplacement")
    TRAINEE = "trainee", _("stagiaire")
    TRUSTEE = "trustee", _("tiers de confiance")


PASSING = (Role.SUBSTITUTE, Role.TRAINEE)
"""Roles that somebody has until a day that is named when they come."""


class StaffMember(models.Model):
    """Somebody who works at an establishment, with or without an account to sign in."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(
        "directory.Establishment", on_delete=models.PROTECT, related_name="+"
    )
    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="staff_member"
    )
    role = models.CharField(max_length=20, choices=Role.choices)
    practitioner_role = models.ForeignKey(
        "directory.PractitionerRole",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    active = models.BooleanField(default=True)
    # From this instant they stand nowhere, without anybody doing anything.
    ends_at = models.DateTimeField(null=True, blank=True)
    # The month they came in and the week they last signed in, as their first days: too coarse to
    # tell one person of a house from another, exact enough for a yearly review and for sleep.
    since = models.DateField(null=True, blank=True)
    seen_week = models.DateField(null=True, blank=True)
    # Closed for want of use (``dormant.py``); ``warned``: the message before that was sent.
    dormant = models.BooleanField(default=False)
    warned = models.BooleanField(default=False)
    # An errand that opens the address to the worker, for that message alone.
    notice_ticket = models.BinaryField(default=b"")
    family_name = Sealed(zone="identity", label=_("nom"), search="name")
    given_name = Sealed(zone="identity", label=_("prénom"), search="name")
    email = Sealed(zone="contact", label=_("adresse e-mail"))
    # An errand that opens this name for those who ask who opened their data; on record each time.
    name_ticket = models.BinaryField(default=b"")

    class Meta:
        verbose_name = _("membre de l’équipe")
        verbose_name_plural = _("membres de l’équipe")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(role__in=PASSING) | models.Q(ends_at__isnull=False),
                name="staffmember_who_passes_has_an_end",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class DeskCode(models.Model):
    """A code handed out at a desk: a keyed digest, and bytes that only the code opens.

    It names neither file nor house. ``expires_at`` is a midnight that all codes of a day share.
    """

    digest = models.BinaryField(primary_key=True, max_length=32)
    sealed = models.BinaryField()
    wrong = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("code remis à l’accueil")
        verbose_name_plural = _("codes remis à l’accueil")

    def __str__(self) -> str:
        return "desk code"


class SignedInSession(models.Model):
    """A session as the database may know it: a digest, and bytes only its cookie opens."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    sealed = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return "session"

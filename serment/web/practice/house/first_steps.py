"""What a house lacks before anybody can book there, in the order in which it is done."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from serment.directory.models import PractitionerRole, Site
from serment.identity.models import Role, StaffMember
from serment.scheduling.models import VisitReason, WeeklyOpening


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and whether it is done."""

    name: str
    words: str
    address: str
    done: bool


def of(house: UUID) -> list[Step]:
    """The steps of a house; stands inside its walls. Empty where all of them are done."""
    entries = PractitionerRole.objects.filter(establishment_id=house, active=True)
    first = entries.order_by("position", "practitioner__family_name").first()
    reasons = VisitReason.objects.filter(establishment_id=house, active=True)
    asked = f"?agenda={first.pk}" if first else ""
    steps = [
        Step(
            _("Un lieu"), _("L’adresse où l’on vient : elle donne l’heure et les jours fériés."),
            reverse("practice:site_new"),
            Site.objects.filter(establishment_id=house).exists(),
        ),
        Step(
            _("Qui reçoit"), _("La fiche publique de chaque soignant : c’est elle qu’on trouve."),
            reverse("practice:entry_new"), first is not None,
        ),
        Step(
            _("Un motif"), _("Pourquoi l’on vient, et combien de temps cela prend."),
            reverse("practice:reason_new") + asked if first else reverse("practice:entry_new"),
            reasons.exists(),
        ),
        Step(
            _("Des heures"), _("Quand chacun reçoit ; les créneaux en découlent."),
            reverse("practice:hours_edit") + asked if first else reverse("practice:entry_new"),
            WeeklyOpening.objects.filter(establishment_id=house).exists(),
        ),
        Step(
            _("L’équipe"),
            _("Chacun entre avec son propre accès. La direction n’ouvre aucun dossier : si vous"
              " recevez aussi, invitez-vous comme soignant, à une autre adresse."),
            reverse("practice:team_invite"),
            _somebody_receives_them(house),
        ),
    ]  # fmt: skip
    return [] if all(one.done for one in steps) else steps


def _somebody_receives_them(house: UUID) -> bool:
    """A colleague who may open files: managers and officers open none."""
    apart = (Role.MANAGER, Role.PRIVACY_OFFICER, Role.SECURITY_OFFICER, Role.TRUSTEE)
    return StaffMember.objects.filter(establishment_id=house).exclude(role__in=apart).exists()

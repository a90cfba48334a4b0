"""Once a year somebody looks at what each person may do here, and says: keep, change, or end.

Each look is a row that nobody changes: who looked, at whom, on which day, what was decided. A
person's first is due a year after they came; where nobody knows when that was, now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from serment.directory import tenancy
from serment.disclosure import Actor
from serment.errors import NotThere
from serment.identity import rights, staff
from serment.identity.models import Role, StaffMember
from serment.identity.rights import Act
from serment.identity.staff_models import RightsReview

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

EVERY_DAYS: Final = 365
SOON_DAYS: Final = 30

WORDS: Final[dict[Act, _StrPromise]] = {
    Act.SEE_AGENDA: _("voir les agendas, sans les noms"),
    Act.OPEN_AGENDA_NAMES: _("ouvrir les noms d’une journée"),
    Act.OPEN_AGENDA_REASONS: _("ouvrir les motifs d’une journée"),
    Act.READ_ANSWERS: _("lire ce qui a été répondu avant une consultation"),
    Act.FIND_PATIENT: _("chercher un patient"),
    Act.OPEN_PATIENT: _("ouvrir un dossier"),
    Act.WRITE_PATIENT: _("créer et corriger un dossier"),
    Act.MERGE_FILES: _("réunir deux dossiers d’une même personne, et les séparer"),
    Act.BOOK: _("prendre et déplacer des rendez-vous"),
    Act.CANCEL: _("annuler des rendez-vous"),
    Act.PRINT_CARD: _("imprimer les cartes et les courriers"),
    Act.TAKE_SHEET: _("prendre la feuille de continuité, fermée"),
    Act.BREAK_GLASS: _("passer les limites en urgence, en le justifiant"),
    Act.CONTAIN: _("suivre les alertes, geler un accès, donner un des deux accords"),
    Act.SEE_DISCLOSURES: _("prendre le reçu d’une ligne du registre des accès"),
    Act.COUNT_DISCLOSURES: _("lire le registre des accès de la maison"),
    Act.IMPORT: _("importer des patients et des agendas"),
    Act.SET_OPENINGS: _("régler les horaires, les motifs, les salles et les absences"),
    Act.MANAGE_STAFF: _("inviter, changer les rôles, mettre fin aux accès"),
    Act.SEE_STAFF: _("voir qui travaille ici, avec quels droits"),
    Act.STOP_DEVICES: _("arrêter l’appareil perdu d’un collègue"),
    Act.SECOND: _("donner de l’extérieur le second accord, sans ouvrir aucune donnée de patient"),
    Act.GIVE_BACK: _("confirmer, en second, qu’un collègue retrouve son accès"),
    Act.OWN_PASSKEYS: _("tenir ses propres clés professionnelles"),
}
"""Every right in words: for the review, for whoever invites, and for docs/reference/rights.md, so
that none of them says what another does not."""

UNSAID: Final = frozenset({Act.OWN_PASSKEYS})
"""What everybody has who works somewhere: no reviewer need read it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's rights as they stand, and when they were last looked at."""

    member: StaffMember
    words: tuple[str, ...]
    last: RightsReview | None
    due: date

    def is_overdue(self, today: date) -> bool:
        """Was it due before today?"""
        return self.due < today

    def is_soon(self, today: date) -> bool:
        """Is it due within a month?"""
        return today <= self.due <= today + timedelta(days=SOON_DAYS)


def in_words(role: str) -> tuple[str, ...]:
    """What a role may, as sentences."""
    acts = rights.ACTS_OF[Role(role)]
    return tuple(str(word) for act, word in WORDS.items() if act in acts - UNSAID)


def standing(actor: Actor, now: datetime) -> list[Standing]:
    """Everybody who works here, those due first. NotThere for whoever may not see the team."""
    rights.require(actor, Act.SEE_STAFF)
    with tenancy.inside(tenant=actor.establishment):
        members = list(
            StaffMember.objects.filter(active=True)
            .exclude(ends_at__lte=now)
            .select_related("practitioner_role__practitioner")
        )
        looks = RightsReview.objects.order_by("member_id", "-on", "-pk").distinct("member_id")
        last = {one.member_id: one for one in looks}
    found = [_standing(member, last.get(member.pk), now.date()) for member in members]
    return sorted(found, key=lambda one: (one.due, str(one.member.pk)))


def _standing(member: StaffMember, last: RightsReview | None, today: date) -> Standing:
    since = last.on if last is not None else member.since
    due = today if since is None else since + timedelta(days=EVERY_DAYS)
    return Standing(member, in_words(member.role), last, due)


def overdue(actor: Actor, now: datetime) -> int:
    """How many are past their day."""
    return sum(one.is_overdue(now.date()) for one in standing(actor, now))


def may_look(actor: Actor, member_id: UUID) -> bool:
    """At anybody's but one's own; in a house with one officer, at one's own too."""
    if member_id != actor.id:
        return True
    with tenancy.inside(tenant=actor.establishment):
        others = StaffMember.objects.filter(active=True, role__in=rights.OFFICERS)
        return not others.exclude(pk=actor.id).exists()


def require_look(actor: Actor, member_id: UUID) -> StaffMember:
    """The colleague whose rights the actor may look at. NotThere."""
    rights.require(actor, Act.SEE_STAFF)
    member = staff.of_house(actor, member_id)
    if not may_look(actor, member.pk):
        raise NotThere
    return member


def decide(actor: Actor, member_id: UUID, decision: str, now: datetime) -> None:
    """Put on record that this person's rights were looked at.

    By an officer; nobody looks at their own where there is another. NotThere.
    """
    if decision not in RightsReview.Decision.values:
        raise NotThere
    member = require_look(actor, member_id)
    with tenancy.inside(tenant=actor.establishment):
        RightsReview.objects.create(
            establishment_id=member.establishment_id, member=member, reviewer_id=actor.id,
            role=member.role, decision=decision, on=now.date(),
        )  # fmt: skip

"""Where two have to approve: whether a second can here, and the way where nobody can."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from serment import clock
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.disclosure import Actor, containment, passkeys
from serment.identity.models import Role, StaffMember
from serment.identity.rights import OFFICERS
from serment.web.practice import team


@dataclass(frozen=True, slots=True)
class Way:
    """``said``: a sentence, empty where two officers can approve; ``commands``: what the operator
    of the installation types, where nobody in the house can."""

    said: str = ""
    commands: tuple[str, ...] = ()


def way(actor: Actor) -> Way:
    """How the second approval is given in the actor's house."""
    if containment.is_solo(actor):
        if not _works(actor, Role.TRUSTEE):
            return Way(_with_time())
        return Way(_with_trustee() if _trustee_signs(actor) else _with_time_still())
    if _works(actor, *OFFICERS) > 1:
        return Way()
    here = team.establishment_of(actor)
    slug = Establishment.objects.get(pk=here).slug
    return Way(
        _(
            "Personne d’autre que vous ne peut approuver ici, et le temps n’y change rien."
            " L’opérateur de votre installation invite lui-même un second responsable ; ou il"
            " déclare que ce cabinet n’a qu’une personne : alors 72 heures, ou un tiers de"
            " confiance, donnent le second accord. Donnez-lui une de ces lignes :"
        ),
        (f"serment practice manager {slug}", f"serment keeper solo {here}"),
    )


def _with_trustee() -> str:
    return _(
        "Le tiers de confiance de ce cabinet donne le second accord, de l’extérieur : appelez cette"
        " personne, elle est prévenue par un message."
    )


def _with_time() -> str:
    return _(
        "Personne d’autre ne peut approuver ici : votre accord suffit, et prend effet 72 heures"
        " plus tard. Toute l’équipe est prévenue et peut l’arrêter. Un tiers de confiance, si vous"
        " en invitez un, donnera le second accord à la place de cette attente."
    )


def _with_time_still() -> str:
    return _(
        "Le tiers de confiance n’a pas encore de clé qui compte : d’ici là votre accord suffit, et"
        " prend effet 72 heures plus tard. Toute l’équipe est prévenue et peut l’arrêter."
    )


def both(actor: Actor) -> str:
    """Who approves what was just proposed, in the actor's house. Whether it is a practice of one
    is told to its officers alone: anybody else reads both ways."""
    if actor.role not in OFFICERS:
        return _(
            "Deux responsables doivent l’approuver ; où il n’y en a qu’un, un tiers de confiance ou"
            " 72 heures d’attente tiennent lieu du second."
        )
    if containment.is_solo(actor):
        return _(
            "Le responsable l’approuve, puis le tiers de confiance ; sans lui, 72 heures d’attente"
            " en tiennent lieu."
        )
    return _("Deux responsables doivent l’approuver.")


def _trustee_signs(actor: Actor) -> bool:
    """Whether a trustee's signature counts: else the keeper takes time for it (0038)."""
    keys = passkeys.passkeys(actor, house=True)
    return any(one.role == Role.TRUSTEE and one.settled and one.revoked_at is None for one in keys)


def _works(actor: Actor, *roles: Role) -> int:
    """How many of these roles can sign in here now."""
    with tenancy.inside(tenant=actor.establishment):
        there = StaffMember.objects.filter(active=True, account__isnull=False, role__in=roles)
        return there.filter(Q(ends_at=None) | Q(ends_at__gt=clock.now())).count()

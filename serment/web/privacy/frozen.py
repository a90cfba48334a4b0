"""What stands frozen for an establishment, in words; the asking is recorded.

The operator's freezes of an incident or of evidence stop no opening: while they stand, nothing of
what they reach is forgotten. An officer has to know it before promising anybody an erasure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from serment.disclosure import Actor, containment
from serment.identity import staff
from serment.web import wording
from serment.web.privacy.asking import ZONE

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_WHAT: dict[str, _StrPromise] = {
    "session": gettext_lazy("une connexion"),
    "actor": gettext_lazy("les connexions d’une personne"),
    "client": gettext_lazy("un programme"),
    "process": gettext_lazy("un processus"),
    "exports": gettext_lazy("les exports"),
    "subject": gettext_lazy("un dossier"),
    "incident": gettext_lazy("un incident : rien de ce qui le concerne n’est oublié"),
    "evidence": gettext_lazy("des preuves : rien de ce qu’elles concernent n’est oublié"),
}


@dataclass(frozen=True, slots=True)
class Frozen:
    """One freeze as an officer reads it."""

    what: str
    since: str
    until: str
    by: str
    why: str


def standing(actor: Actor, now: datetime) -> list[Frozen]:
    """Freezes that hold now, the latest first. Raises KeeperUnavailable."""
    held = [one for one in containment.freezes(actor) if one.until is None or one.until > now]
    names = staff.display_names(actor, {one.by for one in held if one.by is not None})
    return [told(one, names) for one in held]


def told(one: containment.FreezeOn, names: Mapping[UUID, staff.DisplayName]) -> Frozen:
    """One freeze in words; ``names`` of the colleagues who may have set it."""
    until = _("jusqu’à sa levée")
    if one.until is not None:
        until = _("jusqu’au %(moment)s") % {"moment": wording.moment(one.until, ZONE)}
    return Frozen(
        what=str(_WHAT.get(one.what, one.what)),
        since=_("depuis le %(moment)s") % {"moment": wording.moment(one.at, ZONE)},
        until=until,
        by=_by(one, names),
        why=one.why,
    )


def _by(one: containment.FreezeOn, names: Mapping[UUID, staff.DisplayName]) -> str:
    """Whom to ask about it: a colleague by name and role, the host, or nobody but the keeper."""
    if not one.by_person:
        return _("par le gardien lui-même")
    known = names.get(one.by) if one.by is not None else None
    if known is None:
        return _("par l’hébergeur")
    return _("par %(name)s, %(role)s") % {
        "name": known.name or _("un membre de l’équipe"),
        "role": known.role,
    }

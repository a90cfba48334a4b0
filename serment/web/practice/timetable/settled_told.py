"""What became of many visits at once, in words: one sentence for all, a line for each; and how
their people would be reached, before anything is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from serment.scheduling.reached import By
from serment.scheduling.resettling import Became, Outcome, Round
from serment.web import wording
from serment.web.practice import team

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_DONE: dict[Became, _StrPromise] = {
    Became.MOVED: ngettext_lazy("%(n)d déplacé", "%(n)d déplacés", "n"),
    Became.LINKED: ngettext_lazy("%(n)d lien envoyé", "%(n)d liens envoyés", "n"),
    Became.CANCELLED: ngettext_lazy("%(n)d annulé", "%(n)d annulés", "n"),
    Became.TO_CALL: ngettext_lazy("%(n)d à rappeler", "%(n)d à rappeler", "n"),
    Became.SINCE: ngettext_lazy(
        "%(n)d déjà réglé par un collègue", "%(n)d déjà réglés par un collègue", "n"
    ),
    Became.STAYS: ngettext_lazy("%(n)d reste où il est", "%(n)d restent où ils sont", "n"),
}
_BACK = ngettext_lazy("%(n)d remis à sa place", "%(n)d remis à leur place", "n")
_REACHED: dict[By, _StrPromise] = {
    By.MAIL: ngettext_lazy("%(n)d par courriel", "%(n)d par courriel", "n"),
    By.SMS: ngettext_lazy("%(n)d par SMS", "%(n)d par SMS", "n"),
    By.LETTER: ngettext_lazy("%(n)d par lettre seulement", "%(n)d par lettre seulement", "n"),
    By.PHONE: ngettext_lazy("%(n)d par téléphone seulement", "%(n)d par téléphone seulement", "n"),
    By.NOBODY: ngettext_lazy("%(n)d par aucun moyen connu", "%(n)d par aucun moyen connu", "n"),
    By.CLOSED: ngettext_lazy("%(n)d dossier fermé", "%(n)d dossiers fermés", "n"),
}


def summary(done: Round, *, undone: bool = False) -> str:
    """ "24 déplacés, 4 à rappeler." """
    count = Counter(one.became for one in done.outcomes)
    parts = [str(said % {"n": count[became]}) for became, said in _DONE.items() if count[became]]
    if undone:
        back = len(done.outcomes) - count[Became.STAYS]
        parts = [str(_BACK % {"n": back})] if back else []
        if count[Became.STAYS]:
            parts.append(str(_DONE[Became.STAYS] % {"n": count[Became.STAYS]}))
    return ", ".join(parts) + "." if parts else _("Rien n’a changé.")


def ways(reached: Mapping[UUID, By]) -> list[tuple[str, str]]:
    """How the people of these visits would hear of it: the way, and how many of them."""
    count = Counter(reached.values())
    return [(str(by), str(said % {"n": count[by]})) for by, said in _REACHED.items() if count[by]]


def line(
    one: Outcome, everybody: Sequence[team.Member], *, undone: bool = False
) -> tuple[str, str, bool]:
    """When it was, what became of it, and whether that is well."""
    known = {member.id: member for member in everybody}
    member = known.get(one.was.role_id, everybody[0])
    was = wording.moment(one.was.starts_at, member.zone)
    if one.became is Became.STAYS:
        return was, _("reste où il est : %(why)s") % {"why": one.why}, False
    if undone:
        return was, _("remis à sa place"), True
    if one.became is Became.MOVED and one.to is not None:
        return (
            was,
            _("déplacé : %(when)s, avec %(who)s. La personne est prévenue.") % _at(one, known),
            True,
        )
    if one.became is Became.SINCE:
        if one.to is None:
            return was, _("déjà annulé par un collègue : rien n’a été fait de plus"), True
        told = _at(one, known)
        return was, _("déjà déplacé par un collègue : %(when)s, avec %(who)s") % told, True
    said = {
        Became.CANCELLED: _("annulé, la personne est prévenue"),
        Became.LINKED: _("annulé ; un lien propose à la personne de choisir une autre heure"),
        Became.TO_CALL: _(
            "reste où il est pour l’instant : personne ne peut lui écrire, il faut l’appeler"
        ),
    }
    return was, said[one.became], one.became is not Became.TO_CALL


def _at(one: Outcome, known: Mapping[UUID, team.Member]) -> dict[str, str]:
    if one.to is None or one.to.role_id not in known:
        return {"when": "", "who": ""}
    member = known[one.to.role_id]
    return {"when": wording.moment(one.to.starts_at, member.zone), "who": member.name}

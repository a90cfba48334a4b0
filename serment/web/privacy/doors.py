"""What was refused at the entrance of a house, in counts by hour: who it was is not known here.

From sightings (``identity.turned_away``), which name nobody: a reader of this page learns that
something is tried, and looks for it in the record.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from serment.sightings.models import Kind, Sighting
from serment.web import wording
from serment.web.privacy.asking import ZONE

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

ROWS_MAX: Final = 5_000
_HOUR: Final = timedelta(hours=1)

_WORDS: Final[dict[str, tuple[_StrPromise, _StrPromise]]] = {
    Kind.CROSS_TENANT: (
        gettext_lazy("Dossiers demandés qui ne sont pas d’ici"),
        gettext_lazy(
            "D’un autre établissement, ou effacés depuis : rien n’a été ouvert."
            " Plus de quelques-uns dans la même heure : demandez à l’équipe qui cherchait quoi."
        ),
    ),
    Kind.CLOSED_DOOR: (
        gettext_lazy("Pages demandées sans y avoir droit"),
        gettext_lazy("Le plus souvent un ancien lien, ou un rôle qui a changé."),
    ),
    Kind.WRONG_CODE: (
        gettext_lazy("Codes de connexion faux"),
        gettext_lazy("Après un mot de passe juste. La personne est prévenue par e-mail."),
    ),
    Kind.WRONG_PASSWORD: (
        gettext_lazy("Mots de passe faux au moment de confirmer"),
        gettext_lazy("Sur un poste où quelqu’un était connecté."),
    ),
    Kind.WRONG_PASSKEY: (
        gettext_lazy("Clés d’accès refusées"),
        gettext_lazy("La clé d’un autre compte, ou arrêtée depuis."),
    ),
    Kind.WRONG_UNLOCK: (
        gettext_lazy("Postes verrouillés, mot de passe faux"),
        gettext_lazy("Au sixième en un quart d’heure, la session prend fin."),
    ),
    Kind.FOREIGN_FORM: (
        gettext_lazy("Formulaires refusés"),
        gettext_lazy("Trop anciens, ou envoyés depuis un autre site."),
    ),
    Kind.STRONGER_ASKED: (
        gettext_lazy("Actes arrêtés faute d’une confirmation récente"),
        gettext_lazy("Rien n’a été fait avant que la personne confirme qui elle est."),
    ),
}


@dataclass(frozen=True, slots=True)
class Refused:
    """One kind: how often, and the hour in which it was most."""

    title: _StrPromise
    means: _StrPromise
    times: int
    most: int
    most_when: str


def refused(house: UUID, since: datetime) -> list[Refused]:
    """In the order of the list above; the latest rows, where there are very many."""
    rows = Sighting.objects.filter(
        establishment_id=house, kind__in=_WORDS, seen_in_hour__gt=since - _HOUR
    ).order_by("-seen_in_hour")
    hours: dict[str, Counter[datetime]] = defaultdict(Counter)
    for kind, hour, facts in rows.values_list("kind", "seen_in_hour", "facts")[:ROWS_MAX]:
        hours[kind][hour] += facts.get("times", 1)
    return [_line(kind, hours[kind]) for kind in _WORDS if hours[kind]]


def _line(kind: str, hours: Counter[datetime]) -> Refused:
    title, means = _WORDS[kind]
    [(begins, most)] = hours.most_common(1)
    when = _("%(day)s, de %(first)s à %(last)s") % {
        "day": wording.day(begins.astimezone(ZONE).date()),
        "first": wording.hour(begins, ZONE),
        "last": wording.hour(begins + _HOUR, ZONE),
    }
    return Refused(title, means, hours.total(), most, when)

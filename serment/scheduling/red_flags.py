"""Signs that must not wait for an appointment: asked before booking, answered by a number to call.

A visit reason lists the codes that concern it. One "yes" stops the booking and shows the number;
only a "no" to every question lets it go on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class RedFlag:
    """One question and the emergency number its "yes" leads to (114 by SMS is always shown)."""

    code: str
    question: _StrPromise
    call: str = "15"


_ALL = (
    RedFlag("sudden_sight_loss", _("Avez-vous soudain perdu la vue d’un œil, même en partie ?")),
    RedFlag("chemical_splash", _("Avez-vous reçu un produit chimique dans l’œil ?")),
    RedFlag("eye_injury", _("Avez-vous reçu un coup ou un éclat dans l’œil ?")),
    RedFlag("chest_pain", _("Avez-vous une douleur dans la poitrine en ce moment ?")),
    RedFlag("breathless", _("Avez-vous du mal à respirer au repos ?")),
    RedFlag(
        "stroke_signs",
        _("Avez-vous soudain un bras faible, la bouche de travers, ou du mal à parler ?"),
    ),
    RedFlag("heavy_bleeding", _("Saignez-vous beaucoup sans que cela s’arrête ?")),
    RedFlag("suicidal_thoughts", _("Pensez-vous à mettre fin à vos jours ?"), call="3114"),
    RedFlag("baby_fever", _("S’agit-il d’un bébé de moins de trois mois qui a de la fièvre ?")),
    RedFlag("worst_headache", _("Avez-vous soudain le pire mal de tête de votre vie ?")),
    RedFlag("pregnancy_bleeding", _("Êtes-vous enceinte et saignez-vous ou avez-vous très mal ?")),
)
RED_FLAGS = {flag.code: flag for flag in _ALL}


def asked(codes: Iterable[str]) -> list[RedFlag]:
    """The questions of a visit reason, in its order; a code nobody knows is a broken rule."""
    return [RED_FLAGS[code] for code in codes]


def unanswered(codes: Iterable[str], denied: Collection[str]) -> list[str]:
    """Codes that were not answered by a "no"."""
    return [code for code in codes if code not in denied]

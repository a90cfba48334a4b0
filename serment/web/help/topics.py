"""Which help pages there are, in the order of their index, and whom each is for."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a group of pages is for; slugs are addresses and file names, in each language."""

    name: str
    heading: str | Promise
    icon: str
    slugs: tuple[str, ...]


PATIENTS = Audience(
    "patients",
    _("Patients et proches"),
    "user",
    (
        "prendre-rendez-vous",
        "se-connecter",
        "telephone-perdu",
        "sans-e-mail",
        "proches",
        "etre-joint",
        "qui-a-ouvert",
    ),
)
DESK = Audience(
    "accueil",
    _("À l’accueil"),
    "calendar-days",
    (
        "la-journee",
        "liste-d-attente",
        "verrouiller",
        "patient-sans-e-mail",
        "import",
        "lettres",
        "rappels",
        "en-cas-de-panne",
    ),
)
CARE = Audience(
    "soignants",
    _("Soignants"),
    "stethoscope",
    ("horaires", "agendas", "ouvrir-en-urgence", "identites", "ins"),
)
MANAGERS = Audience(
    "equipe",
    _("Responsables d’équipe"),
    "users",
    ("equipe", "depart", "revue-annuelle"),
)
OFFICERS = Audience(
    "responsables",
    _("Protection des données et sécurité"),
    "shield-check",
    ("deux-personnes", "alertes-et-gels", "effacement", "cabinet-seul"),
)

AUDIENCES = (PATIENTS, DESK, CARE, MANAGERS, OFFICERS)
AT_WORK = (DESK, CARE, MANAGERS, OFFICERS, PATIENTS)
"""The same groups, as somebody who works in a house meets them."""
ANSWERING = (OFFICERS, MANAGERS, DESK, CARE, PATIENTS)
"""The same, for officers and trustees, who see no agenda."""

SLUGS = frozenset(slug for one in AUDIENCES for slug in one.slugs)


def audience_of(slug: str) -> Audience:
    """The group a page stands in. Raises KeyError where no page has that name."""
    for one in AUDIENCES:
        if slug in one.slugs:
            return one
    raise KeyError(slug)

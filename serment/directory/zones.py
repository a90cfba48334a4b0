"""Time zones of France in words: "heure de Paris", "à La Réunion"; nobody reads "Indian/Reunion".

One place, so that pages and messages name an hour alike.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PARIS = ZoneInfo("Europe/Paris")

# (whose hour it is, where that is)
_WORDS = {
    "Europe/Paris": (gettext_lazy("heure de Paris"), gettext_lazy("en métropole")),
    "America/Guadeloupe": (gettext_lazy("heure de Guadeloupe"), gettext_lazy("en Guadeloupe")),
    "America/Martinique": (gettext_lazy("heure de Martinique"), gettext_lazy("en Martinique")),
    "America/Cayenne": (gettext_lazy("heure de Guyane"), gettext_lazy("en Guyane")),
    "Indian/Reunion": (gettext_lazy("heure de La Réunion"), gettext_lazy("à La Réunion")),
    "Indian/Mayotte": (gettext_lazy("heure de Mayotte"), gettext_lazy("à Mayotte")),
    "America/Miquelon": (
        gettext_lazy("heure de Saint-Pierre-et-Miquelon"),
        gettext_lazy("à Saint-Pierre-et-Miquelon"),
    ),
    "America/St_Barthelemy": (
        gettext_lazy("heure de Saint-Barthélemy"),
        gettext_lazy("à Saint-Barthélemy"),
    ),
    "America/Marigot": (gettext_lazy("heure de Saint-Martin"), gettext_lazy("à Saint-Martin")),
    "Indian/Kerguelen": (gettext_lazy("heure des Kerguelen"), gettext_lazy("aux Kerguelen")),
    "Pacific/Wallis": (
        gettext_lazy("heure de Wallis-et-Futuna"),
        gettext_lazy("à Wallis-et-Futuna"),
    ),
    "Pacific/Tahiti": (gettext_lazy("heure de Tahiti"), gettext_lazy("à Tahiti")),
    "Pacific/Marquesas": (gettext_lazy("heure des Marquises"), gettext_lazy("aux Marquises")),
    "Pacific/Gambier": (gettext_lazy("heure des Gambier"), gettext_lazy("aux Gambier")),
    "Pacific/Noumea": (
        gettext_lazy("heure de Nouvelle-Calédonie"),
        gettext_lazy("en Nouvelle-Calédonie"),
    ),
    "Etc/GMT+8": (gettext_lazy("heure de Clipperton"), gettext_lazy("à Clipperton")),
}
KNOWN = frozenset(_WORDS)


def whose_hour(zone: ZoneInfo) -> str:
    """ "heure de La Réunion"; a zone that is none of France's is the practice's own."""
    return str(_WORDS[zone.key][0]) if zone.key in _WORDS else _("heure du cabinet")


def where(zone: ZoneInfo) -> str:
    """ "à La Réunion"."""
    return str(_WORDS[zone.key][1]) if zone.key in _WORDS else _("au cabinet")


def agree(one: ZoneInfo, other: ZoneInfo, at: datetime) -> bool:
    """Whether two clocks show the same at an instant, as Paris and Madrid do."""
    return at.astimezone(one).utcoffset() == at.astimezone(other).utcoffset()

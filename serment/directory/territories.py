"""Departments and overseas collectivities: time zone and holiday calendar of each.

A territory is the INSEE code a commune's own code starts with: two characters in metropolitan
France (``2A`` and ``2B`` in Corsica), three overseas. Django-free.
"""

from __future__ import annotations

from typing import NamedTuple

METROPOLE = "FR"


class Territory(NamedTuple):
    """What a site takes from the place it stands in."""

    timezone: str
    holiday_region: str


_METROPOLITAN = Territory("Europe/Paris", METROPOLE)

# Holiday regions are the subdivision codes of the ``holidays`` library, "FR" where none applies.
# Alsace and Moselle: Code du travail, L3134-13. Overseas: L3422-2 and local law (see holidays.py).
_TERRITORIES = {
    "57": Territory("Europe/Paris", "57"),
    "67": Territory("Europe/Paris", "6AE"),
    "68": Territory("Europe/Paris", "6AE"),
    "971": Territory("America/Guadeloupe", "971"),
    "972": Territory("America/Martinique", "972"),
    "973": Territory("America/Cayenne", "973"),
    "974": Territory("Indian/Reunion", "974"),
    "975": Territory("America/Miquelon", "PM"),
    "976": Territory("Indian/Mayotte", "976"),
    "977": Territory("America/St_Barthelemy", "BL"),
    "978": Territory("America/Marigot", "MF"),
    "984": Territory("Indian/Kerguelen", "TF"),
    "986": Territory("Pacific/Wallis", "WF"),
    "987": Territory("Pacific/Tahiti", "PF"),
    "988": Territory("Pacific/Noumea", "NC"),
    "989": Territory("Etc/GMT+8", METROPOLE),
}
# French Polynesia keeps three times: the Marquesas are 30 minutes and the Gambier an hour ahead.
_POLYNESIAN_ZONES = dict.fromkeys(
    ("98718", "98723", "98731", "98746", "98756", "98757"), "Pacific/Marquesas"
) | {"98719": "Pacific/Gambier"}

HOLIDAY_REGIONS = frozenset({METROPOLE} | {t.holiday_region for t in _TERRITORIES.values()})


def department_of(commune_code: str) -> str:
    """Department or collectivity a commune code lies in."""
    return commune_code[:3] if commune_code.startswith(("97", "98")) else commune_code[:2]


def territory_of(commune_code: str) -> Territory:
    """Time zone and holiday region of a commune, by its INSEE code."""
    territory = _TERRITORIES.get(department_of(commune_code), _METROPOLITAN)
    zone = _POLYNESIAN_ZONES.get(commune_code)
    return territory._replace(timezone=zone) if zone else territory

"""Public holidays of each French territory.

Eleven days are common to all (Code du travail, L3133-1). Alsace and Moselle add Good Friday and
26 December (L3134-13; Good Friday by law only where a Protestant church stands: we take it for the
whole of the three departments, as offices do). Overseas, the day slavery was abolished (L3422-2)
and, in the Pacific, the days of local law. All come from the ``holidays`` library, whose French
subdivisions were compared with these texts in ``tests/directory/test_holidays.py``; it adds days of
custom in Guadeloupe (Mi-Carême, Good Friday) and the day of Victor Schœlcher in the Antilles.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from holidays import country_holidays

from serment.directory.territories import HOLIDAY_REGIONS, METROPOLE

_LANGUAGES = {"en": "en_US", "fr": "fr"}


def is_public_holiday(day: date, region: str, language: str = "fr") -> str | None:
    """Name of the public holiday that falls on a day in a territory, or None.

    ``region`` is a site's ``holiday_region``; an unknown one raises ValueError, for a calendar
    that silently lacks holidays would offer visits behind a closed door.
    """
    return in_year(day.year, region, language).get(day)


def between(first: date, last: date, region: str, language: str = "fr") -> dict[date, str]:
    """All public holidays from the first day to the last, both included."""
    return {
        day: name
        for year in range(first.year, last.year + 1)
        for day, name in in_year(year, region, language).items()
        if first <= day <= last
    }


@lru_cache(maxsize=512)
def in_year(year: int, region: str, language: str = "fr") -> Mapping[date, str]:
    """All public holidays of a year in a territory, in order."""
    if region not in HOLIDAY_REGIONS:
        raise ValueError(f"No holiday calendar for region {region!r}.")
    calendar = country_holidays(
        "FR",
        years=year,
        subdiv=None if region == METROPOLE else region,
        language=_LANGUAGES.get(language[:2], "fr"),
    )
    return dict(sorted(calendar.items()))

"""How days and hours are written, in French and English, wherever a sentence tells one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import get_language

FIXED = "\u00a0"


def english() -> bool:
    """Whether the reader's language is English."""
    return (get_language() or "fr").startswith("en")


def hour(instant: datetime, zone: ZoneInfo) -> str:
    """ "8 h 40" in French, "8:40 am" in English, by the site's clock."""
    local = instant.astimezone(zone)
    if english():
        half = "am" if local.hour < 12 else "pm"
        return f"{(local.hour - 1) % 12 + 1}:{local.minute:02d}{FIXED}{half}"
    return f"{local.hour}{FIXED}h{FIXED}{local.minute:02d}"


def clock(at: time) -> str:
    """A time of day by the wall clock, wherever that is."""
    return hour(datetime.combine(date(2000, 1, 3), at, UTC), ZoneInfo("UTC"))


def day(on: date, *, year: bool = False) -> str:
    """ "mardi 3 mars", "Tuesday 3 March"; the first of a month is "1er" in French."""
    number = "1er" if on.day == 1 and not english() else str(on.day)
    written = f"{WEEKDAYS[on.weekday()]} {number}{FIXED}{MONTHS[on.month]}"
    return f"{written} {on.year}" if year else written

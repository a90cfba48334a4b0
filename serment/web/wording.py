"""How times, days, distances, phones and fees are written, in French and English."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS, MONTHS_AP, WEEKDAYS_ABBR
from django.utils.translation import gettext

from serment.directory.spoken import FIXED, day, english, hour
from serment.identity import phones

__all__ = ["FIXED", "day", "english", "hour"]
"""Written one package further down, where the sentences of rules need them too."""

NARROW = "\u202f"


def short_day(on: date) -> tuple[str, str]:
    """A column's head: ("lun.", "23 nov.")."""
    weekday = str(WEEKDAYS_ABBR[on.weekday()]).lower()
    if not english():
        weekday = f"{weekday.rstrip('.')[:3]}."
    month = str(MONTHS_AP[on.month]).lower() if not english() else str(MONTHS_AP[on.month])
    return weekday if not english() else weekday.capitalize(), f"{on.day}{FIXED}{month}"


def moment(instant: datetime, zone: ZoneInfo, today: date | None = None) -> str:
    """ "demain à 8 h 40", "mardi 3 mars à 14 h 20"."""
    on = instant.astimezone(zone).date()
    if today is not None and on == today:
        name = gettext("aujourd’hui")
    elif today is not None and on == today + timedelta(days=1):
        name = gettext("demain")
    else:
        name = day(on, year=today is not None and abs((on - today).days) > 300)
    return gettext("%(day)s à %(time)s") % {"day": name, "time": hour(instant, zone)}


def distance(kilometres: float | None) -> str:
    """ "800 m", "6 km"; nothing where distance says nothing."""
    if kilometres is None:
        return ""
    if kilometres < 0.95:
        return f"{max(100, round(kilometres * 10) * 100)}{FIXED}m"
    return f"{kilometres:.0f}{FIXED}km"


def phone(number: str) -> str:
    """Numbers of France and overseas in pairs, as they are dialled there; others as they are."""
    shown = phones.display(number)
    if shown.isdigit() and len(shown) == 10:
        shown = " ".join(shown[at : at + 2] for at in range(0, 10, 2))
    return shown.replace(" ", FIXED)


def money(cents: int) -> str:
    """ "30 €", "27,50 €" / "€27.50"."""
    whole, rest = divmod(cents, 100)
    if english():
        return f"€{whole}.{rest:02d}" if rest else f"€{whole}"
    return f"{whole},{rest:02d}{FIXED}€" if rest else f"{whole}{FIXED}€"


def initials(given_name: str, family_name: str) -> str:
    """Two letters for a round badge."""
    return f"{given_name[:1]}{family_name[:1]}".upper()


def birth_date(kept: str) -> str:
    """A kept ISO date as "12 mars 1961"; anything else as it was written."""
    try:
        on = date.fromisoformat(kept)
    except ValueError:
        return kept
    number = "1er" if on.day == 1 and not english() else str(on.day)
    return f"{number}{FIXED}{MONTHS[on.month]} {on.year}"


def age(kept: str, today: date) -> str:
    """ "65 ans" from a kept ISO date; "8 mois" below two years; empty if unknown."""
    try:
        born = date.fromisoformat(kept)
    except ValueError:
        return ""
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if years >= 2:
        return gettext("%(years)d ans") % {"years": years}
    months = max(0, (today.year - born.year) * 12 + today.month - born.month)
    return gettext("%(months)d mois") % {"months": months}


FIELD_ORDER = (
    "family_name", "given_name", "name", "birth_name", "birth_date", "sex", "phone", "email",
    "address", "details", "cancellation", "course", "answered", "answers",
)  # fmt: skip

_SMALL_WORDS = frozenset({"de", "du", "des", "la", "le", "en", "à", "et", "pour", "d’", "l’"})


def plural(noun: str) -> str:
    """A practitioner's noun for several: "sages-femmes", "midwives", "médecins du sport"."""
    if english():
        noun = noun.split(" (", maxsplit=1)[0]
        if noun.endswith("wife"):
            return f"{noun[:-4]}wives"
        return noun if noun.endswith("s") else f"{noun}s"
    words = noun.split(" ")
    for at, word in enumerate(words):
        if word.lower() in _SMALL_WORDS:
            break
        words[at] = "-".join(_one_plural(part) for part in word.split("-"))
    return " ".join(words)


def _one_plural(word: str) -> str:
    if word.lower() in {"oto", "rhino", "psycho", "neuro"} or word.isupper():
        return word
    return word if word[-1:] in {"s", "x", "z"} else f"{word}s"

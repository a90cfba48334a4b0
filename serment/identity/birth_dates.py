"""Birth dates as people write them → a date. Pure; today is an argument."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from django.utils.translation import gettext as _

from serment.errors import Unusable

AGE_YEARS_MAX = 130

_MONTHS = {
    "janvier": 1, "janv": 1, "january": 1, "jan": 1,
    "fevrier": 2, "fevr": 2, "fev": 2, "february": 2, "feb": 2,
    "mars": 3, "march": 3, "mar": 3,
    "avril": 4, "avr": 4, "april": 4, "apr": 4,
    "mai": 5, "may": 5,
    "juin": 6, "june": 6, "jun": 6,
    "juillet": 7, "juil": 7, "july": 7, "jul": 7,
    "aout": 8, "august": 8, "aug": 8,
    "septembre": 9, "sept": 9, "september": 9, "sep": 9,
    "octobre": 10, "oct": 10, "october": 10,
    "novembre": 11, "nov": 11, "november": 11,
    "decembre": 12, "dec": 12, "december": 12,
}  # fmt: skip
_YEAR, _DAY = r"(?P<year>\d{2,4})", r"(?P<day>\d{1,2})"
_ORDINAL = r"(?:er|st|nd|rd|th)?"
_ISO = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})")
_NUMBERS = re.compile(rf"{_DAY}[-/.\s]+(?P<month>\d{{1,2}})[-/.\s]+{_YEAR}")
_RUN = re.compile(r"(?P<day>\d{2})(?P<month>\d{2})(?P<year>\d{4})")
_WORDS = re.compile(rf"{_DAY}{_ORDINAL}\s+(?P<word>[a-z]+)\.?,?\s+{_YEAR}")
_ENGLISH = re.compile(rf"(?P<word>[a-z]+)\s+{_DAY}{_ORDINAL},?\s+{_YEAR}")


class BirthDateUnusable(Unusable):
    """Cette date de naissance est inutilisable."""


def parse(text: str, today: date) -> date:
    """The date meant, day before month. Raises ``BirthDateUnusable`` with the reason."""
    folded = _fold(text)
    for form in (_ISO, _NUMBERS, _RUN, _WORDS, _ENGLISH):
        match = form.fullmatch(folded)
        if match:
            return _checked(match.groupdict(), today)
    raise BirthDateUnusable(_("Écrivez la date de naissance ainsi : 12/03/1961 ou 12 mars 1961."))


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.strip().lower())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub(r"\s+", " ", plain)


def _checked(parts: dict[str, str], today: date) -> date:
    if len(parts["year"]) != 4:
        raise BirthDateUnusable(_("Écrivez l’année en quatre chiffres, par exemple 1961."))
    month = _MONTHS.get(parts["word"], 0) if "word" in parts else int(parts["month"])
    try:
        born = date(int(parts["year"]), month, int(parts["day"]))
    except ValueError as error:
        raise BirthDateUnusable(_("Cette date n’existe pas dans le calendrier.")) from error
    if born > today:
        raise BirthDateUnusable(_("La date de naissance est dans le futur."))
    if today.year - born.year > AGE_YEARS_MAX:
        raise BirthDateUnusable(
            _("Cette date remonte à plus de %(years)s ans : vérifiez l’année.")
            % {"years": AGE_YEARS_MAX}
        )
    return born

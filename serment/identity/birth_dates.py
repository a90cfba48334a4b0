"""Birth dates as people write them → a date. Pure; today is an argument."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from django.utils.translation import gettext as _

from serment.errors import Unusable

AGE_YEARS_MAX = 130
AGE_YEARS_USUAL = 110
"""Of two digits, the century of somebody older than this is not considered."""

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


class BirthDateAmbiguous(BirthDateUnusable):
    """L’année peut s’entendre dans deux siècles : écrivez-la en quatre chiffres."""


def parse(text: str, today: date) -> date:
    """The date meant, day before month. Raises ``BirthDateUnusable`` with the reason.

    A year of two digits is taken where one century only is possible: nobody is born in the future,
    hardly anybody is older than ``AGE_YEARS_USUAL``. Raises ``BirthDateAmbiguous`` otherwise.
    """
    found = readings(text, today)
    if len(found) > 1:
        older, younger = found[0].year, found[-1].year
        raise BirthDateAmbiguous(
            _("%(older)s ou %(younger)s ? Écrivez l’année en quatre chiffres.")
            % {"older": older, "younger": younger}
        )
    return found[0]


def readings(text: str, today: date) -> list[date]:
    """Every date that may be meant, the oldest first; two where the century is open.

    Raises ``BirthDateUnusable`` with the reason where there is none.
    """
    folded = _fold(text)
    for form in (_ISO, _NUMBERS, _RUN, _WORDS, _ENGLISH):
        match = form.fullmatch(folded)
        if match:
            return _in_each_century(match.groupdict(), today)
    raise BirthDateUnusable(_("Écrivez la date de naissance ainsi : 12/03/1961 ou 12 mars 1961."))


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.strip().lower())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub(r"\s+", " ", plain)


def _in_each_century(parts: dict[str, str], today: date) -> list[date]:
    year = parts["year"]
    if len(year) == 4:
        return [_checked(int(year), parts, today)]
    if len(year) != 2:
        raise BirthDateUnusable(_("Écrivez l’année en quatre chiffres, par exemple 1961."))
    found: list[date] = []
    fault: BirthDateUnusable | None = None
    for century in (today.year // 100 * 100 - 100, today.year // 100 * 100):
        if today.year - century - int(year) > AGE_YEARS_USUAL:
            continue
        try:
            found.append(_checked(century + int(year), parts, today))
        except BirthDateUnusable as error:
            fault = fault or error
    if fault is not None and not found:
        raise fault
    return found


def _checked(year: int, parts: dict[str, str], today: date) -> date:
    month = _MONTHS.get(parts["word"], 0) if "word" in parts else int(parts["month"])
    try:
        born = date(year, month, int(parts["day"]))
    except ValueError as error:
        raise BirthDateUnusable(_("Cette date n’existe pas dans le calendrier.")) from error
    if born > today:
        raise BirthDateUnusable(_("La date de naissance est dans le futur."))
    if today.year - born.year > AGE_YEARS_MAX:
        raise BirthDateUnusable(
            _("Cette date remonte à plus de %(years)s ans : vérifiez l’année.")
            % {"years": AGE_YEARS_MAX}
        )
    return born

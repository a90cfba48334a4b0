"""Cells of a patient list → values: dates, sexes, names, telephones as typed. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from serment.interchange.patient_columns import folded

AGE_YEARS_MAX = 130
_NO_WORDS = "0;neant;nc;n c;nr;null;none;inconnu;non renseigne;aucun;aucune;na;n a"
_NOTHING = frozenset(["", *_NO_WORDS.split(";")])
SEXES = {
    "female": "f;fem;feminin;femme;mme;madame;mlle;mademoiselle;2;female;fille;mrs;ms",
    "male": "m;h;masc;masculin;homme;mr;monsieur;1;male;garcon;m mr",
    "other": "x;autre;other;non binaire",
    "unknown": "i;u;3;9;ind;indetermine;unknown",
}
_SEX_OF = {word: sex for sex, words in SEXES.items() for word in words.split(";")}
_MONTHS = ("janv", "fev", "mars", "avr", "mai", "juin", "juil", "aout", "sept", "oct", "nov", "dec")
_EXCEL_EPOCH = date(1899, 12, 30)

_TIME = re.compile(r"[T\s]+\d{1,2}[:h]\d{2}(?::\d{2})?(?:\.\d+)?Z?$")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_FRENCH = re.compile(r"(\d{1,2})\s*[-/.\s]\s*(\d{1,2})\s*[-/.\s]\s*(\d{4}|\d{2})")
_WORDS = re.compile(r"(\d{1,2})(?:er)?[\s-]+([a-z]+)[\s-]+(\d{4}|\d{2})")
_PHONE = re.compile(r"(?:\+|00)?\d(?:[\s.\-–/()]?\d){7,14}")


class CellUnusable(Exception):  # noqa: N818 -- a finding about a cell, told by ``fault``
    """The cell cannot be used; ``fault`` says why and repeats nothing of it."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def is_nothing(field: str, text: str) -> bool:
    """Blank, or one of the words people write for it; a name may be any word (Na, Null)."""
    if "name" in field:
        return not any(char.isalnum() for char in text)
    return folded(text) in _NOTHING


def birth_date(text: str, today: date) -> date:
    """A birth date, day before month; of two digits the latest year that is not to come.

    Raises ``CellUnusable``. Five digits are a day as Excel counts them; 00/00/1950, as civil
    registers write an unknown day, is refused: somebody has to ask.
    """
    written = _TIME.sub("", text.strip())
    plain = folded(written)
    if match := _ISO.fullmatch(written):
        year, month, day = map(int, match.groups())
    elif match := _FRENCH.fullmatch(written):
        day, month = int(match[1]), int(match[2])
        year = _year(match[3], month, day, today)
    elif match := _WORDS.fullmatch(plain):
        day, month = int(match[1]), _month(match[2])
        year = _year(match[3], month, day, today)
    elif re.fullmatch(r"\d{8}", written):
        year, month, day = _eight(written)
    elif re.fullmatch(r"\d{5}", written):
        born = _EXCEL_EPOCH + timedelta(days=int(written))
        year, month, day = born.year, born.month, born.day
    else:
        raise CellUnusable("date_unknown_form")
    return _checked(year, month, day, today)


def _month(word: str) -> int:
    for number, start in enumerate(_MONTHS, 1):
        if word.startswith(start) or (len(word) >= 3 and start.startswith(word)):
            return number
    raise CellUnusable("date_unknown_form")


def _eight(digits: str) -> tuple[int, int, int]:
    if digits[:2] in ("18", "19", "20") and 1 <= int(digits[4:6]) <= 12:
        return int(digits[:4]), int(digits[4:6]), int(digits[6:])
    return int(digits[4:]), int(digits[2:4]), int(digits[:2])


def _year(digits: str, month: int, day: int, today: date) -> int:
    if len(digits) == 4:
        return int(digits)
    this_century = today.year // 100 * 100 + int(digits)
    to_come = (this_century, month, day) > (today.year, today.month, today.day)
    return this_century - 100 if to_come else this_century


def _checked(year: int, month: int, day: int, today: date) -> date:
    if 0 in (month, day):
        raise CellUnusable("date_without_day")
    try:
        born = date(year, month, day)
    except ValueError as impossible:
        raise CellUnusable("date_not_in_calendar") from impossible
    if born > today:
        raise CellUnusable("date_to_come")
    if today.year - year > AGE_YEARS_MAX:
        raise CellUnusable("date_too_old")
    return born


def sex(text: str) -> str:
    """female, male, other or unknown. Raises ``CellUnusable``."""
    found = _SEX_OF.get(folded(text))
    if found is None:
        raise CellUnusable("sex_unknown")
    return found


def phone(text: str) -> str:
    """The first number in the cell, its lost zero put back. Raises ``CellUnusable``."""
    if re.search(r"\d[.,]\d+E\+?\d", text, re.IGNORECASE):
        raise CellUnusable("phone_rounded")
    match = _PHONE.search(text)
    if match is None:
        raise CellUnusable("phone_unusable")
    digits = re.sub(r"[^\d+]", "", match[0].replace("(0)", ""))
    if len(digits) == 9 and digits[0] in "12345679":
        return f"0{digits}"
    if len(digits) == 11 and digits.startswith("33"):
        return f"+{digits}"
    return digits


def names(cells: Mapping[str, str]) -> tuple[str, str, str]:
    """Family name in use, name at birth (where it differs), given name.

    NOM beside NOM D'USAGE is the name at birth; beside NOM DE NAISSANCE it is the one in use.
    """
    name, used, born = (cells.get(key, "") for key in ("name", "used_name", "birth_name"))
    given = cells.get("given_name", "")
    if not (name or used or born) and cells.get("full_name"):
        name, given = _parted(cells["full_name"], given)
    family = used or name or born
    at_birth = born or (name if used else "")
    return family, "" if folded(at_birth) == folded(family) else at_birth, given


def _parted(text: str, given: str) -> tuple[str, str]:
    """DUPONT Marie → its parts: capitals are the family's name, else the first word is."""
    words = text.replace(",", " ").split()
    capital = [word for word in words if word == word.upper() and len(word) > 1]
    if not capital or len(capital) == len(words):
        capital = words[:1]
    rest = [word for word in words if word not in capital]
    return " ".join(capital), given or " ".join(rest)


def address(cells: Mapping[str, str]) -> str:
    """One line: street, more of it, postcode and town."""
    town = " ".join(part for part in (cells.get("postcode"), cells.get("city")) if part)
    street = (cells.get("address", ""), cells.get("address_more", ""), town)
    return ", ".join(" ".join(part.split()) for part in street if part)

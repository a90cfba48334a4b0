"""What was typed into the finder: as it is kept, and why each person found matches. Pure.

The keeper's index knows telephones and birth dates in the one form they are kept in; people say
"0692…" for +262 692…, and "3/1/38".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from serment.errors import Unusable
from serment.identity import birth_dates, phones

_SHORT_DATE = re.compile(r"(?<![\d./-])\d{1,2}([./-])\d{1,2}\1\d{2}(?![\d./-])")
_DATE = re.compile(r"(?<!\d)(?:\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}-\d{2}-\d{2})(?!\d)")
_RUN = re.compile(r"\d{8}")
_NUMBER = re.compile(r"0\d{3,9}")
_NATIONAL_DIGITS = 10
_PIECES = re.compile(r"[a-z0-9]+")


class By(StrEnum):
    """What else than the name shown made somebody a hit."""

    BIRTH_NAME = "birth_name"
    PHONE = "phone"
    BIRTH_DATE = "birth_date"
    EMAIL = "email"


def readings(text: str, today: date) -> list[str]:
    """What to look for, in order; the next only where the one before finds nobody.

    A short date that may be of two centuries is two readings that are both looked for: both are
    returned without the text as typed, which could find a telephone by chance.
    """
    short = _SHORT_DATE.search(text)
    if short is not None:
        try:
            dates = birth_dates.readings(short.group(), today)
        except Unusable:
            dates = []
        if dates:
            before, after = text[: short.start()], text[short.end() :]
            return [f"{before}{one.isoformat()}{after}" for one in dates]
    run = "".join(text.split())
    if _RUN.fullmatch(run):
        try:
            return [birth_dates.parse(run, today).isoformat(), text]
        except Unusable:
            return [text]
    overseas = _overseas(text)
    return [text, overseas] if overseas else [text]


def _overseas(text: str) -> str:
    """Digits dialled with a 0 that are kept under a country code of their own, or nothing."""
    digits = re.sub(r"[\s.\-/()\u00a0\u202f]", "", text)
    digits = re.sub(r"^(?:\+|00)33", "0", digits)
    if not _NUMBER.fullmatch(digits):
        return ""
    try:
        kept = phones.normalise(digits.ljust(_NATIONAL_DIGITS, "0"))
    except Unusable:
        return ""
    if kept.startswith("+33"):
        return ""
    return kept[: len(kept) - (_NATIONAL_DIGITS - len(digits))]


def why(text: str, shown_names: Sequence[str]) -> set[By]:
    """What made somebody a hit, apart from the names the list shows.

    A word that begins none of them can only be the birth name's: the index holds nothing else.
    """
    found: set[By] = set()
    if _RUN.fullmatch("".join(text.split())):
        return {By.BIRTH_DATE}
    if _SHORT_DATE.search(text) or _DATE.search(text):
        found.add(By.BIRTH_DATE)
        text = _DATE.sub(" ", _SHORT_DATE.sub(" ", text))
    known = [piece for name in shown_names for piece in _pieces(name)]
    for word in text.split():
        if "@" in word:
            found.add(By.EMAIL)
    without_mail = " ".join(word for word in text.split() if "@" not in word)
    if re.search(r"\d", without_mail):
        found.add(By.PHONE)
    for piece in _PIECES.findall(_plain(re.sub(r"[\d+]+", " ", without_mail))):
        if not any(one.startswith(piece) for one in known):
            found.add(By.BIRTH_NAME)
    return found


def _pieces(name: str) -> list[str]:
    """A name's parts, and all of it written together."""
    parts = _PIECES.findall(_plain(name))
    return [*parts, *("".join(parts[at:]) for at in range(len(parts)))]


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))

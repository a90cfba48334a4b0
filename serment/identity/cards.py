"""The number on a card: what somebody without an e-mail address signs in with.

Ten digits, the last a check on the others, so that a slip is told from a wrong number. It is a name
and no proof: password and printed codes come after it. Behind the border it is an alias like any
address's (``addresses``): in a dump nobody tells one from the other.
"""

from __future__ import annotations

import secrets
from typing import Final

from serment.disclosure import gate

DIGITS: Final = 10
_NOISE: Final = str.maketrans("", "", " .-\u00a0\u202f\u2009")
_GROUPS: Final = (3, 3, 4)


def drawn() -> str:
    """A new number; of a thousand million, so two are hardly ever alike (a row's key says no)."""
    digits = "".join(secrets.choice("0123456789") for _ in range(DIGITS - 1))
    return digits + _check(digits)


def read(typed: str) -> str:
    """The number that was typed, blanks or not; empty where it is none."""
    digits = typed.translate(_NOISE)
    whole = len(digits) == DIGITS and digits.isascii() and digits.isdigit()
    return digits if whole and digits[-1] == _check(digits[:-1]) else ""


def spoken(number: str) -> str:
    """In groups, as one reads it aloud: ``123 456 7890``."""
    at, groups = 0, []
    for length in _GROUPS:
        groups.append(number[at : at + length])
        at += length
    return " ".join(groups)


def alias_of(number: str) -> str:
    """What the sign-in library knows of it. With a blank: never an address's."""
    return gate.alias(f"card {number}")


def _check(digits: str) -> str:
    """Luhn's digit (ISO/IEC 7812-1, annex B): finds one wrong digit and most exchanged ones."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)

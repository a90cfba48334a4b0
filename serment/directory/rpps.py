"""RPPS: the national number of a health professional, ten digits and a Luhn check digit.

Source: ANS, modèle des objets de santé (identifiant RPPS, 11 digits, "clé de Luhn");
Luhn formula: ISO/IEC 7812-1, annex B.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from serment.errors import Unusable

LENGTH = 11
SENTENCE = _("Ce numéro RPPS n’existe pas : il a onze chiffres, le dernier vérifie les autres.")


class RppsWrong(Unusable):
    """This RPPS number does not exist: it has eleven digits, the last checking the others."""


def check_digit(first_ten: str) -> str:
    """The eleventh digit that makes the number pass Luhn's check."""
    return str(-_luhn_sum(first_ten + "0") % 10)


def is_valid(number: str) -> bool:
    """Eleven ASCII digits whose Luhn sum is a multiple of ten, and not all zero."""
    return (
        len(number) == LENGTH
        and number.isascii()
        and number.isdigit()
        and number != "0" * LENGTH
        and _luhn_sum(number) % 10 == 0
    )


def checked(number: str) -> str:
    """The number without the spaces people type; raises RppsWrong when it cannot exist."""
    compact = "".join(number.split())
    if not is_valid(compact):
        raise RppsWrong(str(SENTENCE))
    return compact


def _luhn_sum(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total

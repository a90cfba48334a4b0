"""Telephone numbers as people in France write them, metropolitan and overseas, to E.164 and back.

Pure. Overseas numbers carry their own country code although they are dialled with a 0 like the
others (Arcep's national numbering plan): 0692… is +262 692…, never +33 692….
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from serment.errors import Unusable

# First digits after the 0 → country code.
_OVERSEAS = {
    "590": "590", "690": "590", "691": "590",
    "594": "594", "694": "594",
    "596": "596", "696": "596", "697": "596",
    "262": "262", "263": "262", "269": "262", "639": "262", "692": "262", "693": "262",
    "508": "508",
}  # fmt: skip
_OVERSEAS_MOBILE = ("69", "639")
"""First digits of a mobile behind an overseas code (national numbering plan)."""
_OF_FICTION = "063998"
"""Arcep keeps 06 39 98 for films and examples: not Mayotte's, though 0639 is."""
_OVERSEAS_LENGTH = {"590": 9, "594": 9, "596": 9, "262": 9, "508": 6}
_COUNTRIES = ("33", *_OVERSEAS_LENGTH)
_NO_COUNTRY = (
    "800", "808", "870", "871", "872", "873", "874", "878", "881", "882", "883", "888", "979",
)  # fmt: skip
"""Codes of ITU-T E.164 that are no country's: satellites, networks of their own, premium rates."""
_NOISE = re.compile(r"[\s.\-–/()\u00a0\u202f\u2009]")


class PhoneUnusable(Unusable):
    """Ce numéro de téléphone est inutilisable."""


def normalise(text: str) -> str:
    """A number as typed → E.164 (``+33612345678``). Raises ``PhoneUnusable`` with the reason."""
    written = text.strip().replace("(0)", "")
    digits = _NOISE.sub("", written)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if not re.fullmatch(r"\+?[0-9]+", digits):
        raise PhoneUnusable(
            _("Un numéro de téléphone ne contient que des chiffres, par exemple 06 12 34 56 78.")
        )
    if digits.startswith("+"):
        return _international(digits[1:])
    return _national(digits)


def _national(digits: str) -> str:
    if len(digits) != 10 or not digits.startswith("0") or digits[1] == "0":
        raise PhoneUnusable(
            _("Un numéro en France a dix chiffres et commence par 0, par exemple 06 12 34 56 78.")
        )
    country = None if digits.startswith(_OF_FICTION) else _OVERSEAS.get(digits[1:4])
    if country == "508":
        return f"+508{digits[4:]}"
    return f"+{country or '33'}{digits[1:]}"


def _international(digits: str) -> str:
    for country in _COUNTRIES:
        if digits.startswith(country):
            rest = digits.removeprefix(country)
            if len(rest) == 10 and rest.startswith("0"):
                rest = rest[1:]
            if len(rest) != _OVERSEAS_LENGTH.get(country, 9) or rest.startswith("0"):
                raise PhoneUnusable(
                    _("Ce numéro n’a pas le bon nombre de chiffres après +%(country)s.")
                    % {"country": country}
                )
            # +33 692… is often typed for a number that is really +262 692….
            return _national("0" + rest) if country == "33" else f"+{country}{rest}"
    if not 8 <= len(digits) <= 15 or digits.startswith("0"):
        raise PhoneUnusable(
            _("Un numéro étranger commence par + et l’indicatif du pays, par exemple +32.")
        )
    return f"+{digits}"


def is_mobile(number: str) -> bool:
    """Whether an E.164 number takes texts: mobiles of France, and whatever is from another country.

    What belongs to no country costs whoever sends there ten times as much, and somebody may be paid
    for it: nobody makes a house do that by writing such a number down.
    """
    for country in _COUNTRIES:
        if number.startswith(f"+{country}"):
            rest = number.removeprefix(f"+{country}")
            return rest[0] in "67" if country == "33" else rest.startswith(_OVERSEAS_MOBILE)
    return number.startswith("+") and not number[1:].startswith(_NO_COUNTRY)


def display(number: str) -> str:
    """E.164 → as it is read aloud in France (``06 12 34 56 78``); foreign numbers stay as is."""
    for country in _COUNTRIES:
        prefix = f"+{country}"
        if number.startswith(prefix):
            rest = number.removeprefix(prefix)
            national = f"0508{rest}" if country == "508" else f"0{rest}"
            if len(national) == 10:
                return " ".join(national[i : i + 2] for i in range(0, 10, 2))
    return number

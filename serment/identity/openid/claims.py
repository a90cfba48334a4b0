"""What a provider says of a person, as Serment keeps it. Pure.

A patient: the pivot identity (family name at birth, given names, birth date, sex, place and country
of birth by INSEE code). A professional: the RPPS number. An e-mail address is a suggestion for a
form, and never says who somebody is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from serment.directory import rpps
from serment.errors import Unusable
from serment.identity import birth_dates, names

_GENDERS: Final = {"female": "female", "male": "male", "unspecified": "unknown"}
_PLACE = re.compile(r"(\d{5}|2[AB]\d{3})\Z")
_LETTERS_MAX = 320
_RPPS_PREFIX = "8"
_PROFESSION = re.compile(r"(\d{2,3})\^(1\.2\.250\.[0-9.]{1,60})\Z")


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of who signed in; an empty text is what was not said, or not usable."""

    family_name: str = field(default="", repr=False)
    given_name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    gender: str = field(default="", repr=False)
    birth_place: str = field(default="", repr=False)
    birth_country: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    rpps: str = ""
    professions: tuple[str, ...] = ()


def patient(claims: dict[str, Any], today: date) -> Person:
    """The pivot identity."""
    return Person(
        family_name=_name(claims.get("family_name")),
        given_name=_name(_first_given(claims)),
        birth_date=_birth_date(claims.get("birthdate"), today),
        gender=_GENDERS.get(_text(claims.get("gender")), ""),
        birth_place=_code(claims.get("birthplace")),
        birth_country=_code(claims.get("birthcountry")),
        email=_text(claims.get("email")),
    )


def professional(claims: dict[str, Any]) -> Person:
    """The number of a professional; none where the identifier is no RPPS (other registers, tests).

    ``SubjectNameID`` is the type of the register, 8 for RPPS, then the number.
    """
    identifier = _text(claims.get("SubjectNameID"))
    number = identifier.removeprefix(_RPPS_PREFIX) if len(identifier) == 12 else ""
    roles = claims.get("SubjectRole")
    found = [_PROFESSION.match(_text(role)) for role in roles] if isinstance(roles, list) else []
    return Person(
        family_name=_name(claims.get("family_name")),
        given_name=_name(claims.get("given_name")),
        rpps=number if rpps.is_valid(number) and identifier.startswith(_RPPS_PREFIX) else "",
        professions=tuple(one.group(1) for one in found if one),
    )


def _text(value: object) -> str:
    return value.strip()[:_LETTERS_MAX] if isinstance(value, str) else ""


def _first_given(claims: dict[str, Any]) -> object:
    """The first given name: of the list where there is one, else the text as it stands."""
    several = claims.get("given_name_array")
    if isinstance(several, list) and several:
        return several[0]
    return claims.get("given_name")


def _name(value: object) -> str:
    try:
        return names.normalise(_text(value))
    except Unusable:
        return ""


def _birth_date(value: object, today: date) -> str:
    """ISO 8601; of who was born on a day nobody knows (month or day 00) nothing."""
    try:
        return birth_dates.parse(_text(value), today).isoformat()
    except Unusable:
        return ""


def _code(value: object) -> str:
    text = _text(value).upper()
    return text if _PLACE.match(text) else ""

"""Patients of the demo: names, birth dates, addresses, ways to reach them. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from serment.directory import places
from serment.directory.words import slug
from serment.drills.demo import names
from serment.drills.demo.dice import Dice, weighted

# Ranges that Arcep keeps for works of fiction (plan national de numérotation, décision 2018-0881,
# 2.5.12): nobody is ever called by them.
LANDLINES = ("019900", "026191", "035301", "046571", "053649")
MOBILE = "063998"

EVERYWHERE: Mapping[str, float] = {
    "france": 62, "maghreb": 8, "portugal": 5, "italie": 4, "espagne": 4, "afrique": 4,
    "bretagne": 2, "nord": 2, "sud": 3, "alsace": 2, "savoie": 1, "turquie": 2, "vietnam": 1,
    "armenie": 1, "pologne": 2, "asie": 1, "est": 2, "antilles": 1, "reunion": 1,
}  # fmt: skip
"""Origins of family names anywhere in France; a place adds its own on top."""

# Shares by age in years; a practice sees more of the old than the street does.
_AGES = {
    (0, 5): 7,
    (6, 17): 12,
    (18, 34): 17,
    (35, 49): 18,
    (50, 64): 20,
    (65, 79): 18,
    (80, 97): 8,
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as a practice writes them down; ``sex`` is female or male, phones national."""

    sex: str
    given_name: str
    family_name: str
    birth_name: str
    birth_date: date
    phone: str
    email: str
    address: str
    source_reference: str = ""

    def age(self, today: date) -> int:
        """Completed years."""
        before = (today.month, today.day) < (self.birth_date.month, self.birth_date.day)
        return today.year - self.birth_date.year - before


def fictional_phone(rolled: Dice, start: str) -> str:
    """A national number of ten digits in one of the fiction ranges."""
    return f"{start}{rolled.randrange(10_000):04}"


def draw(
    rolled: Dice, number: int, origins: Mapping[str, float], near: Sequence[places.CommuneRow],
    today: date,
) -> Person:  # fmt: skip
    """One person living in one of ``near``; ``number`` keeps e-mail addresses apart."""
    low, high = weighted(rolled, _AGES)
    born = today - timedelta(days=rolled.randrange(low * 365 + 30, high * 365 + 366))
    origin = weighted(rolled, origins)
    sex = rolled.choice(("female", "male"))
    given = names.given_name(rolled, sex[0], born.year, origin)
    family = names.family_name(rolled, origin)
    age = today.year - born.year
    birth_name = ""
    if sex == "female" and age > 27 and rolled.random() < 0.45:
        birth_name = names.family_name(rolled, origin)
    town = weighted(rolled, _by_population(tuple(near)))
    return Person(
        sex=sex,
        given_name=given,
        family_name=family,
        birth_name=birth_name,
        birth_date=born,
        phone=_phone(rolled, age),
        email=_email(rolled, given, family, age, number),
        address=f"{rolled.randrange(1, 180)} {rolled.choice(names.streets())},"
        f" {rolled.choice(town.postcodes)} {town.name}",
        source_reference=f"{rolled.randrange(1_000, 99_999)}" if rolled.random() < 0.3 else "",
    )


@cache
def _by_population(near: tuple[places.CommuneRow, ...]) -> dict[places.CommuneRow, float]:
    return {town: math.sqrt(town.population + 50) for town in near}


def _phone(rolled: Dice, age: int) -> str:
    if rolled.random() < 0.04:
        return ""
    mobile = rolled.random() < (0.55 if age > 75 else 0.93)
    return fictional_phone(rolled, MOBILE if mobile else rolled.choice(LANDLINES))


def _email(rolled: Dice, given: str, family: str, age: int, number: int) -> str:
    if rolled.random() < (0.6 if age > 75 else 0.14):
        return ""
    written = f"{slug(given)}.{slug(family)}{number}"
    return f"{written}@example.{rolled.choice(('fr', 'org'))}"


@cache
def towns_near(commune_code: str, kilometres: float) -> tuple[places.CommuneRow, ...]:
    """Communes of at least a hundred people around one, itself included."""
    centre = next(row for row in places.communes() if row.code == commune_code)
    return tuple(
        row
        for row in places.communes()
        if row.population >= 100
        and abs(row.latitude - centre.latitude) < kilometres / 111
        and places.distance_km((centre.latitude, centre.longitude), (row.latitude, row.longitude))
        < kilometres
    )

"""Names of people who do not exist, as believable as a waiting room in France. Pure.

Given names follow the year of birth and the family's origin; both lists are in ``data/``.
"""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from serment.drills.demo.dice import Dice, weighted

HALF_WAVE_YEARS = 11
"""A name fades to about a third this many years away from its best year."""

_FRENCH_GIVEN = 0.35
"""Share of given names that come from the common stock whatever the family's origin."""


class GivenName(NamedTuple):
    """One given name and when it was given."""

    name: str
    sex: str
    years: tuple[int, ...]
    weight: float

    def weight_in(self, year: int) -> float:
        """How likely this name is for somebody born in that year."""
        if not self.years:
            return self.weight * 0.2
        nearest = min(abs(year - best) for best in self.years)
        return self.weight * math.exp(-((nearest / HALF_WAVE_YEARS) ** 2))


def _lines(name: str) -> list[list[str]]:
    text = (files(__package__) / "data" / name).read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines() if line.strip() and line[0] != "#"]


@cache
def given_names() -> dict[str, tuple[GivenName, ...]]:
    """Origin → given names."""
    found: dict[str, list[GivenName]] = {}
    for sex, peaks, origin, *names in _lines("given_names.txt"):
        years = () if peaks == "-" else tuple(map(int, peaks.split(",")))
        for entry in names:
            name, _, weight = entry.partition(":")
            given = GivenName(name, sex, years, float(weight or 1))
            found.setdefault(origin, []).append(given)
    return {origin: tuple(names) for origin, names in found.items()}


@cache
def family_names() -> dict[str, tuple[str, ...]]:
    """Origin → family names, each once."""
    found: dict[str, dict[str, None]] = {}
    for origin, *names in _lines("family_names.txt"):
        for name in names:
            found.setdefault(origin, {})[name.replace("_", " ")] = None
    return {origin: tuple(names) for origin, names in found.items()}


@cache
def streets() -> tuple[str, ...]:
    """Street names that many French places have."""
    return tuple(" ".join(words) for words in _lines("streets.txt"))


@cache
def _given_weights(sex: str, year: int, origin: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for given in given_names()[origin]:
        if given.sex in (sex, "x"):
            weights[given.name] = weights.get(given.name, 0) + given.weight_in(year)
    return weights


def given_name(rolled: Dice, sex: str, year: int, origin: str) -> str:
    """A given name (``sex`` f or m) of somebody born in ``year`` in a family of that origin."""
    own = given_names().get(origin)
    stock = "france" if own is None or rolled.random() < _FRENCH_GIVEN else origin
    return weighted(rolled, _given_weights(sex, year, stock))


def family_name(rolled: Dice, origin: str) -> str:
    """A family name of that origin; now and then a double one."""
    names = family_names()[origin]
    if rolled.random() < 0.025:
        return f"{rolled.choice(names)}-{rolled.choice(family_names()['france'])}"
    return rolled.choice(names)

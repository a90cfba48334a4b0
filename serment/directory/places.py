"""Places a patient may name: every French commune, found by name or postcode.

Held in memory from the shipped file (35,009 rows, read once a process): completing a name on each
key pressed then costs no trip to the database. The table ``directory_commune`` is a copy, for SQL.
"""

from __future__ import annotations

import heapq
import math
import re
from bisect import bisect_left
from functools import cached_property, lru_cache
from typing import NamedTuple

from serment.directory import data
from serment.directory.near_names import LETTERS_MIN, NearNames, edits_to_begin, heard
from serment.directory.territories import department_of
from serment.directory.words import fold, slug

EARTH_RADIUS_KM = 6371.0
# "La Roche/Yon", "Chalon s/Saône": how "sur" is written by hand.
_ABBREVIATED_SUR = re.compile(r"\s*\bs/\s*|\s*/\s*")
TYPED_LETTERS_MAX = 60
"""Longer than any commune's name: nobody's slip."""
_ARTICLES = frozenset({"l", "le", "la", "les"})
# Paris, Lyon, Marseille: each of their postcodes names an arrondissement, itself a place here.
DIVIDED = frozenset({"75056", "69123", "13055"})


class Place(NamedTuple):
    """A commune as a person names it; ``postcode`` is the one typed, else the commune's first."""

    code: str
    name: str
    postcode: str
    latitude: float
    longitude: float
    approximate: bool

    @property
    def department(self) -> str:
        """Department or collectivity the place lies in."""
        return department_of(self.code)


class CommuneRow(NamedTuple):
    """One row of the shipped file."""

    code: str
    name: str
    folded: str
    department: str
    postcodes: tuple[str, ...]
    latitude: float
    longitude: float
    approximate: bool
    population: int

    @property
    def slug(self) -> str:
        """Name and code: readable, and never the same for two communes."""
        return f"{slug(self.name)}-{self.code.lower()}"

    def as_place(self, postcode: str = "") -> Place:
        """The commune under one of its postcodes."""
        chosen = postcode or self.postcodes[0]
        return Place(self.code, self.name, chosen, self.latitude, self.longitude, self.approximate)


class _Gazetteer:
    """The communes in the orders in which people look for them."""

    def __init__(self) -> None:
        self.rows = [_row(line) for line in data.table("communes.csv.gz")]

    @cached_property
    def by_code(self) -> dict[str, CommuneRow]:
        return {row.code: row for row in self.rows}

    @cached_property
    def by_population(self) -> list[CommuneRow]:
        return sorted(self.rows, key=lambda row: -row.population)

    @cached_property
    def names(self) -> list[tuple[str, CommuneRow]]:
        """Folded names in order; a name with an article stands under both ways of typing it."""
        entries = [(row.folded, row) for row in self.rows]
        for row in self.rows:
            first, _, rest = row.folded.partition(" ")
            if first in _ARTICLES and rest:
                entries.append((rest, row))
        return sorted(entries)

    @cached_property
    def near(self) -> NearNames:
        """Numbers are places in ``rows``."""
        return NearNames([row.folded for row in self.rows])

    @cached_property
    def postcodes(self) -> list[tuple[str, CommuneRow]]:
        return sorted((postcode, row) for row in self.rows for postcode in row.postcodes)


def _row(line: dict[str, str]) -> CommuneRow:
    return CommuneRow(
        line["code"],
        line["name"],
        fold(line["name"]),
        line["department"],
        tuple(line["postcodes"].split()),
        float(line["latitude"]),
        float(line["longitude"]),
        line["approximate"] == "1",
        int(line["population"]),
    )


@lru_cache(maxsize=1)
def _gazetteer() -> _Gazetteer:
    return _Gazetteer()


def warm() -> None:
    """Read and order the communes now, about a second, so that no patient waits for it.

    Processes that serve pages do; commands, the worker and the steps of a start need it seldom.
    """
    gazetteer = _gazetteer()
    _ = gazetteer.by_code, gazetteer.names, gazetteer.postcodes, gazetteer.by_population
    _ = gazetteer.near


def communes() -> list[CommuneRow]:
    """Every commune and town arrondissement, by code."""
    return _gazetteer().rows


def largest() -> list[CommuneRow]:
    """Every commune and town arrondissement, the most inhabited first."""
    return _gazetteer().by_population


def meant_by(name: str, limit: int = 12) -> list[Place]:
    """Every commune a whole name may mean when several bear it, largest first; else empty.

    Longer names that begin so are meant too: "Saint-Gervais" is said for Saint-Gervais-les-Bains.
    One commune alone of that name ("Lyon") leaves nothing to ask.
    """
    folded = fold(name)
    found = _beginning_with(_gazetteer().names, folded) if folded else []
    if len({row.code for key, row in found if key == folded}) < 2:
        return []
    rows = {row.code: row for key, row in found if key == folded or key.startswith(f"{folded} ")}
    best = heapq.nlargest(limit, rows.values(), key=lambda row: row.population)
    return [row.as_place() for row in best]


def has_homonyms(place: Place) -> bool:
    """Whether another commune bears the very same name."""
    folded = fold(place.name)
    found = _beginning_with(_gazetteer().names, folded)
    return any(row.folded == folded and row.code != place.code for _key, row in found)


def by_code(code: str) -> Place | None:
    """The place of an INSEE code, or None."""
    row = _gazetteer().by_code.get(code)
    return row.as_place() if row else None


def complete(text: str, limit: int = 8) -> list[Place]:
    """Places a person may mean by the beginning of a name, a postcode, or both; largest first.

    "sall", "74700", "st etienne", "74700 sallanches", "aigle" for L'Aigle, "mont blanc" for
    Chamonix-Mont-Blanc. A name in full comes before longer names; names that only sound or look
    alike ("salanche", "la roche/yon") come after all that were typed right.
    """
    words = fold(_ABBREVIATED_SUR.sub(" sur ", text.lower())).split()
    postcode = next(
        (word for at, word in enumerate(words) if word.isdigit() and (at == 0 or len(word) == 5)),
        "",
    )
    name = " ".join(word for word in words if word != postcode)
    if postcode:
        return _by_postcode(postcode, name, limit)
    return _by_name(name, limit) if name else []


def is_near_to(place: Place, text: str) -> bool:
    """Whether somebody who typed this may be taken at their word for that place.

    A postcode, or a name that begins, in part or by ear, as typed or but for one slip ("salanche").
    Anything further away is a guess, and is asked about.
    """
    typed = fold(_ABBREVIATED_SUR.sub(" sur ", text.lower()))
    name = fold(place.name)
    if any(word.isdigit() for word in typed.split()):
        return True
    if name.startswith(typed) or f" {typed}" in name:
        return True
    ear, spoken = heard(typed), heard(name)
    if len(ear) < LETTERS_MIN or ear[0] != spoken[0]:
        return False
    return edits_to_begin(ear, spoken, 1) <= 1


def _by_postcode(digits: str, name: str, limit: int) -> list[Place]:
    found: dict[str, tuple[str, CommuneRow]] = {}
    for postcode, row in _beginning_with(_gazetteer().postcodes, digits):
        if digits == postcode and row.code in DIVIDED:
            continue
        if not name or row.folded.startswith(name) or f" {name}" in row.folded:
            found.setdefault(row.code, (postcode, row))
    best = heapq.nlargest(limit, found.values(), key=lambda pair: pair[1].population)
    return [row.as_place(postcode) for postcode, row in best]


def _by_name(name: str, limit: int) -> list[Place]:
    gazetteer = _gazetteer()
    beginning = _beginning_with(gazetteer.names, name)
    in_full = {row.code for key, row in beginning if key == name}
    found = {row.code: row for _, row in beginning}
    first = frozenset(found)
    if len(found) < limit and len(name) > 2:
        inside = f" {name}"
        found |= {row.code: row for row in gazetteer.rows if inside in row.folded}

    def rank(row: CommuneRow) -> tuple[bool, bool, int]:
        return row.code in in_full, row.code in first, row.population

    best = heapq.nlargest(limit, found.values(), key=rank)
    if len(best) < limit and LETTERS_MIN <= len(name) <= TYPED_LETTERS_MAX:
        best += _nearly(name, frozenset(found), limit - len(best))
    return [row.as_place() for row in best]


def _nearly(name: str, but: frozenset[str], limit: int) -> list[CommuneRow]:
    """Communes whose names sound or look like this one: fewest slips first, then the largest.

    Slips of the finger are looked for only where nothing began as typed.
    """
    gazetteer = _gazetteer()
    near = gazetteer.near
    slips = dict.fromkeys(near.sounding(name), 0)
    for number in near.without_small_words(name):
        slips.setdefault(number, 1)
    if not but:
        # "stetienne": the blank after "st" left out.
        split = [f"saint {name[2:]}"] if name.startswith("st") else []
        for edits, number in [pair for one in (name, *split) for pair in near.slipped(one)]:
            slips[number] = min(edits, slips.get(number, edits))
    rows = ((edits, gazetteer.rows[number]) for number, edits in slips.items())
    ranked = sorted((edits, -row.population, row.code, row) for edits, row in rows)
    return [row for *_rank, row in ranked if row.code not in but][:limit]


def _beginning_with(
    entries: list[tuple[str, CommuneRow]], prefix: str
) -> list[tuple[str, CommuneRow]]:
    first = bisect_left(entries, prefix, key=lambda entry: entry[0])
    # "{" sorts after every letter and digit a folded text may hold.
    last = bisect_left(entries, prefix + "{", lo=first, key=lambda entry: entry[0])
    return entries[first:last]


def nearest(latitude: float, longitude: float) -> Place:
    """The commune whose point is nearest to a position a person's device gave."""
    shrink = math.cos(math.radians(latitude)) ** 2

    def square(row: CommuneRow) -> float:
        return (row.latitude - latitude) ** 2 + shrink * (row.longitude - longitude) ** 2

    return min(_gazetteer().rows, key=square).as_place()


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance between two (latitude, longitude) pairs, in kilometres (haversine)."""
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    half_turn = math.radians(b[1] - a[1]) / 2
    h = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_turn) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))

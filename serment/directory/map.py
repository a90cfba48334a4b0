"""A map drawn from shipped data: outlines of departments, larger communes as labels, points.

No tile server sees where a patient looks for care. The projection is equirectangular, true at the
centre: x = R·cos(lat₀)·Δlon, y = −R·Δlat, in kilometres, then scaled to the drawing. Within the
few hundred kilometres a search covers, distances on it are right to a few parts in a hundred.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from serment.directory import data, places

LABELS_MAX = 14
MARK_WIDTH = 30.0
"""Two marks nearer than this are drawn as one."""
KEYS_WRITTEN = 3
TOUCH_WIDTH = 44.0
LETTER_WIDTH = 7.5
ASIDE = 6.0
WIDTH = 720.0
HEIGHT = 540.0
# Below this radius a town's arrondissements are told apart; above it the town itself is named.
ARRONDISSEMENTS_RADIUS_KM = 7.0
_KM_PER_DEGREE = places.EARTH_RADIUS_KM * math.pi / 180

Ring = list[tuple[float, float]]


class Shape(NamedTuple):
    """A department's outline within the view, as the ``d`` of an SVG path."""

    department: str
    path: str


class Label(NamedTuple):
    """A commune's name and where to write it: ``aside`` of its point, clear of a mark on it."""

    name: str
    x: float
    y: float
    population: int
    aside: float = ASIDE


class Mark(NamedTuple):
    """A point that was asked for, by its key; ``inside`` is False when it lies off the drawing.

    ``others`` are the keys of later points too near to be drawn beside it: one mark stands for all.
    """

    key: str
    x: float
    y: float
    inside: bool
    others: tuple[str, ...] = ()

    @property
    def written(self) -> str:
        """What stands on it: its key, or the first of those it stands for."""
        keys = (self.key, *self.others)
        return ", ".join(keys[:KEYS_WRITTEN]) + ("…" if len(keys) > KEYS_WRITTEN else "")

    @property
    def half(self) -> float:
        """Half its width: a disc, or long enough for what is written."""
        return max(14.0, 6 + 4.2 * len(self.written))

    @property
    def width(self) -> float:
        """Of what is seen."""
        return 2 * self.half

    @property
    def touch(self) -> float:
        """Of what a finger may hit."""
        return max(TOUCH_WIDTH, self.width)

    @property
    def touch_half(self) -> float:
        """Half of that."""
        return self.touch / 2


class Drawing(NamedTuple):
    """Everything a template needs; coordinates in units of ``viewbox``, y downwards."""

    width: float
    height: float
    viewbox: str
    shapes: list[Shape]
    labels: list[Label]
    marks: list[Mark]
    centre: tuple[float, float]
    radius: float
    scale_km: float
    scale_length: float


class Projection(NamedTuple):
    """Places latitude and longitude on the drawing."""

    latitude: float
    longitude: float
    units_per_km: float
    width: float
    height: float

    def place(self, latitude: float, longitude: float) -> tuple[float, float]:
        """The point of the drawing, to a tenth of a unit."""
        turn = (longitude - self.longitude + 180) % 360 - 180
        east = turn * _KM_PER_DEGREE * math.cos(math.radians(self.latitude))
        north = (latitude - self.latitude) * _KM_PER_DEGREE
        return (
            round(self.width / 2 + east * self.units_per_km, 1),
            round(self.height / 2 - north * self.units_per_km, 1),
        )

    def holds(self, x: float, y: float, margin: float = 0) -> bool:
        """Whether a point of the drawing lies in it, at least ``margin`` from its border."""
        return margin <= x <= self.width - margin and margin <= y <= self.height - margin


def render(
    center: tuple[float, float],
    radius_km: float,
    points: Mapping[str, tuple[float, float]] | Iterable[tuple[str, tuple[float, float]]] = (),
    *,
    width: float = WIDTH,
    height: float = HEIGHT,
    apart: float = MARK_WIDTH,
) -> Drawing:
    """The map of what lies within ``radius_km`` of a (latitude, longitude).

    Marks nearer than ``apart`` are drawn as one: fingers need more room than pointers.
    ``points`` gives (latitude, longitude) by a key of the caller's, returned with each mark.
    """
    radius_km = max(radius_km, 1.0)
    scale = min(width, height) / 2 * 0.92 / radius_km
    projection = Projection(*center, scale, width, height)
    named = points.items() if isinstance(points, Mapping) else points
    bar_km = _round_length(width / 5 / scale)
    marks = _gathered([_mark(projection, key, where) for key, where in named], apart)
    return Drawing(
        width,
        height,
        f"0 0 {width:g} {height:g}",
        _shapes(projection),
        _legible(marks, [_clear_of(marks, one) for one in _labels(projection, radius_km)], width),
        marks,
        projection.place(*center),
        round(radius_km * scale, 1),
        bar_km,
        round(bar_km * scale, 1),
    )


def _mark(projection: Projection, key: str, where: tuple[float, float]) -> Mark:
    x, y = projection.place(*where)
    return Mark(key, x, y, projection.holds(x, y))


def _gathered(marks: list[Mark], apart: float) -> list[Mark]:
    """Points that would hide each other, as one mark at the first of them."""
    drawn: list[Mark] = []
    for mark in marks:
        near = (
            at
            for at, other in enumerate(drawn)
            if mark.inside and other.inside and _touch(mark, other, apart)
        )
        at = next(near, None)
        if at is None:
            drawn.append(mark)
        else:
            drawn[at] = drawn[at]._replace(others=(*drawn[at].others, mark.key))
    return drawn


def _clear_of(marks: list[Mark], label: Label) -> Label:
    """The label, written beyond whatever mark lies on its point."""
    beyond = [
        mark.x - label.x + mark.half + 6
        for mark in marks
        if abs(mark.y - label.y) < MARK_WIDTH * 0.7 and abs(mark.x - label.x) < mark.half + 14
    ]
    return label._replace(aside=round(max([ASIDE, *beyond]), 1))


def _legible(marks: list[Mark], labels: list[Label], width: float) -> list[Label]:
    """The labels that no mark lies on and that do not run off the drawing."""

    def free(label: Label) -> bool:
        begins = label.x + label.aside
        ends = begins + LETTER_WIDTH * len(label.name)
        return ends <= width and not any(
            abs(mark.y - label.y) < MARK_WIDTH * 0.7
            and begins < mark.x + mark.half
            and mark.x - mark.half < ends
            for mark in marks
            if mark.inside
        )

    return [label for label in labels if free(label)]


def _touch(one: Mark, other: Mark, apart: float) -> bool:
    wide = max(apart, one.half + other.half)
    return abs(one.x - other.x) < wide and abs(one.y - other.y) < apart


def _round_length(kilometres: float) -> float:
    """The largest of 1, 2, 5, 10, 20 … that does not exceed a length."""
    power: float = 10 ** math.floor(math.log10(kilometres))
    return max(step * power for step in (1, 2, 5) if step * power <= kilometres)


@lru_cache(maxsize=1)
def _boxed() -> list[tuple[str, Ring, tuple[float, float, float, float]]]:
    """Every ring as (latitude, longitude) corners, with the box round it."""
    boxed = []
    for department, rings in data.outlines().items():
        for ring in rings:
            corners = [(latitude, longitude) for longitude, latitude in ring]
            latitudes, longitudes = zip(*corners, strict=True)
            box = (min(latitudes), max(latitudes), min(longitudes), max(longitudes))
            boxed.append((department, corners, box))
    return boxed


def _shapes(projection: Projection) -> list[Shape]:
    paths: dict[str, list[str]] = {}
    for department, ring, (south, north, west, east) in _boxed():
        left, bottom = projection.place(south, west)
        right, top = projection.place(north, east)
        if right < 0 or left > projection.width or bottom < 0 or top > projection.height:
            continue
        drawn = _clip([projection.place(*corner) for corner in ring], projection)
        if len(drawn) > 2:
            line = "L".join(f"{x:g} {y:g}" for x, y in drawn)
            paths.setdefault(department, []).append(f"M{line}Z")
    return [Shape(department, "".join(parts)) for department, parts in paths.items()]


def _clip(ring: Ring, projection: Projection, margin: float = 20) -> Ring:
    """Cut a ring to the drawing and a margin round it (Sutherland and Hodgman, 1974)."""
    for axis, limit, side in (
        (0, -margin, 1),
        (0, projection.width + margin, -1),
        (1, -margin, 1),
        (1, projection.height + margin, -1),
    ):
        ring = _cut(ring, axis, limit, side)
        if not ring:
            return []
    return ring


def _cut(ring: Ring, axis: int, limit: float, side: int) -> Ring:
    kept: Ring = []
    before = ring[-1]
    for corner in ring:
        inside, was_inside = (
            (corner[axis] - limit) * side >= 0,
            (before[axis] - limit) * side >= 0,
        )
        if inside != was_inside:
            share = (limit - before[axis]) / (corner[axis] - before[axis])
            kept.append(
                (
                    round(before[0] + share * (corner[0] - before[0]), 1),
                    round(before[1] + share * (corner[1] - before[1]), 1),
                )
            )
        if inside:
            kept.append(corner)
        before = corner
    return kept


def _labels(projection: Projection, radius_km: float) -> list[Label]:
    """The larger communes in view, none written over another."""
    near = radius_km <= ARRONDISSEMENTS_RADIUS_KM
    chosen: list[Label] = []
    for row in places.largest():
        is_part = " Arrondissement" in row.name
        if (is_part and not near) or (near and row.code in places.DIVIDED):
            continue
        x, y = projection.place(row.latitude, row.longitude)
        ends = x + ASIDE + LETTER_WIDTH * len(row.name)
        if not projection.holds(x, y, margin=14) or ends > projection.width:
            continue
        label = Label(row.name.replace(" Arrondissement", ""), x, y, row.population)
        if all(_apart(label, other) for other in chosen):
            chosen.append(label)
            if len(chosen) == LABELS_MAX:
                break
    return chosen


def _apart(one: Label, other: Label) -> bool:
    """Whether two names can be read beside each other, at about seven units a letter."""
    wide = 3.5 * (len(one.name) + len(other.name)) + 10
    return abs(one.x - other.x) > wide or abs(one.y - other.y) > 26

"""Every commune is found as people type it, and stands where it should."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from serment.directory import data, near_names, places

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "places.md"


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("sall", "Sallanches"),
        ("74700", "Sallanches"),
        ("747", "Sallanches"),
        ("74700 sallanches", "Sallanches"),
        ("Sallanches 74700", "Sallanches"),
        ("st etienne", "Saint-Étienne"),
        ("Saint-Étienne", "Saint-Étienne"),
        ("SAINT ETIENNE", "Saint-Étienne"),
        ("ste foy les lyon", "Sainte-Foy-lès-Lyon"),
        ("havre", "Le Havre"),
        ("le havre", "Le Havre"),
        ("aigle", "L'Aigle"),
        ("l'haÿ", "L'Haÿ-les-Roses"),
        ("mont blanc", "Chamonix-Mont-Blanc"),
        ("oeuf", "Œuf-en-Ternois"),
        ("paris", "Paris"),
        ("paris 11", "Paris 11e Arrondissement"),
        ("75011", "Paris 11e Arrondissement"),
        ("13008 marseille", "Marseille 8e Arrondissement"),
        ("31000", "Toulouse"),
        ("20000", "Ajaccio"),
        ("97400", "Saint-Denis"),
        ("noumea", "Nouméa"),
        ("y", "Y"),
    ],
)
def test_a_place_is_found_as_people_type_it(typed: str, first: str) -> None:
    assert places.complete(typed)[0].name == first


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("salanche", "Sallanches"), ("salanches", "Sallanches"), ("chamoni", "Chamonix-Mont-Blanc"),
        ("mejeve", "Megève"), ("boneville", "Bonneville"), ("anecy", "Annecy"),
        ("boulogne sur mer", "Boulogne-sur-Mer"), ("boulogne mer", "Boulogne-sur-Mer"),
        ("la roche/yon", "La Roche-sur-Yon"), ("roche yon", "La Roche-sur-Yon"),
        ("chalon s/saone", "Chalon-sur-Saône"), ("villeneuve ascq", "Villeneuve-d'Ascq"),
        ("marseile", "Marseille"), ("tolouse", "Toulouse"), ("monpellier", "Montpellier"),
        ("grenobel", "Grenoble"), ("kimper", "Quimper"), ("le avre", "Le Havre"),
        ("stetienne", "Saint-Étienne"), ("sain malo", "Saint-Malo"), ("ajacio", "Ajaccio"),
        ("cayene", "Cayenne"), ("clairmont ferrand", "Clermont-Ferrand"),
    ],
)  # fmt: skip
def test_a_slip_or_an_ear_for_spelling_still_finds_the_place(typed: str, first: str) -> None:
    assert places.complete(typed)[0].name == first


def test_slips_add_nothing_where_a_name_was_typed_right() -> None:
    assert [place.name for place in places.complete("boulogne sur mer")] == ["Boulogne-sur-Mer"]
    names = [place.name for place in places.complete("st gervais")]
    assert "Saint-Gervais-les-Bains" in names
    assert all("Gervais" in name for name in names)


def test_an_edit_is_a_letter_wrong_missing_too_many_or_two_swapped() -> None:
    near = near_names.edits_to_begin
    assert near("salan", "salanhes", 2) == 0
    assert near("grenobel", "grenoble", 2) == 1
    assert near("tolouse", "toulouse", 2) == 1
    assert near("marsseille", "marseille", 2) == 1
    assert near("bordeaux", "bayonne", 2) == 3


def test_homonyms_are_told_apart_and_the_largest_comes_first() -> None:
    found = [place for place in places.complete("saint-denis") if place.name == "Saint-Denis"]
    assert [place.department for place in found[:2]] == ["974", "93"]
    assert len({place.code for place in found}) == len(found)


def test_the_postcode_shown_is_the_one_typed() -> None:
    assert places.complete("31500")[0].postcode == "31500"


@pytest.mark.parametrize("typed", ["", "   ", "zzzz", "99999", "'; --", "%", "é" * 500])
def test_what_is_no_place_gives_none(typed: str) -> None:
    assert places.complete(typed) == []


def _boxes() -> dict[str, tuple[float, float, float, float]]:
    boxes = {}
    for department, rings in data.outlines().items():
        corners = [corner for ring in rings for corner in ring]
        longitudes, latitudes = zip(*corners, strict=True)
        boxes[department] = (min(latitudes), max(latitudes), min(longitudes), max(longitudes))
    return boxes


# Islets are left off the outlines, and the far islands of a department may lie beyond its box.
MARGIN_DEGREES = 0.5
MARGIN_POLYNESIA_DEGREES = 2.0


def test_every_commune_stands_in_the_box_of_its_department() -> None:
    boxes = _boxes()
    astray = []
    for row in places.communes():
        if row.department == "989":  # Clipperton, 0 inhabitants, no outline drawn
            continue
        south, north, west, east = boxes[row.department]
        margin = MARGIN_POLYNESIA_DEGREES if row.department == "987" else MARGIN_DEGREES
        if not (
            south - margin < row.latitude < north + margin
            and west - margin < row.longitude < east + margin
        ):
            astray.append((row.code, row.name))
    assert astray == []


def test_every_commune_has_a_postcode_and_its_own_slug() -> None:
    rows = places.communes()
    assert all(re.fullmatch(r"\d{5}", postcode) for row in rows for postcode in row.postcodes)
    assert all(row.postcodes for row in rows)
    assert len({row.slug for row in rows}) == len(rows)


def test_the_published_counts_are_those_of_the_data() -> None:
    rows = places.communes()
    parts = sum(" Arrondissement" in row.name for row in rows)
    approximate = sum(row.approximate for row in rows)
    told = {
        name: int(number.replace(",", ""))
        for name, number in re.findall(r"^\| ([^|]+?) \| ([\d,]+) \|", PUBLISHED.read_text(), re.M)
    }
    assert told["All places"] == len(rows)
    assert told["Communes"] == len(rows) - parts
    assert told["Town arrondissements"] == parts
    assert told["Exact"] == len(rows) - approximate
    assert told["Approximate"] == approximate


def test_known_places_are_where_a_map_has_them() -> None:
    for code, where in (
        ("74256", (45.936, 6.632)),
        ("75056", (48.857, 2.352)),
        ("97411", (-20.88, 55.45)),
        ("98818", (-22.27, 166.45)),
        ("2A004", (41.92, 8.74)),
    ):
        place = places.by_code(code)
        assert place is not None
        assert places.distance_km((place.latitude, place.longitude), where) < 3


def test_the_nearest_commune_to_a_position() -> None:
    assert places.nearest(45.936, 6.632).name == "Sallanches"


def test_distance_between_paris_and_lyon() -> None:
    assert places.distance_km((48.8566, 2.3522), (45.7640, 4.8357)) == pytest.approx(392, abs=2)
    assert places.distance_km((-16.0, 179.9), (-16.0, -179.9)) < 25

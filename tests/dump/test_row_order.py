"""Rows that lie beside each other in a dump belong together no more than any two.

A thief who knows nothing else looks at the order of rows: PostgreSQL lays them down as they are
written. The control is a dump taken before the upkeep came by, in which this finds most.
"""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from tests.dump import loot
from tests.dump.conftest import Lived
from tests.dump.loot import Table

pytestmark = pytest.mark.xdist_group("demo")

NEAR = 12
"""Rows: a sitting of five visits, with what it writes besides."""
NAMING = [
    ("scheduling_appointment", "id"),
    ("scheduling_occupancy", "appointment_id"),
]
"""The tables with a row for each visit, and the column that says which; the outbox's is veiled."""


def _near(table: Table, column: str, lived: Lived) -> tuple[int, float, int]:
    """Pairs of one sitting that lie near, how many would by chance, and how many pairs there are.

    A visit may have several rows in a table: the nearest two count.
    """
    places: dict[bytes, list[int]] = {}
    for place, visit in enumerate(table.column(column)):
        places.setdefault(visit, []).append(place)
    found, pairs, chance = 0, 0, 0.0
    for sitting in lived.sittings:
        for one, other in combinations([v for v in sitting.visits if v in places], 2):
            ways = len(places[one]) * len(places[other])
            pairs += 1
            chance += min(1.0, ways * 2 * NEAR / len(table.rows))
            found += any(abs(a - b) <= NEAR for a in places[one] for b in places[other])
    return found, chance, pairs


@pytest.mark.parametrize(("name", "column"), NAMING)
def test_visits_of_one_sitting_lie_near_no_more_than_by_chance(
    dump: bytes, lived: Lived, name: str, column: str
) -> None:
    found, chance, pairs = _near(loot.tables(dump)[name], column, lived)
    assert pairs >= 200
    assert found <= chance + 6 * math.sqrt(chance) + 3


@pytest.mark.parametrize(("name", "column"), NAMING)
def test_without_the_upkeep_most_of_them_would_be_found(
    lived: Lived, name: str, column: str
) -> None:
    found, chance, pairs = _near(loot.tables(lived.at_once)[name], column, lived)
    assert found > 0.7 * pairs
    assert found > chance + 6 * math.sqrt(chance) + 3


def _side_by_side(dump: bytes, lived: Lived) -> int:
    """Sittings whose given-up visit lies within three rows of the one booked instead."""
    rows = loot.tables(dump)["scheduling_appointment"].column("id")
    places = {visit: place for place, visit in enumerate(rows)}
    return sum(
        abs(places[sitting.visits[3]] - places[sitting.visits[4]]) <= 3
        for sitting in lived.sittings
    )


def test_a_visit_given_up_does_not_lie_beside_the_one_booked_instead(
    dump: bytes, lived: Lived
) -> None:
    """As the two rows of a move once did: side by side as written, anywhere after the upkeep."""
    assert _side_by_side(lived.at_once, lived) > 0.5 * len(lived.sittings)
    assert _side_by_side(dump, lived) < 0.2 * len(lived.sittings)


def _agreement(dump: bytes, lived: Lived) -> float:
    """How far the order of files follows that of their visits: 1 wholly, about 0 not at all."""
    tables = loot.tables(dump)
    files = {one: at for at, one in enumerate(tables["identity_patientfile"].column("id"))}
    visits = {one: at for at, one in enumerate(tables["scheduling_appointment"].column("id"))}
    pairs = [(files[one.file], visits[one.visits[0]]) for one in lived.sittings]
    signs = [
        math.copysign(1, (a - c) * (b - d)) for (a, b), (c, d) in combinations(pairs, 2)
    ]  # Kendall's tau
    return sum(signs) / len(signs)


def test_a_file_made_with_its_visit_does_not_lie_where_the_visit_lies(
    dump: bytes, lived: Lived
) -> None:
    assert _agreement(lived.at_once, lived) > 0.6
    assert abs(_agreement(dump, lived)) < 0.55


def test_a_moved_visit_is_one_row_in_every_table(dump: bytes, lived: Lived) -> None:
    """No former row lies beside it: one appointment, one span of time."""
    tables = loot.tables(dump)
    for sitting in lived.sittings:
        moved = sitting.visits[2]
        assert tables["scheduling_appointment"].column("id").count(moved) == 1
        assert tables["scheduling_occupancy"].column("appointment_id").count(moved) == 1


KEYS = ("id", "digest", "tag", "reference")


def test_every_table_that_tells_of_people_lies_in_the_order_of_its_keys(dump: bytes) -> None:
    """The library's addresses are numbered too, at random."""
    for table in loot.tables(dump).values():
        if table.public or table.name.startswith("procrastinate_"):
            continue
        if table.name == "scheduling_rulesversion":  # of a house and its hours; of nobody who comes
            continue
        key = next((name for name in table.columns if name in KEYS), None)
        assert key, table.name
        keys = table.column(key)
        numbered = table.name == "account_emailaddress"
        assert keys == sorted(keys, key=int if numbered else None), table.name


def test_the_queue_holds_no_job_that_names_a_visit(dump: bytes, lived: Lived) -> None:
    tables = loot.tables(dump)
    jobs = b"\n".join(b"\t".join(row) for row in tables["procrastinate_jobs"].rows)
    for sitting in lived.sittings:
        assert not any(visit in jobs for visit in (sitting.file, *sitting.visits))

"""Somebody steals the database of the demo: what they read about people, and what they can join."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from serment.config.database import roles
from serment.config.environment import run_folder
from tests.dump import loot, words
from tests.dump.conftest import Lived, take
from tests.dump.linker import Linker
from tests.dump.lived import IN_ENGLISH, WITHOUT_EMAIL
from tests.journeys.demo import Demo

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def planted(demo: Demo) -> tuple[list[str], list[str]]:
    return words.planted(demo)


@pytest.fixture(scope="module")
def careless_dump(
    demo: Demo, whose: dict[bytes, str], planted: tuple[list[str], list[str]]
) -> bytes:
    """The control: the same database after a release that kept what it must not keep."""
    name = next(one for one in planted[0] if len(one) > 6)
    pairs = [(row.decode(), person) for row, person in whose.items()]
    with roles.connect(demo.state, run_folder(demo.state), "serment") as root:
        root.execute("CREATE TABLE careless_note (id int, words text)")
        root.execute("CREATE TABLE careless_file (appointment uuid, file uuid)")
        try:
            root.execute("INSERT INTO careless_note VALUES (1, %s)", [f"Voir {name} demain"])
            root.execute("INSERT INTO careless_note VALUES (2, %s)", [planted[1][-1]])
            root.cursor().executemany("INSERT INTO careless_file VALUES (%s, %s)", pairs)
            return take(demo)
        finally:
            root.execute("DROP TABLE careless_note, careless_file")


def test_holds_no_name_and_no_way_to_reach_anybody(
    dump: bytes, planted: tuple[list[str], list[str]]
) -> None:
    names, more = planted
    assert len(names) > 150
    assert len(more) > 400
    assert words.found(loot.private_part(dump), names) == []
    assert words.found(dump, more) == []


def test_only_words_too_short_to_mean_anything_were_left_out(
    planted: tuple[list[str], list[str]],
) -> None:
    short = [word for words_ in planted for word in words_ if 0 < len(word) < words.LETTERS_MIN]
    assert len(short) <= 12, short


def test_a_name_left_in_clear_would_be_found(
    careless_dump: bytes, planted: tuple[list[str], list[str]]
) -> None:
    names, more = planted
    assert words.found(loot.private_part(careless_dump), names)
    assert words.found(careless_dump, more)


def _several_visits(whose: dict[bytes, str], present: set[bytes]) -> dict[str, set[bytes]]:
    visits: dict[str, set[bytes]] = defaultdict(set)
    for appointment, person in whose.items():
        if appointment in present:
            visits[person].add(appointment)
    return {person: found for person, found in visits.items() if len(found) > 1}


def test_from_one_known_visit_no_other_is_found(dump: bytes, whose: dict[bytes, str]) -> None:
    tables = loot.tables(dump)
    visits = _several_visits(whose, set(tables["scheduling_appointment"].column("id")))
    assert len(visits) > 50
    linker = Linker(tables)
    for person, found in visits.items():
        for known in found:
            others = linker.visits_of_the_same_person(known) & found
            assert not others, f"{person}: {known!r} leads to {others}"


def test_nor_any_of_those_made_in_one_sitting(dump: bytes, lived: Lived) -> None:
    """Two booked in a row, one moved, one given up and booked again: within a second or two."""
    linker = Linker(loot.tables(dump))
    for sitting in lived.sittings:
        for known in sitting.visits:
            assert not linker.visits_of_the_same_person(known) & set(sitting.visits)


@pytest.mark.parametrize("who", [IN_ENGLISH, WITHOUT_EMAIL])
def test_messages_that_named_their_visit_would_tie_the_unusual_ones(
    dump: bytes, lived: Lived, about: dict[bytes, bytes], who: int
) -> None:
    """The control: the same dump with the veil off. Language and channel give the person away."""
    tables, visits = loot.tables(dump), lived.sittings[who].visits
    outbox = tables["outbox_message"]
    message, record = outbox.columns.index("id"), outbox.columns.index("record_id")
    assert not set(outbox.column("record_id")) & set(visits)
    for row in outbox.rows:
        row[record] = about.get(row[message], row[record])
    known, *others = (one for one in visits if one in set(outbox.column("record_id")))
    assert others
    assert set(others) <= Linker(tables).visits_of_the_same_person(known)


def test_a_column_with_the_file_would_give_them_all_away(
    careless_dump: bytes, whose: dict[bytes, str]
) -> None:
    tables = loot.tables(careless_dump)
    visits = _several_visits(whose, set(tables["scheduling_appointment"].column("id")))
    linker = Linker(tables)
    for found in random.Random(3).sample(list(visits.values()), 20):
        known, *others = sorted(found)
        assert set(others) <= linker.visits_of_the_same_person(known)

"""Somebody steals the database of the demo: what they read about people, and what they can join."""

from __future__ import annotations

import json
import random
import time
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from serment.config.database import roles
from serment.config.environment import run_folder
from tests.dump import loot, words
from tests.dump.linker import Linker
from tests.journeys.demo import Demo

pytestmark = pytest.mark.xdist_group("demo")

POST_SECONDS_MAX = 90
_WAITING = "SELECT 1 FROM outbox_message WHERE state = 'waiting' AND channel = 'mail'"
_DUMP = """
import sys
from serment.config.database import dump
sys.stdout.buffer.writelines(dump.whole())
"""
_WHOSE = """
import django, json, sys
from datetime import UTC, datetime, timedelta
django.setup()
from serment.disclosure import oversight
now = datetime.now(UTC)
window = oversight.window(
    oversight.OPERATOR, oversight.Selection(now - timedelta(hours=2), now + timedelta(minutes=1))
)
json.dump({str(one.record): str(row.person)
           for row in window.rows if row.kind == "write"
           for one in row.records if one.kind == "appointment"}, sys.stdout)
"""


@pytest.fixture(scope="module")
def dump(demo: Demo) -> bytes:
    """Taken when the post has left: a message that waits still tells its instant (threat model)."""
    demo.wait_until_well()
    with roles.connect(demo.state, run_folder(demo.state), "serment") as root:
        end = time.monotonic() + POST_SECONDS_MAX
        while root.execute(_WAITING).fetchone():
            assert time.monotonic() < end, "the post did not leave"
            time.sleep(0.1)
    return demo.run("-c", _DUMP).stdout


@pytest.fixture(scope="module")
def whose(demo: Demo) -> dict[bytes, str]:
    """The truth, which only the keeper knows: appointment → person."""
    told = json.loads(demo.run("-c", _WHOSE).stdout)
    return {appointment.encode(): person for appointment, person in told.items()}


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
            return demo.run("-c", _DUMP).stdout
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


def test_a_column_with_the_file_would_give_them_all_away(
    careless_dump: bytes, whose: dict[bytes, str]
) -> None:
    tables = loot.tables(careless_dump)
    visits = _several_visits(whose, set(tables["scheduling_appointment"].column("id")))
    linker = Linker(tables)
    for found in random.Random(3).sample(list(visits.values()), 20):
        known, *others = sorted(found)
        assert set(others) <= linker.visits_of_the_same_person(known)


def test_rows_beside_each_other_belong_together_no_more_than_any_two(
    dump: bytes, whose: dict[bytes, str]
) -> None:
    """The order of rows tells nothing: neighbours share a person as often as by chance."""
    rows = [row for row in loot.tables(dump)["scheduling_appointment"].column("id") if row in whose]
    people = [whose[row] for row in rows]
    beside = sum(one == other for one, other in pairwise(people))
    shuffled = random.Random(5)
    by_chance = []
    for _ in range(20):
        mixed = shuffled.sample(people, len(people))
        by_chance.append(sum(one == other for one, other in pairwise(mixed)))
    most = max(Counter(people).values())
    assert beside <= max(by_chance) + most // 10 + 3, (beside, by_chance)

"""A perimeter united from blocks is what its rows give, whatever the log, window and selector."""

from __future__ import annotations

import hashlib
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from serment.keeper import blocks, counting, wire
from serment.keeper.blocks import BlockMaker
from serment.keeper.counting import Selection, Tally
from serment.keeper.counts import Asked, Counts, count
from serment.keeper.index import Index, IndexRow
from serment.keeper.keys import Box
from serment.keeper.measured import Measured
from serment.keeper.reindexing import rebuild
from serment.keeper.touches import Whats, number
from serment.keeper.wire import Item
from tests.apart import apart
from tests.keeper.inside import OPERATOR, Inside

SECOND = 1_000_000
FIRST = 65_536 - 300
"""Of the leaves: their lower sixteen bits begin anew among them."""
LEAVES = 700
AT = 1_000 * SECOND
FIELDS = (["family_name"], ["family_name", "phone"], ["found"], ["details"], ["deleted"])


def tag(what: str, value: bytes) -> bytes:
    return hashlib.sha256(what.encode() + value).digest()


def named(what: str, one: int) -> bytes:
    return tag(what, one.to_bytes(2, "big"))


WHATS = Whats(tag, Box(bytes(32)))


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few leaves, so that a log of some hundred has many."""
    monkeypatch.setattr(blocks, "SIZE", 64)
    monkeypatch.setattr(blocks, "STEP", 16)


def row(draw: random.Random, seq: int) -> IndexRow:
    """A leaf of a small practice. A device changes hands; some own a process for themselves."""
    actor = draw.randrange(5)
    person = draw.randrange(30) if draw.random() < 0.95 else None
    kind = draw.choice(["read"] * 5 + ["search", "write", "write", "query"])
    staff = person is not None and person > 27
    items = [
        Item(
            named("of", draw.choice([person or 0, draw.randrange(40)])),
            draw.choice(["appointment", "patient"]), draw.choice(FIELDS),
            before=[b"x"] if kind == "write" and draw.random() < 0.5 else [],
        )
        for _ in range(draw.choice([int(staff), 1, 1, 1, 2, 3]))
    ]  # fmt: skip
    place = actor // 3
    return IndexRow(
        seq, AT + (seq - FIRST) * 30 * SECOND, kind, named("e", place), named("actor", actor),
        None if person is None else named("subject", person),
        named("session", draw.randrange(9)), named("client", draw.randrange(2)),
        named("process", 3 if actor == 4 else draw.randrange(3)), b"body",
        "staff" if staff else "patient", sheet=kind == "read" and draw.random() < 0.1,
        export=named("export", 1) if draw.random() < 0.05 else None,
        touched=WHATS.touches(items, "staff" if staff else "patient"),
    )  # fmt: skip


def filled(path: Path, seed: int, leaves: int = LEAVES) -> Index:
    """An index of a random log, its blocks made; those before are known to be empty."""
    index, draw = Index(path), random.Random(seed)
    index.writer._beside = lambda _database: False  # the blocks are made when the test says so
    below = [(number_,) for number_ in range(FIRST // blocks.SIZE)]
    index.database.executemany("INSERT INTO made VALUES (?, 0, 0)", below)
    index.add(row(draw, seq) for seq in range(FIRST, FIRST + leaves))
    make(index)
    return index


def make(index: Index) -> None:
    """What the index's thread does when nobody waits for it."""
    database = index._connect()
    while index.blocks.step(database):
        pass
    database.close()


def questions(draw: random.Random) -> Iterator[Asked]:
    """Windows from a few leaves to all, by nothing, one or several selectors."""
    selectors = {
        "actor": named("actor", draw.randrange(6)),
        "process": named("process", draw.randrange(4)),
        "client": named("client", draw.randrange(2)),
        "establishment": named("e", draw.randrange(2)),
        "session": named("session", draw.randrange(9)),
        "export": named("export", 1),
    }
    same = {named("subject", one): named("subject", one + 15) for one in range(0, 12, 2)}
    same |= {named("subject", 5): named("account", 5), named("subject", 99): named("account", 99)}
    told = {number(file): number(account) for file, account in same.items()}
    erased = {number(named("subject", one)) for one in (1, 2, 17, 98)}
    for some in ([], ["process"], ["actor"], ["actor", "establishment"], None, None, None):
        chosen = draw.sample(sorted(selectors), draw.randrange(4)) if some is None else some
        start = draw.choice([0, AT, AT + draw.randrange(LEAVES) * 30 * SECOND])
        end = draw.choice([1 << 53, start + 1 + draw.randrange(LEAVES) * 30 * SECOND])
        by = {one: selectors[one] for one in chosen}
        yield Asked(start, end, by, told, erased)


def answer(index: Index, asked: Asked) -> tuple[Any, ...]:
    """Every figure of an answer."""
    database = index.reader()
    try:
        found = count(database, WHATS, asked)
    finally:
        database.close()
    return *(getattr(found, name) for name in FIGURES), found.leaves.count, found.leaves.digest()


FIGURES = tuple(name for name in Counts.__slots__ if name != "leaves")


@contextmanager
def rows_alone() -> Iterator[None]:
    """No block is looked at."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(counting, "usable", lambda *_given: [])
        yield


def agree(index: Index, seed: int, rounds: int = 2) -> bool:
    """Do blocks and rows give the same, for some questions?"""
    asked = [one for round_ in range(rounds) for one in questions(random.Random(seed + round_))]
    united = [answer(index, one) for one in asked]
    with rows_alone():
        return united == [answer(index, one) for one in asked]


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first leaves of the blocks that questions united."""
    seen: list[int] = []
    real = Tally.unite

    def unite(tally: Tally, block: int, united: Any) -> None:
        seen.append(block)
        real(tally, block, united)

    monkeypatch.setattr(Tally, "unite", unite)
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_blocks_say_what_rows_say(tmp_path: Path, met: list[int], seed: int) -> None:
    index = filled(tmp_path / "index.sqlite", seed)
    assert agree(index, seed)
    assert len(set(met)) > LEAVES // blocks.SIZE - 2
    index.add(row(random.Random(seed), FIRST + LEAVES + at) for at in range(40))  # an open end
    assert agree(index, seed + 10)
    for person in (3, 4, 28):  # forgotten: not in any block's rows, then in blocks made anew
        index.forget(named("subject", person))
        assert agree(index, seed + person)
        make(index)
        met.clear()
        assert agree(index, seed + person)
        assert met
    held = {one for (one,) in index.database.execute("SELECT tag FROM known")}
    still = {
        one for pair in index.database.execute("SELECT subject, record FROM touch") for one in pair
    }
    assert held
    assert held <= still  # nothing of them is left, nor of what was theirs alone
    index.close()


def test_the_rows_alone_count_what_was_done(tmp_path: Path) -> None:
    """The measure of all others here, against plain Python over the same log."""
    index, draw = filled(tmp_path / "index.sqlite", 7), random.Random(7)
    log = [row(draw, seq) for seq in range(FIRST, FIRST + LEAVES)]
    asked = Asked(AT, 1 << 53, {"process": named("process", 1)}, {}, set())
    did = [one for one in log if one.process == named("process", 1) and one.kind != "query"]
    opened = [one for one in did if one.kind != "write"]
    records = {touch.record for one in opened for touch in one.touched}
    told = b"".join(one.seq.to_bytes(8, "big") for one in did)
    for way in (rows_alone, nullcontext):
        with way():
            database = index.reader()
            found = count(database, WHATS, asked)
            database.close()
        assert found.persons + found.staff == len({one.subject for one in opened} - {None})
        assert found.records.opened == len(records)
        assert (found.opened_first, found.opened_last) == (opened[0].seq, opened[-1].seq)
        assert found.leaves.count == len(did)
        assert found.leaves.digest() == hashlib.sha256(told).digest()
    index.close()


def test_what_lies_in_no_block_is_counted_by_its_rows(tmp_path: Path) -> None:
    """An index from before there were blocks, blocks of which rows are lost, blocks half made."""
    path = tmp_path / "index.sqlite"
    index = filled(path, 3)
    expected = [answer(index, asked) for asked in questions(random.Random(3))]

    def same() -> bool:
        return [answer(index, asked) for asked in questions(random.Random(3))] == expected

    index.database.execute("DELETE FROM united WHERE random() % 8 = 0")
    assert same()
    index.close()
    plain = sqlite3.connect(path)
    plain.executescript("".join(f"DROP TABLE {table};" for table in blocks.TABLES))
    plain.close()
    index = Index(path)  # as the former code left it
    assert same()
    database, maker = index._connect(), BlockMaker()
    for _ in range(12):
        assert maker.step(database)
        assert same()
    database.close()
    (before,) = index.database.execute("SELECT count(*) FROM made").fetchone()
    index.add([row(random.Random(1), FIRST + LEAVES)])  # the next leaf wakes the thread
    until = time.monotonic() + 20
    while before == index.database.execute("SELECT count(*) FROM made").fetchone()[0]:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert agree(index, 3)
    index.close()


@pytest.mark.parametrize("fault", ["unnoticed", "first alone", "fresh numbers", "lost"])
def test_each_rule_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """Negative controls: the comparison of above sees each fault, and none before it is made."""
    index = filled(tmp_path / "index.sqlite", 11)
    if fault == "unnoticed":  # a block that still counts whom the rows have forgotten
        monkeypatch.setattr(blocks, "forget", lambda *_given: None)
        index.forget(named("subject", 6))
    elif fault == "lost":  # a row of a block, which would be taken for nobody
        index.database.execute("DELETE FROM united WHERE column = 2 AND block % 2")
    assert agree(index, 11)  # either is noticed
    if fault in ("unnoticed", "lost"):
        monkeypatch.setattr(blocks, "_WHOLE_AND_TRUE", ":size")
    if fault == "first alone":  # of two selectors
        real = Selection._parts
        monkeypatch.setattr(Selection, "_parts", lambda *given: real(*given)[:1])
    if fault == "fresh numbers":  # for whom a block numbers otherwise
        monkeypatch.setattr(counting, "numbers_of", lambda *_given: {})
    assert not agree(index, 11, rounds=6)
    index.close()


@pytest.mark.parametrize("guarded", [True, False])
def test_who_is_forgotten_while_a_block_is_made_is_not_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: what was begun is finished, and a number is there of somebody gone."""
    index = filled(tmp_path / "index.sqlite", 5)
    # Else a block with somebody too many would not be used at all.
    monkeypatch.setattr(blocks, "_WHOLE_AND_TRUE", ":size")
    index.database.execute("DELETE FROM united")
    index.database.execute("DELETE FROM made")
    below = [(number_,) for number_ in range(FIRST // blocks.SIZE)]
    index.database.executemany("INSERT INTO made VALUES (?, 0, 0)", below)
    index.blocks = BlockMaker()
    database = index._connect()
    steps = blocks.SIZE // blocks.STEP
    for _ in range(
        2 * steps + len(blocks.COLUMNS) + 2
    ):  # one block is written, the second all taken in
        index.blocks.step(database)
    if not guarded:
        monkeypatch.setattr(BlockMaker, "changing", lambda _maker: nullcontext())
    second = (FIRST // blocks.SIZE + 1) * blocks.SIZE
    (somebody,) = index.database.execute(
        "SELECT subject FROM disclosure WHERE seq >= ? AND kind = 'read' AND subject IS NOT NULL",
        (second,),
    ).fetchone()
    index.forget(somebody)
    while index.blocks.step(database):
        pass
    assert agree(index, 5) is guarded
    database.close()
    index.close()


def test_a_keeper_at_work_makes_its_blocks_and_answers_from_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, met: list[int]
) -> None:
    """Through the desk, the index's own thread, and the index made anew."""
    monkeypatch.setattr(blocks, "SIZE", 8)
    monkeypatch.setattr(blocks, "STEP", 4)
    inside = Inside(tmp_path / "keeper")
    files, who = [inside.patient() for _ in range(4)], inside.staff()

    def ask() -> list[object]:
        told = inside.ask(OPERATOR, "measure", wire.PerimeterAsk(0, 1 << 53), Measured)
        return [getattr(told, name) for name in SAME]

    for _ in range(8):
        inside.reveal(who, *files)
    inside.house.index.writer.wait()
    with rows_alone():
        expected = ask()
    assert expected[0] == 4
    for _ in range(2):
        until = time.monotonic() + 20
        met.clear()
        while ask() == expected and not met:
            assert time.monotonic() < until
        assert ask() == expected
        apart(rebuild(inside.house))
    inside.crash()


SAME = ("persons", "records", "fields", "first", "last", "leaves", "leaves_digest", "unaltered")


def test_bounds_are_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert blocks.SIZE <= 1 << 16  # sixteen bits number a block's leaves
    assert (1 << 16) % blocks.SIZE == blocks.SIZE % blocks.STEP == 0

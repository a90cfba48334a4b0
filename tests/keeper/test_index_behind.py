"""The index is written behind the answers: no question sees it behind, no crash leaves a gap."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serment.keeper import erasure, index_writer, wire
from serment.keeper.durable import Durable
from serment.keeper.house import enter
from serment.keeper.index_writer import IndexBroken
from serment.keeper.measured import Measured
from serment.keeper.store import RecordRow, Store
from tests.keeper.inside import HERE, OPERATOR, Inside, Refused, record_of

END = 1 << 53


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    made = Inside(tmp_path / "keeper")
    yield made
    with suppress(IndexBroken):
        made.crash()


@contextmanager
def held_up(inside: Inside) -> Iterator[threading.Event]:
    """The writer waits at its next group until the event is set."""
    writer, go = inside.house.index.writer, threading.Event()
    real: Callable[[sqlite3.Connection, list[Any]], None] = writer._write

    def late(database: sqlite3.Connection, rows: list[Any]) -> None:
        go.wait(30)
        real(database, rows)

    writer._write = late
    try:
        yield go
    finally:
        go.set()


def persons(inside: Inside) -> int:
    ask = wire.PerimeterAsk(0, END)
    return inside.ask(OPERATOR, "measure", ask, Measured).persons


def test_a_question_waits_for_all_that_was_recorded_before(inside: Inside) -> None:
    files, who = [inside.patient() for _ in range(3)], inside.staff()
    assert inside.house.index.size == inside.house.segment.size
    with held_up(inside) as go:
        inside.reveal(who, *files)  # is answered all the same
        index = inside.house.index
        (seen,) = index._database.execute("SELECT count(*) FROM disclosure").fetchone()
        assert seen == inside.house.segment.size - 3  # the fault: without waiting they lack
        told = inside.ask(OPERATOR, "hello", wire.Nothing(), wire.Figures)
        assert told.size - told.indexed == 3
        assert told.index_lag_seconds > 0
        threading.Timer(0.1, go.set).start()
        assert persons(inside) == 3
    assert index.size == inside.house.segment.size
    assert inside.ask(OPERATOR, "hello", wire.Nothing(), wire.Figures).index_lag_seconds == 0


def test_what_a_crash_left_out_is_read_in_the_ledger(inside: Inside, tmp_path: Path) -> None:
    """A copy of the folder, taken while answered openings are in no index: as after SIGKILL."""
    files, who = [inside.patient() for _ in range(3)], inside.staff()
    assert inside.house.index.size
    with held_up(inside):
        inside.reveal(who, *files)
        shutil.copytree(inside.folder, tmp_path / "after")
        (lacking,) = (
            sqlite3.connect(tmp_path / "after" / "index.sqlite")
            .execute("SELECT max(seq) + 1 FROM disclosure")
            .fetchone()
        )
        assert lacking == inside.house.segment.size - 3  # the fault
    after = enter(tmp_path / "after", drill=True)
    assert after.index.size == after.segment.size == inside.house.segment.size
    bodies = "SELECT seq, body FROM disclosure ORDER BY seq"
    before = [
        inside.house.recorder.leaves.parts(body)
        for _, body in inside.house.index.database.execute(bodies)
    ]
    assert [
        after.recorder.leaves.parts(body) for _, body in after.index.database.execute(bodies)
    ] == before
    touches = "SELECT * FROM touch ORDER BY seq, place"
    assert (
        after.index.database.execute(touches).fetchall()
        == inside.house.index.database.execute(touches).fetchall()
    )
    after.index.close()
    after.segment.close()
    after.recorder.close()


def test_an_index_that_cannot_be_written_ends_the_keeper(inside: Inside) -> None:
    files, who = [inside.patient() for _ in range(2)], inside.staff()
    writer, ended = inside.house.index.writer, threading.Event()
    writer.wait()
    writer.on_fatal = ended.set

    def full(_database: sqlite3.Connection, _rows: list[Any]) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    writer._write = full
    inside.reveal(who, files[0])  # its leaf is durable: it may be answered
    assert ended.wait(5)
    with pytest.raises(IndexBroken):
        inside.house.index.size  # noqa: B018 -- no question is answered over a gap
    inside.house.recorder.on_fatal = lambda: None
    with pytest.raises((Refused, TimeoutError)):
        inside.reveal(who, files[1])


@pytest.mark.parametrize("bounded", [True, False])
def test_the_index_is_never_far_behind(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, bounded: bool
) -> None:
    """Negative control: without the bound rows gather in memory for as long as the disk is slow."""
    file, who = inside.patient(), inside.staff()
    inside.house.index.writer.wait()
    monkeypatch.setattr("serment.keeper.recorder.BEHIND_MAX", 2 if bounded else 1_000)
    with held_up(inside) as go:
        threading.Timer(0.5, go.set).start()
        most = 0
        for _ in range(8):
            inside.reveal(who, file)
            most = max(most, inside.house.index.writer.behind)
    assert (most <= 3) is bounded


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("way", ["gathered", "transaction"])
def test_a_record_of_an_act_that_failed_is_not_remembered(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool, way: str
) -> None:
    """Negative control: remembered beyond its transaction, a record is there that is not."""
    if not guarded:
        monkeypatch.setattr(Store, way, getattr(Durable, way))
    store, record = inside.house.store, b"r" * 16

    def fail() -> None:
        with getattr(store, way)():
            store.add_record(RecordRow(record, record, HERE, "patient", b"c" * 16))
            assert store.record(record) is not None
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (store.record(record) is None) is guarded


@pytest.mark.parametrize("guarded", [True, False])
def test_who_is_erased_while_an_opening_waits_for_the_disk_is_not_opened(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: a key that stays in memory after its row went is given away."""
    file, who = inside.patient(), inside.staff()
    subject = record_of(file)
    house, tag = inside.house, inside.house.store.subject_tag(subject)
    inside.reveal(who, file)
    for asked in ("is_erased", "any_erased"):
        monkeypatch.setattr(Store, asked, lambda *_given: False)  # the key alone decides
    if not guarded:
        monkeypatch.setattr(type(house.keys), "forget", lambda *_given: None)
    real = type(house.recorder).write

    async def erased_meanwhile(recorder: Any, leaves: Any) -> int:
        first = await real(recorder, leaves)
        begun = erasure.Erasure(subject, "patient", HERE, house.vault.epoch_number(), 1, 0, END)
        erasure.destroy(house, tag, begun)
        return first

    monkeypatch.setattr(type(house.recorder), "write", erased_meanwhile)
    if guarded:
        with pytest.raises(Refused):
            inside.reveal(who, file)
    else:
        inside.reveal(who, file)


def test_a_record_is_forgotten_with_its_row(inside: Inside) -> None:
    store = inside.house.store
    for drop in (store.drop_record, lambda one: store.drop_records_of(store.subject_tag(one))):
        record = msgspec.msgpack.encode(store.count("record")).ljust(16, b"x")
        with store.transaction():
            store.add_record(RecordRow(record, record, HERE, "patient", b"c" * 16))
        assert store.record(record) is not None
        with store.transaction():
            drop(record)
        assert store.record(record) is None


def test_bounds_are_what_they_say() -> None:
    assert index_writer.GROUP_MAX < index_writer.BEHIND_MAX

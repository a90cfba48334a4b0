"""Released ⊆ durable: what anybody was given has a record, whatever kills the keeper when."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from serment.disclosure import Actor, KeeperUnavailable, Purpose, gate, oversight
from serment.disclosure.line import client
from serment.ids import new_id
from serment.ledger.segment import read
from tests.keeper.running import DidNotStart, Running, make_file, staff_of

CLIENTS = 4
FAULTY = """
import sys
from serment.ledger import segment
real, late = segment.Segment.append, []
def acknowledges_first(self, records):
    first = self.size + len(late)
    late.extend(records)
    if len(late) >= 400:
        real(self, list(late)); late.clear()
    return first
segment.Segment.append = acknowledges_first
from serment.keeper.__main__ import main
sys.exit(main())
"""
FAILING = """
import os, sys
real, calls = os.fdatasync, []
def fails(handle):
    calls.append(handle)
    if len(calls) == {at}:
        raise OSError({errno}, "injected")
    real(handle)
os.fdatasync = fails
from serment.keeper.__main__ import main
sys.exit(main())
"""


def opened_until_killed(running: Running) -> tuple[set[UUID], set[UUID]]:
    """Records somebody was given before the kill, and records the restarted ledger tells of."""
    here = new_id()
    files = [make_file(here) for _ in range(60)]
    actors = [staff_of(here, session=f"s-{place}") for place in range(CLIENTS)]
    given: set[UUID] = set()
    start = time.time()

    def read_on(place: int) -> None:
        with contextlib.suppress(KeeperUnavailable):
            for file in files[place::CLIENTS]:
                gate.reveal(actors[place], Purpose.RECEPTION, [file], ["family_name"])
                given.add(file.pk)
        client.hang_up()

    threads = [threading.Thread(target=read_on, args=(place,)) for place in range(CLIENTS)]
    for thread in threads:
        thread.start()
    while len(given) < 20 and time.time() - start < 10:
        time.sleep(0.001)
    running.kill()
    for thread in threads:
        thread.join()
    running.program = [sys.executable, "-m", "serment.keeper"]
    with contextlib.suppress(DidNotStart):
        running.start()
    return given, told(running, start)


def told(running: Running, start: float) -> set[UUID]:
    from datetime import UTC, datetime, timedelta

    if running.child is None:  # refused to start: the ledger is shorter than its index
        return set()
    window = oversight.window(
        oversight.OPERATOR,
        oversight.Selection(
            datetime.fromtimestamp(start, UTC), datetime.now(UTC) + timedelta(minutes=1)
        ),
    )
    return {one.record for row in window.rows if row.kind == "read" for one in row.records}


def test_a_keeper_killed_in_full_work_has_a_record_of_all_it_gave(own_keeper: Running) -> None:
    given, recorded = opened_until_killed(own_keeper)
    assert len(given) >= 20
    assert given <= recorded


def test_a_ledger_that_acknowledges_before_it_writes_is_caught(
    tmp_path: Path, settings: Any
) -> None:
    """Negative control: the same run against a segment that answers first loses records."""
    faulty = Running(tmp_path / "s", tmp_path / "k.sock", [sys.executable, "-c", FAULTY]).start()
    settings.KEEPER_SOCKET = str(faulty.socket)
    try:
        given, recorded = opened_until_killed(faulty)
        assert not given <= recorded
    finally:
        client.hang_up()
        if faulty.child is not None:
            faulty.kill()


def test_the_index_catches_up_with_the_segment_after_a_crash(own_keeper: Running) -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)
    gate.reveal(actor, Purpose.RECEPTION, [file], ["family_name"])
    before = gate.history(actor, file.pk)
    own_keeper.kill()
    for path in own_keeper.state.glob("index.sqlite*"):
        path.unlink()
    own_keeper.start()
    assert gate.history(actor, file.pk) == before


def test_a_rolled_back_segment_is_refused(own_keeper: Running) -> None:
    make_file(new_id())
    own_keeper.stop()
    segment = own_keeper.state / "segment.log"
    assert len(list(read(segment))) > 0
    with segment.open("r+b") as file:
        file.truncate(16)
    with pytest.raises(DidNotStart, match="2"):
        own_keeper.start()


def test_a_store_without_its_root_key_is_not_given_a_new_one(own_keeper: Running) -> None:
    own_keeper.stop()
    (own_keeper.state / "root.key").unlink()
    with pytest.raises(DidNotStart, match="2"):
        own_keeper.start()


def test_a_keeper_that_is_away_says_so_and_comes_back_by_itself(own_keeper: Running) -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)
    own_keeper.stop()
    with pytest.raises(KeeperUnavailable, match="Rien n’a été ouvert"):
        gate.reveal(actor, Purpose.RECEPTION, [file], ["family_name"])
    own_keeper.start()
    assert gate.reveal(actor, Purpose.RECEPTION, [file], ["family_name"])
    own_keeper.kill()
    own_keeper.start()
    assert gate.reveal(actor, Purpose.RECEPTION, [file], ["given_name"])


@pytest.mark.parametrize("errno", [5, 28])
def test_a_failed_sync_ends_the_keeper_and_gives_nothing(
    tmp_path: Path, settings: Any, errno: int
) -> None:
    """Input/output error and full disk: no key leaves, the process ends, a new one goes on."""
    # The first sync opens the segment, then sealing, signing in, opening.
    program = [sys.executable, "-c", FAILING.format(at=4, errno=errno)]
    failing = Running(tmp_path / "s", tmp_path / "k.sock", program).start()
    settings.KEEPER_SOCKET = str(failing.socket)
    try:
        here = new_id()
        file, actor = make_file(here), staff_of(here)
        with pytest.raises(KeeperUnavailable):
            gate.reveal(actor, Purpose.RECEPTION, [file], ["family_name"])
        assert failing.child is not None
        assert failing.child.wait(5) == 74
        failing.program = [sys.executable, "-m", "serment.keeper"]
        failing.start()
        assert gate.reveal(actor, Purpose.RECEPTION, [file], ["family_name"])
    finally:
        client.hang_up()
        failing.kill()


def test_the_record_holds_what_the_capability_says_not_what_is_claimed(
    own_keeper: Running,
) -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here, session="the-real-one")
    liar = Actor("staff", actor.id, session="another", capability=actor.capability)
    gate.reveal(liar, Purpose.RECEPTION, [file], ["family_name"])
    [row, *_] = gate.history(actor, file.pk)
    assert (row.session, row.role, row.establishment) == ("the-real-one", "secretary", here)

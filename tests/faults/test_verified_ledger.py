"""What a start reads of the ledger, and what is read beside the serving: nothing altered stays."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serment.keeper import verified
from serment.keeper.verified import LedgerAltered, Reading, Verified
from serment.ledger.segment import HEAD, Frame, Segment, SegmentShorter, encode, read
from tests.apart import apart
from tests.faults.asked import Asked
from tests.faults.trial import Nursery, Trial
from tests.keeper.tended import Kept

PEOPLE = 70
"""More than one mark's worth of frames."""


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    keeper = Kept(tmp_path / "k").open()
    for _ in range(PEOPLE):
        keeper.seal(os.urandom(16))
    yield keeper
    if keeper.house is not None:
        keeper.close()


def _stopped(keeper: Kept) -> None:
    """As a clean stop leaves it."""
    assert keeper.house is not None
    keeper.house.verified.close()
    keeper.close()


def _opened(keeper: Kept) -> Verified:
    keeper.open()
    assert keeper.house is not None
    return keeper.house.verified


def _altered(path: Path, swap: Callable[[list[Frame]], None]) -> None:
    frames = list(read(path))
    swap(frames)
    path.write_bytes(HEAD + b"".join(map(encode, frames)))


def _twice(frames: list[Frame]) -> None:
    """One record in another's place, each right by itself."""
    frames[4] = Frame(4, frames[3].leaf, frames[3].opening)


def test_a_start_reads_what_came_since_and_a_copy_whole(kept: Kept, tmp_path: Path) -> None:
    size = PEOPLE
    _stopped(kept)
    held = _opened(kept)
    assert (held.began_at, held.segment.size, held.whole_is_due()) == (size, size, False)
    for number in range(size):
        found = held.segment.frame(number)
        assert found is not None
        assert found.seq == number
    kept.seal(os.urandom(16))
    kept.close()  # cut short: the next start reads the tail, and the whole soon after
    held = _opened(kept)
    assert (held.began_at, held.segment.size, held.whole_is_due()) == (size, size + 1, True)
    assert apart(held.verify_whole()) == size + 1
    assert not held.whole_is_due()
    _stopped(kept)
    # A copy is another file: it is read whole before it is served from.
    shutil.copytree(kept.folder, tmp_path / "copy")
    held = _opened(Kept(tmp_path / "copy"))
    assert (held.began_at, held.segment.size) == (0, size + 1)
    # So is one whose marks are away.
    (kept.folder / verified.MARKS).unlink()
    assert _opened(kept).began_at == 0


def test_an_altered_ledger_is_refused_before_it_is_served_from(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stopped(kept)
    path = kept.folder / verified.NAME
    whole = path.read_bytes()
    _altered(path, _twice)
    with pytest.raises(LedgerAltered):
        kept.open()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SegmentShorter):
        kept.open()
    # Negative control: a start that does not look at the file serves from the altered one.
    path.write_bytes(whole)
    _altered(path, _twice)
    monkeypatch.setattr(Reading, "must_lead_to", lambda *_: None)
    assert _opened(kept).segment.size == PEOPLE


def test_behind_a_run_that_was_cut_short_the_whole_reading_finds_it_and_the_next_start_refuses(
    kept: Kept,
) -> None:
    assert kept.house is not None
    apart(kept.house.verified.remember())
    kept.close()
    path = kept.folder / verified.NAME
    whole = path.read_bytes()
    _altered(path, _twice)
    held = _opened(kept)  # only the tail was read, and it is due to read the rest
    assert held.whole_is_due()
    with pytest.raises(LedgerAltered):
        apart(held.verify_whole())
    kept.close()
    with pytest.raises(LedgerAltered):
        kept.open()
    # Negative control: the ledger as it was is read whole, and taken.
    path.write_bytes(whole)
    held = _opened(kept)
    assert (held.began_at, held.segment.size) == (0, PEOPLE)


def test_a_frame_in_the_tail_is_held_against_its_leaf(kept: Kept) -> None:
    assert kept.house is not None
    apart(kept.house.verified.remember())
    kept.seal(os.urandom(16))
    kept.seal(os.urandom(16))
    kept.close()

    def swap(frames: list[Frame]) -> None:
        one, other = frames[-2:]
        frames[-2:] = [
            Frame(one.seq, one.leaf, other.opening), Frame(other.seq, other.leaf, one.opening)
        ]  # fmt: skip

    _altered(kept.folder / verified.NAME, swap)
    with pytest.raises(LedgerAltered):
        kept.open()
    # Negative control: by leaves, checksums and order alone nothing is wrong.
    segment = Segment(kept.folder / verified.NAME)
    assert segment.size == PEOPLE + 2
    segment.close()


def test_a_running_keeper_that_finds_it_ends_and_its_next_start_refuses(tmp_path: Path) -> None:
    """In a real process, killed, altered, started: it ends by itself within seconds."""
    with Nursery.opened() as nursery:
        trial = Trial(nursery, tmp_path, trace=False).start()
        asked = Asked(trial.socket, trial.public / "signed")
        for number in range(6):
            asked.seal(bytes([number]) * 16)
        assert trial.stop() == 0
        trial.start()
        asked.seal(b"f" * 16)
        asked.close()
        os.kill(trial.pid, 9)
        assert trial.ended() == -9
        _altered(trial.state / verified.NAME, _twice)
        trial.start()
        begun = time.monotonic()
        assert trial.ended() == 74
        assert time.monotonic() - begun < 10
        assert LedgerAltered.default_sentence() in trial.said
        trial.start()
        assert trial.ended() == 2
        assert LedgerAltered.default_sentence() in trial.said

"""The segment: durable, in order, and damage never passes for the end of the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from serment.ledger import segment as under_test
from serment.ledger.segment import (
    HEAD,
    Segment,
    SegmentDamaged,
    SegmentShorter,
    SyncFailed,
    read,
)

RECORDS = [(bytes([place]) * 32, b"opening %d" % place * (place + 1)) for place in range(5)]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "segment.log"
    segment = Segment(path)
    assert segment.append(RECORDS[:2]) == 0
    assert segment.append(RECORDS[2:]) == 2
    segment.close()
    return path


def held(path: Path) -> list[tuple[bytes, bytes]]:
    return [(frame.leaf, frame.opening) for frame in read(path)]


def test_what_was_appended_is_read_back_in_order(written: Path) -> None:
    assert held(written) == RECORDS
    segment = Segment(written)
    assert segment.size == 5
    assert segment.append([RECORDS[0]]) == 5


def test_a_cut_at_any_byte_loses_the_torn_frame_and_no_whole_one(written: Path) -> None:
    whole = written.read_bytes()
    ends = [end for end, _frame in under_test.scan(memoryview(whole))]
    for cut in range(len(whole)):
        written.write_bytes(whole[:cut])
        segment = Segment(written)
        expected = sum(end <= cut for end in ends)
        assert segment.size == expected
        assert segment.append([RECORDS[0]]) == expected
        segment.close()
        assert held(written) == [*RECORDS[:expected], RECORDS[0]]


def test_a_cut_that_lost_answered_frames_is_refused(written: Path) -> None:
    ends = [end for end, _frame in under_test.scan(memoryview(written.read_bytes()))]
    os.truncate(written, ends[3])
    shorter = Segment(written)
    with pytest.raises(SegmentShorter):
        shorter.must_hold(5)
    shorter.must_hold(4)


def test_every_single_bit_flip_is_seen(written: Path) -> None:
    whole = written.read_bytes()
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(SegmentDamaged):
            list(under_test.scan(memoryview(bytes(flipped))))


def test_without_the_checksums_flips_would_pass(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same flips with the checksum removed go unseen."""
    monkeypatch.setattr(under_test.zlib, "crc32", lambda data: 0)
    segment = Segment(written.with_name("unchecked.log"))
    segment.append(RECORDS)
    segment.close()
    whole = bytearray(written.with_name("unchecked.log").read_bytes())
    whole[-1] ^= 1
    assert len(list(under_test.scan(memoryview(bytes(whole))))) == 5


def test_after_a_failed_sync_nothing_is_ever_acknowledged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = Segment(tmp_path / "segment.log")
    real = os.fdatasync

    def failing(handle: int) -> None:
        raise OSError(5, "input/output error")

    monkeypatch.setattr(under_test.os, "fdatasync", failing)
    with pytest.raises(SyncFailed):
        segment.append(RECORDS[:1])
    # The kernel reports success at the next sync: believing it would lose the first group.
    monkeypatch.setattr(under_test.os, "fdatasync", real)
    with pytest.raises(SyncFailed):
        segment.append(RECORDS[1:2])
    assert segment.size == 0


def test_two_keepers_cannot_hold_one_ledger(written: Path) -> None:
    first = Segment(written)
    with pytest.raises(SegmentDamaged):
        Segment(written)
    first.close()
    Segment(written).close()


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "segment.log"
    path.write_bytes(b"x" * len(HEAD))
    with pytest.raises(SegmentDamaged):
        Segment(path)


def test_one_frame_is_found_without_reading_the_rest(tmp_path: Path) -> None:
    records = [(bytes([place]) * 32, b"x" * (place % 37)) for place in range(200)]
    segment = Segment(tmp_path / "segment.log")
    segment.append(records[:70])
    segment.append(records[70:130])
    segment.close()
    segment = Segment(tmp_path / "segment.log")
    segment.append(records[130:])
    for seq, record in enumerate(records):
        frame = segment.frame(seq)
        assert frame is not None
        assert (frame.seq, frame.leaf, frame.opening) == (seq, *record)
    assert segment.frame(200) is None
    assert segment.frame(-1) is None
    whole = segment.path.read_bytes()
    damaged = whole.index(records[100][0])
    with segment.path.open("r+b") as file:
        file.seek(damaged)
        file.write(b"?")
    with pytest.raises(SegmentDamaged):
        segment.frame(100)
    assert segment.frame(63) is not None
    segment.close()


def test_a_file_let_go_of_twice_closes_nobody_elses(tmp_path: Path) -> None:
    """Beside the control: its number is given anew at once, and a second close would take it."""
    held = Segment(tmp_path / "segment.log")
    number = held._file
    held.close()
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    assert other == number
    held.close()
    os.write(other, b"still open")
    os.close(other)

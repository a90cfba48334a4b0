"""Large bodies wait on disk, and the disk holds nothing that can be read."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serment.live.spool import Spool

NAME = "Philomène Quatrevaux".encode()


@given(st.lists(st.binary(max_size=50)), st.integers(0, 120), st.integers(1, 40))
def test_what_was_written_is_read_as_often_as_wanted(
    pieces: list[bytes], in_memory: int, chunk: int
) -> None:
    spool = Spool(in_memory)
    for piece in pieces:
        spool.write(piece)
    for _ in range(2):
        spool.rewind()
        assert b"".join(iter(lambda: spool.read(chunk), b"")) == b"".join(pieces)
    assert spool.length_bytes == len(b"".join(pieces))
    spool.rewind()
    reader = io.BufferedReader(spool)
    assert reader.read() == b"".join(pieces)


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The files that bodies went to."""
    files: list[Any] = []
    real = tempfile.TemporaryFile

    def kept(*args: Any, **named: Any) -> Any:
        files.append(real(*args, **named))
        return files[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", kept)
    yield files
    for file in files:
        file.close()


def held(file: Any) -> bytes:
    file.flush()
    return os.pread(file.fileno(), 1 << 20, 0)


def test_a_body_on_disk_names_nobody(on_disk: list[Any]) -> None:
    spool = Spool(100)
    for _ in range(20):
        spool.write(NAME)
    assert len(held(on_disk[0])) == 20 * len(NAME)
    assert NAME not in held(on_disk[0])


def test_a_plain_spool_would_leave_it_there(on_disk: list[Any]) -> None:
    """Negative control: the standard library's spool, by the same eyes."""
    with tempfile.SpooledTemporaryFile(100) as spool:
        for _ in range(20):
            spool.write(NAME)
        assert NAME in held(on_disk[0])

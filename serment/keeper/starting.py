"""One start of a keeper at a time in a folder, and none beside a keeper that runs there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from serment.keeper.verified import NAME as SEGMENT
from serment.ledger.segment import SegmentDamaged

START: Final = "start.lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Until the segment is held. Before that a second start would have begun a journal in the
    other's key backup, at which that one ends, or made a second vault. Raises SegmentDamaged."""
    handle = _must_be_free(folder / START, os.O_RDWR | os.O_CREAT, keep=True)
    try:
        with suppress(FileNotFoundError):
            _must_be_free(folder / SEGMENT, os.O_RDWR)
        yield
    finally:
        os.close(handle)


def _must_be_free(path: Path, flags: int, *, keep: bool = False) -> int:
    """Held by nobody; held from now on where it is kept."""
    handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as busy:
        os.close(handle)
        raise SegmentDamaged("Another keeper holds this ledger.") from busy
    if not keep:
        os.close(handle)
    return handle

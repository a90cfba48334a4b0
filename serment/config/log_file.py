"""The one log file that Serment writes itself: it never takes more than twice its bound."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Final

BYTES_MAX: Final = 1 << 20


def opened(path: Path) -> IO[bytes]:
    """Open to append; past the bound the file first becomes ``NAME.1``, the only other one."""
    if path.exists() and path.stat().st_size > BYTES_MAX:
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")

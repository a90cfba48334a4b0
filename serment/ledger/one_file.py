"""``serment-verify.pyz``: the ledger's verifier packed into one file that a bare python3 runs.

The same source gives the same bytes on every machine: names in order, one fixed time, no
compression (zlib's output differs between versions).
"""

from __future__ import annotations

import io
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Final

NAME: Final = "serment-verify.pyz"
PACKAGE: Final = Path(__file__).resolve().parents[1]
PARTS: Final = (
    "__init__", "errors", "ledger/__init__", "ledger/asking", "ledger/checkpoint",
    "ledger/commitment", "ledger/ed25519", "ledger/messagepack", "ledger/note", "ledger/offline",
    "ledger/policy", "ledger/proof", "ledger/report", "ledger/segment", "ledger/source",
    "ledger/statement", "ledger/strays", "ledger/telling", "ledger/tiles", "ledger/tree",
    "ledger/verify", "ledger/walk",
)  # fmt: skip
START: Final = """import sys

if sys.version_info < (3, 11):
    sys.exit("serment-verify needs Python 3.11 or newer.")
from serment.ledger.offline import run

run()
"""
SHEBANG: Final = b"#!/usr/bin/env python3\n"
EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@lru_cache(maxsize=1)
def build() -> bytes:
    """The file's bytes. Raises OSError where the sources are not whole."""
    contents = {f"serment/{part}.py": PACKAGE / f"{part}.py" for part in PARTS}
    packed = io.BytesIO()
    packed.write(SHEBANG)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, "__main__.py", START.encode())
        for name in sorted(contents):
            _add(archive, name, contents[name].read_bytes())
        _add(archive, "LICENSE", (PACKAGE.parent / "LICENSE").read_bytes())
    return packed.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system = 3  # as on a POSIX system, whatever this one is
    entry.external_attr = 0o100644 << 16
    archive.writestr(entry, data)

"""Build ``serment-verify.pyz``: the ledger's verifier in one file that a bare python3 runs.

    python3 scripts/verifier.py [FILE]

The same source gives the same bytes on every machine: names in order, one fixed time, no
compression (zlib's output differs between versions). Prints the SHA-256 of the file.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = (
    "__init__", "errors", "ledger/__init__", "ledger/asking", "ledger/checkpoint",
    "ledger/commitment", "ledger/ed25519", "ledger/messagepack", "ledger/note", "ledger/offline",
    "ledger/policy", "ledger/proof", "ledger/report", "ledger/segment", "ledger/source",
    "ledger/statement", "ledger/strays", "ledger/telling", "ledger/tiles", "ledger/tree",
    "ledger/verify", "ledger/walk",
)  # fmt: skip
START = """import sys

if sys.version_info < (3, 11):
    sys.exit("serment-verify needs Python 3.11 or newer.")
from serment.ledger.offline import run

run()
"""
SHEBANG = b"#!/usr/bin/env python3\n"
EPOCH = (1980, 1, 1, 0, 0, 0)


def build() -> bytes:
    """The file's bytes."""
    contents = {f"serment/{part}.py": ROOT / "serment" / f"{part}.py" for part in PARTS}
    packed = io.BytesIO()
    packed.write(SHEBANG)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, "__main__.py", START.encode())
        for name in sorted(contents):
            _add(archive, name, contents[name].read_bytes())
        _add(archive, "LICENSE", (ROOT / "LICENSE").read_bytes())
    return packed.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system = 3  # as on a POSIX system, whatever this one is
    entry.external_attr = 0o100644 << 16
    archive.writestr(entry, data)


def main() -> int:
    """Write the file and tell its hash."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "serment-verify.pyz")
    data = build()
    target.write_bytes(data)
    target.chmod(0o755)
    sys.stdout.write(f"{hashlib.sha256(data).hexdigest()}  {target.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

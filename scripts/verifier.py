"""Build ``serment-verify.pyz``: the ledger's verifier in one file that a bare python3 runs.

    python3 scripts/verifier.py [FILE]

Needs no installed package. Prints the SHA-256 of the file, the same on every machine.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from serment.ledger.one_file import NAME, build


def main() -> int:
    """Write the file and tell its hash."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else NAME)
    data = build()
    target.write_bytes(data)
    target.chmod(0o755)
    sys.stdout.write(f"{hashlib.sha256(data).hexdigest()}  {target.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

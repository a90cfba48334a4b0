"""Run every measurement, one after the other: ``python -m bench.run [NAME …]``."""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    "slots",
    "agenda",
    "live",
    "bookings",
    "relay",
    "completion",
    "ledger",
    "disclosures",
    "perimeter",
    "sign_up",
    "policy",
    "pgaudit",
    "reminders",
)


def main() -> int:
    """Each in a process of its own, so that none inherits another's caches or settings."""
    wanted = sys.argv[1:] or list(NAMES)
    unknown = set(wanted) - set(NAMES)
    if unknown:
        print(f"No such measurement: {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    return max(
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
        for name in wanted
    )


if __name__ == "__main__":
    sys.exit(main())

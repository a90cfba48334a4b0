"""A word to every web process of the instance: what a lease still opens is asked for anew.

Said when somebody or something is frozen, or a person erased. It is the time of one empty file in
the run folder, looked at before a lease is used: without it, a page that was open would read the
name again for as long as the lease runs. Processes of another machine wait for the lease's end.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings


def mark() -> int:
    """When it was last said, as the file system tells it; 0: never."""
    try:
        return os.stat(_file()).st_mtime_ns  # noqa: PTH116 -- asked at every opening
    except OSError:
        return 0


def stir() -> None:
    """Say it. Best effort: where the folder cannot be written, leases run out by themselves."""
    file = Path(_file())
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        os.utime(file)
    except OSError:
        return


def _file() -> str:
    return f"{settings.CACHES['default']['LOCATION']}.stirred"  # beside what processes count

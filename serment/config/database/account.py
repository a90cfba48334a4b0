"""Under which account PostgreSQL runs, since it refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from serment.errors import SettingWrong


@dataclass(frozen=True, slots=True)
class Account:
    """How to start PostgreSQL's programs: a command prefix, and who must own the data folder."""

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def hand_over(self, folder: Path) -> None:
        """Give ``folder`` to the account PostgreSQL runs under, where that is another one."""
        if self.owner is not None:
            os.chown(folder, *self.owner)

    def can_reach(self, path: Path) -> bool:
        """Whether that account may walk to ``path``."""
        if self.owner is None:
            return True
        asked = [*self.prefix, "test", "-e", str(path)]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0


class NoAccount(SettingWrong):
    """PostgreSQL refuses to run as root here; run Serment as an ordinary user."""


@cache
def choose() -> Account:
    """A user namespace needs no account and no chown; some containers forbid it, so it is probed.

    Raises NoAccount for root on a machine with neither namespaces nor a spare account.
    """
    if os.getuid() != 0:
        return Account()
    namespace = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
    if shutil.which("unshare") and _works(namespace):
        return Account(namespace)
    return _spare_account()


def _spare_account() -> Account:
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        who = (f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups")
        # Changing user clears the tie to the parent (prctl(2)); setpriv ties anew.
        ids = (*who, "--pdeathsig", "INT")
        if shutil.which("setpriv") and _works(("setpriv", *ids)):
            return Account(("setpriv", *ids), (entry.pw_uid, entry.pw_gid))
    raise NoAccount


def _works(prefix: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False

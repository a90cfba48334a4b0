"""A throw-away instance to measure on: embedded PostgreSQL with its usual durability, a keeper.

Must be entered before Django reads its settings: ``SERMENT_STATE`` decides where everything lies.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from serment.config import process
from serment.config.database import roles
from serment.config.environment import run_folder
from serment.config.postgres import Postgres, stop

_keepers: list[subprocess.Popen[bytes]] = []


@contextmanager
def instance(*, keeper: bool, keeper_volume: str = "") -> Iterator[Path]:
    """Start PostgreSQL (and a keeper), migrate, set Django up; leave nothing behind.

    ``keeper_volume``: the size of a file system of its own for the keeper, mounted by root.
    """
    state = Path(tempfile.mkdtemp(prefix="serment-bench-"))
    os.environ["SERMENT_STATE"] = str(state)
    os.environ["DJANGO_SETTINGS_MODULE"] = "serment.config.settings"
    postgres = Postgres(state)
    server = postgres.start()
    try:
        subprocess.run([sys.executable, "-m", "serment.config.database.migration"], check=True)
        if keeper_volume:
            _mount(state / "keeper", keeper_volume)
        if keeper:
            _keepers.append(_keeper(state))
        import django

        django.setup()
        yield state
    finally:
        while _keepers:
            process.stop(_keepers.pop(), signal.SIGTERM, 5)
        stop(server)
        if keeper_volume:
            subprocess.run(["umount", "-l", str(state / "keeper")], check=False)
        shutil.rmtree(run_folder(state), ignore_errors=True)
        shutil.rmtree(state, ignore_errors=True)


def _mount(folder: Path, size: str) -> None:
    folder.mkdir(mode=0o700)
    options = f"size={size},mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


def superuser(state: Path) -> psycopg.Connection[tuple[object, ...]]:
    """An autocommit connection that no wall stops, to fill tables with."""
    return roles.connect(state, Postgres(state).sockets, "serment")


def keeper_anew(state: Path) -> None:
    """End the keeper and start it again: it remembers nobody, as after an upgrade."""
    process.stop(_keepers.pop(), signal.SIGTERM, 30)
    _keepers.append(_keeper(state))


def _keeper(state: Path) -> subprocess.Popen[bytes]:
    at = run_folder(state) / "keeper.sock"
    os.environ["SERMENT_KEEPER_SOCKET"] = str(at)
    folder = state / "keeper"
    folder.mkdir(mode=0o700, exist_ok=True)
    child = process.start(
        [sys.executable, "-m", "serment.keeper", "--state", str(folder), "--socket", str(at)]
    )
    until = time.monotonic() + 15
    while time.monotonic() < until:
        with socket.socket(socket.AF_UNIX) as asking:
            if asking.connect_ex(str(at)) == 0:
                return child
        time.sleep(0.02)
    raise RuntimeError("The keeper did not start.")

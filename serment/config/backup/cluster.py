"""The embedded database of a state, running: as it is, or started for the while."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serment.config import postgres
from serment.config.database import binaries, roles
from serment.config.environment import Environment
from serment.errors import Broken, SettingWrong


class ServerOwnsBackup(SettingWrong):
    """The database is a server of yours: back it up there, and run this where it is embedded."""


class DumpFailed(Broken):
    """PostgreSQL's own backup program failed."""


@contextmanager
def answering(env: Environment) -> Iterator[postgres.Postgres]:
    """The cluster, answering; one that was stopped is stopped again."""
    if env.database_url is not None:
        raise ServerOwnsBackup
    cluster = postgres.Postgres(env.state)
    if cluster.answers():
        yield cluster
        return
    server = cluster.start()
    try:
        yield cluster
    finally:
        postgres.stop(server)


def run(env: Environment, program: str, *arguments: str | Path) -> None:
    """One of PostgreSQL's programs as its superuser, whom no wall hides rows from."""
    found = binaries.find()
    done = subprocess.run(
        [found.path(program), *map(str, arguments)],
        env={
            **os.environ,
            "PGHOST": str(env.database_socket_folder),
            "PGPORT": "5432",
            "PGUSER": roles.SUPERUSER,
            "PGPASSWORD": roles.password(env.state, roles.SUPERUSER),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise DumpFailed(f"{program} failed: {' '.join(last)}")

"""The embedded database of a state, running: as it is, or started for the while."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serment.config import keeper_probe, postgres, process
from serment.config.database import binaries, roles
from serment.config.environment import Environment
from serment.config.supervisor import asking
from serment.config.supervisor.plan import Plan
from serment.errors import Broken, SettingWrong

KEEPER_SECONDS_MAX = 15.0


class ServerOwnsBackup(SettingWrong):
    """The database is a server of yours: back it up there, and run this where it is embedded."""


class DumpFailed(Broken):
    """PostgreSQL's own backup program failed."""


class KeeperDown(Broken):
    """The keeper did not start, so its store cannot be copied."""


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


@contextmanager
def keeping(env: Environment) -> Iterator[Path]:
    """The keeper's socket, answering; a keeper that was stopped is stopped again."""
    if not env.keeper_socket.exists() or asyncio.run(_silent(env.keeper_socket)):
        child = _start_keeper(env)
        try:
            until = time.monotonic() + KEEPER_SECONDS_MAX
            while asyncio.run(_silent(env.keeper_socket)):
                if child.poll() is not None or time.monotonic() > until:
                    raise KeeperDown
                time.sleep(0.05)
            yield env.keeper_socket
        finally:
            process.stop(child, signal.SIGTERM, KEEPER_SECONDS_MAX)
    else:
        yield env.keeper_socket


def _start_keeper(env: Environment) -> subprocess.Popen[bytes]:
    program = Plan(env, asking.answers_for(env)).keeper()
    return process.start(program.command, stdin=program.stdin)


async def _silent(socket: Path) -> bool:
    try:
        await keeper_probe.figures(socket)
    except (OSError, EOFError):
        return True
    return False


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

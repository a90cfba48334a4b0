"""The programs of one instance, in the order they start."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from serment.config import publisher
from serment.config.database import connecting, roles, upkeep
from serment.config.doctor import instance
from serment.config.environment import Environment
from serment.config.postgres import Postgres
from serment.config.supervisor.program import Program

WEB_PROCESSES = 2
HEARTBEAT_SECONDS_MAX = 40.0
_GRANIAN = (sys.executable, "-m", "granian", "--no-access-log", "--log-level", "warning")


@dataclass(frozen=True, slots=True)
class Plan:
    """Where one instance lives, and with it each program's command."""

    env: Environment
    answers: bytes = field(default=b"", repr=False)
    """What the root key's source asks for, a line each; held here for the keeper's restarts."""

    def postgres(self) -> Program:
        """The embedded database."""
        cluster = Postgres(self.env.state)
        return Program(
            name="postgres",
            command=tuple(cluster.command()),
            well=lambda: answers(self.env),
            stop_signal=signal.SIGINT,
            stop_seconds_max=30,
            cwd=Path("/"),
            # Each question asked too early is answered so; asking again is how a start waits.
            unsaid="the database system is starting up",
        )

    def keeper(self) -> Program:
        """The keeper, in a Python that reads neither environment nor the user's own packages."""
        return Program(
            name="keeper",
            command=(
                sys.executable, "-I", "-m", "serment.keeper",
                "--state", str(self.env.state / "keeper"),
                "--socket", str(self.env.keeper_socket),
                "--web-socket", str(entrance(self.env, "web")),
                "--worker-socket", str(entrance(self.env, "worker")),
                "--public", str(self.env.ledger_public), "--site", str(self.env.ledger_site),
                *key_arguments(self.env), "--answers-fd", "0",
                "--public-url", self.env.public_url, *_timestamp_arguments(self.env),
                *(("--drill",) if instance.is_drill(self.env.state) else ()),
                *(("--trial",) if self.env.trial else ()),
            ),
            stdin=self.answers,
            well=lambda: connects(self.env.keeper_socket),
        )  # fmt: skip

    def web(self) -> Program:
        """The public port, and Django in one thread a process (docs/decisions/0002)."""
        return Program(
            name="web",
            command=(
                *_GRANIAN, "--interface", "asgi", "--http", "1", "--host", self.env.listen,
                "--port", str(self.env.port), "--workers", str(WEB_PROCESSES),
                "--backlog", "2048", "--respawn-failed-workers", "--respawn-interval", "0.5",
                "--workers-kill-timeout", "5", "serment.config.asgi:application",
            ),
            env={"SERMENT_KEEPER_SOCKET": str(entrance(self.env, "web"))},
            well=lambda: _http(self.env.listen, self.env.port, "/-/alive"),
        )  # fmt: skip

    def worker(self) -> Program:
        """The queue's worker, under a database role of its own."""
        return Program(
            name="worker",
            command=(
                sys.executable, "-m", "django", "procrastinate", "--skip-checks", "worker",
                "--concurrency", "1", "--delete-jobs", "always",
            ),
            env={
                "SERMENT_DATABASE_ROLE": "serment_worker",
                "SERMENT_KEEPER_SOCKET": str(entrance(self.env, "worker")),
            },
            well=lambda: _heartbeat(self.env),
        )  # fmt: skip

    def upkeep(self) -> Program:
        """The order of rows, kept by the tables' owner (docs/decisions/0004)."""
        return Program(
            name="upkeep",
            command=(sys.executable, "-m", "serment.config.database.upkeep"),
            well=lambda: _beats(self.env),
        )

    def publisher(self) -> Program:
        """Tiles and checkpoints for everybody, made of what the keeper signed."""
        return Program(
            name="publisher",
            command=(sys.executable, "-m", "serment.config.publisher"),
            well=lambda: _publishes(self.env),
        )


def entrance(env: Environment, kind: str) -> Path:
    """The keeper's socket for one kind of process, beside the operator's.

    Programs that ask the keeper nothing (publisher, upkeep) are handed none.
    """
    own = env.keeper_socket
    return own.with_name(f"{own.stem}-{kind}{own.suffix}")


async def _beats(env: Environment) -> bool:
    return upkeep.beats(env)


async def _publishes(env: Environment) -> bool:
    return publisher.beats(env)


def key_arguments(env: Environment) -> Iterator[str]:
    """What the keeper is told about keys; paths and days only, never a secret."""
    for option, folder in (
        ("--keys", env.keeper_keys),
        ("--credentials", env.credentials),
        ("--key-backup", env.key_backup),
    ):
        if folder is not None:
            yield from (option, str(folder))
    yield from ("--epoch-days", f"{env.epoch_days:g}", "--backup-days", f"{env.backup_days:g}")
    yield from ("--record-days", f"{env.record_days:g}")


def _timestamp_arguments(env: Environment) -> tuple[str, ...]:
    return () if env.timestamp_ca is None else ("--timestamp-ca", str(env.timestamp_ca))


async def answers(env: Environment) -> bool:
    """Whether the embedded database takes a connection now, before any role of ours is made."""
    asked = connecting.parameters(env, roles.SUPERUSER) | {"dbname": "postgres"}
    try:
        connection = await psycopg.AsyncConnection.connect(**asked)
    except psycopg.OperationalError:
        return False
    await connection.close()
    return True


async def connects(socket: Path) -> bool:
    """Whether somebody accepts on a Unix socket."""
    _, writer = await asyncio.open_unix_connection(str(socket))
    writer.close()
    return True


async def _http(host: str, port: int, path: str) -> bool:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        return (await reader.readline()).startswith(b"HTTP/1.1 ")
    finally:
        writer.close()


async def _heartbeat(env: Environment) -> bool:
    """Whether a worker beat lately; a worker of the instance's former life does not count long."""
    try:
        connection = await psycopg.AsyncConnection.connect(
            **connecting.parameters(env, "serment_live"), autocommit=True
        )
        async with connection:
            answer = await connection.execute(
                "SELECT now() - max(last_heartbeat) < make_interval(secs => %s)"
                " FROM procrastinate_workers",
                [HEARTBEAT_SECONDS_MAX],
            )
            row = await answer.fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])

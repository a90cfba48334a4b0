"""The programs of one instance, in the order they start."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg

from serment.config.database import connecting, roles
from serment.config.environment import Environment
from serment.config.postgres import Postgres
from serment.config.supervisor.program import Program

WEB_WORKERS = 2
HEARTBEAT_SECONDS_MAX = 40.0
_GRANIAN = (sys.executable, "-m", "granian", "--no-access-log", "--log-level", "warning")


@dataclass(frozen=True, slots=True)
class Plan:
    """Where one instance lives, and with it each program's command."""

    env: Environment

    @property
    def web_socket(self) -> Path:
        """Where the web process listens; only this user may connect."""
        return self.env.run / "web.sock"

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
        )

    def keeper(self) -> Program:
        """The keeper, in a Python that reads neither environment nor the user's own packages."""
        return Program(
            name="keeper",
            command=(
                sys.executable, "-I", "-m", "serment.keeper",
                "--state", str(self.env.state / "keeper"),
                "--socket", str(self.env.keeper_socket),
            ),
            well=lambda: connects(self.env.keeper_socket),
        )  # fmt: skip

    def web(self) -> Program:
        """Django under granian: one blocking thread a worker (choices.md, "Serving")."""
        return Program(
            name="web",
            command=(
                *_GRANIAN, "--interface", "wsgi", "--uds", str(self.web_socket),
                "--workers", str(WEB_WORKERS), "--blocking-threads", "1",
                "--respawn-failed-workers", "--respawn-interval", "0.5",
                "--workers-kill-timeout", "5",
                "serment.config.wsgi:application",
            ),
            well=lambda: _http_unix(self.web_socket, "/-/alive"),
            leaves=self.web_socket,
        )  # fmt: skip

    def live(self) -> Program:
        """The public port."""
        return Program(
            name="live",
            command=(
                *_GRANIAN, "--interface", "asgi", "--host", self.env.listen,
                "--port", str(self.env.port), "--workers", "1", "--backlog", "2048",
                "--workers-kill-timeout", "3", "--respawn-failed-workers",
                "serment.config.live_process:application",
            ),
            well=lambda: _http_port(self.env.listen, self.env.port, "/-/alive"),
        )  # fmt: skip

    def worker(self) -> Program:
        """The queue's worker, under a database role of its own."""
        return Program(
            name="worker",
            command=(
                sys.executable, "-m", "django", "procrastinate", "worker",
                "--concurrency", "1", "--delete-jobs", "successful",
            ),
            env={"SERMENT_DATABASE_ROLE": "serment_worker"},
            well=lambda: _heartbeat(self.env),
        )  # fmt: skip


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


async def _http_unix(socket: Path, path: str) -> bool:
    return await _http(*await asyncio.open_unix_connection(str(socket)), path)


async def _http_port(host: str, port: int, path: str) -> bool:
    return await _http(*await asyncio.open_connection(host, port), path)


async def _http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bool:
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

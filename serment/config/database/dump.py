"""A plain dump of the whole database, as a thief with its backups would have it (demo only)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

from serment.config import environment
from serment.config.database import binaries, connecting, roles


def whole() -> Iterator[bytes]:
    """Lines of ``pg_dump --format=plain`` by the superuser: no wall stops it."""
    env = environment.read()
    given = connecting.parameters(env, roles.SUPERUSER)
    command = [
        binaries.find().path("pg_dump"),
        "--format=plain",
        f"--host={given['host']}",
        f"--port={given['port']}",
        f"--username={roles.SUPERUSER}",
        f"--dbname={env.database_name}",
    ]
    secret = {"PGPASSWORD": str(given.get("password", ""))}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **secret}
    ) as dumping:
        if dumping.stdout is not None:
            yield from dumping.stdout

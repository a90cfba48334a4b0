"""Checks of a running instance: who it runs as, whether its database will do."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from serment.config.database import connecting
from serment.config.doctor import machine
from serment.config.doctor.finding import Finding
from serment.config.environment import Environment

DEMO = "demo"
"""Marks a state folder that began as a demo; ``serment up --demo`` lays it down."""

DRILL = "drill"
"""What the mark says where the demo's keeper is a throw-away one, whose clock was driven once."""


HALF_RESTORED = "half-restored"
"""Lies in a state folder from the first change of a restore until its last."""


def half_restored(state: Path) -> Finding | None:
    """A restore that was interrupted: what stands here is neither the old nor the new."""
    if not (state / HALF_RESTORED).exists():
        return None
    return Finding(
        "restore",
        f"A restore into {state} was interrupted, so half of the data is missing.",
        "Run serment restore again with the same backup.",
    )


def is_demo(env: Environment) -> bool:
    """Whether this state began as a demo, whoever asks and however the question was started."""
    return env.demo or (env.state / DEMO).exists()


def is_drill(state: Path) -> bool:
    """Whether the keeper of this folder began as a throw-away one, and stays one."""
    mark = state / DEMO
    return mark.exists() and mark.read_text(encoding="utf-8").strip() == DRILL


def peer_user(socket_path: Path) -> int | None:
    """The user id behind a Unix socket (SO_PEERCRED, unix(7)); None where nobody listens."""
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(0.2)
            asking.connect(str(socket_path))
            raw = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    except OSError:
        return None
    return int(struct.unpack("3i", raw)[1])


def isolated(keeper_socket: Path) -> bool:
    """Whether the keeper runs as another user than this process."""
    user = peer_user(keeper_socket)
    return user is not None and user != os.getuid()


def present(state: Path, *, running: bool) -> Finding | None:
    """Whether there is an instance here at all: a slip in SERMENT_STATE finds nothing wrong."""
    try:
        if running or any(state.iterdir()):
            return None
    except FileNotFoundError:
        pass
    except OSError:
        return None  # what may not be looked into is said by the check of the folder's rights
    return Finding(
        "instance",
        f"There is no instance in {state} yet.",
        "serment up begins one; if you meant another, name its folder in SERMENT_STATE.",
        "notice",
    )


def keeper_answers(*, running: bool, answered: bool) -> Finding | None:
    """A keeper that does not answer while serment up runs: nothing opens then."""
    if answered or not running:
        return None
    return Finding(
        "keeper",
        "serment up runs, but the keeper does not answer, so no personal data opens.",
        "Read what it says in the output of serment up; it starts again by itself where it can.",
    )


ROTATION_ENTRIES: Final = 100_000_000
ROTATION_DAYS: Final = 365


def rotation(entries: int, began: datetime | None, now: datetime) -> Finding | None:
    """Whether a new log is due: once a year, or at a hundred million entries.

    ``began``: when the first tile of the published log was written; None before that.
    """
    days = 0 if began is None else (now - began).days
    if entries < ROTATION_ENTRIES and days < ROTATION_DAYS:
        return None
    return Finding(
        "rotation",
        f"The public ledger has {entries:,} entries and is {days} days old: a new log is due.",
        "See “Rotation” in docs/operate/ledger.md. Nothing stops meanwhile; the log only grows.",
        "notice",
    )


def log_began(site: Path) -> datetime | None:
    """When the published log's first full tile was written; None where there is none yet."""
    first = site / "tile" / "0" / "000"
    try:
        return datetime.fromtimestamp(first.stat().st_mtime, UTC)
    except OSError:
        return None


def isolation(told: bool | None, *, demo: bool) -> Finding | None:
    """What the keeper says of its entrances' users; None where it does not run.

    Processes that share a user: whoever takes the pages' can read the keys, or work as another.
    """
    if told is None or told:
        return None
    return Finding(
        "isolation",
        "Not isolated: keeper, pages and worker do not each run as a user of their own.",
        "Expected in a demo: its people are invented. For real patients give each process"
        " a user of its own (docs/operate/isolation.md)."
        if demo
        else "Give each process a user of its own (docs/operate/isolation.md).",
        "notice" if demo else "fault",
    )


def database(env: Environment) -> Finding | None:
    """Whether the server named by SERMENT_DATABASE_URL answers and is new enough."""
    if env.database_url is None:
        return None
    try:
        with closing(psycopg.connect(**connecting.parameters(env, "serment_web"))) as asked:
            return machine.server_version(asked.info.server_version // 10_000)
    except psycopg.OperationalError:
        return Finding(
            "database",
            "The database named by SERMENT_DATABASE_URL does not answer.",
            "Check that it runs, and the passwords in the state folder's database-passwords.",
        )

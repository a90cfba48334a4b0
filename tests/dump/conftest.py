"""The demo's database, stolen: as it is kept, and as it would lie without its upkeep."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from serment.config.database import roles, row_order
from serment.config.environment import run_folder
from tests.journeys.demo import Demo

POST_SECONDS_MAX = 90
_ON_ITS_WAY = "SELECT 1 FROM outbox_message WHERE state = 'waiting' AND channel = 'mail'"
_QUEUED = "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'outbox.send_waiting'"
_DUMP = """
import sys
from serment.config.database import dump
sys.stdout.buffer.writelines(dump.whole())
"""
_WHOSE = """
import django, json, sys
from datetime import UTC, datetime, timedelta
django.setup()
from serment.disclosure import oversight
now = datetime.now(UTC)
window = oversight.window(
    oversight.OPERATOR, oversight.Selection(now - timedelta(days=60), now + timedelta(minutes=1))
)
json.dump({str(one.record): str(row.person)
           for row in window.rows if row.kind == "write"
           for one in row.records if one.kind == "appointment"}, sys.stdout)
"""


_ABOUT = """
import django, json, sys
django.setup()
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.outbox.models import Message
told = {}
for house in Establishment.objects.values_list("pk", flat=True):
    with tenancy.inside(tenant=house):
        for id, record in Message.objects.values_list("id", "record_id"):
            told[str(id)] = str(record)
json.dump(told, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Sitting:
    """What one person did within a second: a file made, visits booked, moved, booked again."""

    file: bytes
    visits: list[bytes]


@dataclass(frozen=True, slots=True)
class Lived:
    """The people of ``tests/dump/lived.py`` in the order they came.

    ``at_once`` is the control: a dump taken as the rows lay when written, without the upkeep.
    """

    sittings: list[Sitting]
    at_once: bytes


@contextmanager
def no_upkeep(demo: Demo) -> Iterator[None]:
    """The demo's own upkeep finds its lock taken meanwhile, and does nothing."""
    with roles.connect(demo.state, run_folder(demo.state), "serment") as root:
        root.execute("SELECT pg_advisory_lock(%s)", [row_order.ALONE])
        yield


def take(demo: Demo) -> bytes:
    """A dump, as the demo's own page takes it."""
    return demo.run("-c", _DUMP).stdout


@pytest.fixture(scope="session")
def lived(demo: Demo) -> Lived:
    demo.wait_until_well()
    with no_upkeep(demo):
        told = json.loads(demo.run("-m", "tests.dump.lived").stdout)
        _wait_for_the_post(demo)
        at_once = take(demo)
    sittings = [
        Sitting(one["file"].encode(), [visit.encode() for visit in one["visits"]]) for one in told
    ]
    return Lived(sittings, at_once)


def _wait_for_the_post(demo: Demo) -> None:
    """Only what was put off, or is being sent at this very moment, tells a time (threat model)."""
    with roles.connect(demo.state, run_folder(demo.state), "serment") as root:
        # The minute that every message waits is over.
        root.execute("UPDATE outbox_message SET send_after = '2020-01-01' WHERE state = 'waiting'")
        root.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
        end = time.monotonic() + POST_SECONDS_MAX
        while root.execute(_ON_ITS_WAY).fetchone() or root.execute(_QUEUED).fetchone():
            assert time.monotonic() < end, "the post did not leave"
            time.sleep(0.1)


@pytest.fixture(scope="session")
def dump(demo: Demo, lived: Lived) -> bytes:
    """Taken after the upkeep's round, which comes by itself within a minute."""
    for _ in range(20):
        demo.run("-m", "serment.config.database.upkeep", "--once")
        with no_upkeep(demo), roles.connect(demo.state, run_folder(demo.state), "serment") as root:
            if all(_in_order(root, name) for name in ("scheduling_appointment", "outbox_message")):
                return take(demo)
    raise AssertionError("the upkeep never came to its end")


def _in_order(root: object, name: str) -> bool:
    rows = root.execute(f"SELECT id FROM {name} ORDER BY ctid").fetchall()  # type: ignore[attr-defined]
    return bool(rows == sorted(rows))


@pytest.fixture(scope="session")
def whose(demo: Demo, lived: Lived) -> dict[bytes, str]:
    """The truth, which only the keeper knows: appointment → person."""
    told = json.loads(demo.run("-c", _WHOSE).stdout)
    return {appointment.encode(): person for appointment, person in told.items()}


@pytest.fixture(scope="session")
def about(demo: Demo, lived: Lived) -> dict[bytes, bytes]:
    """Message → the record it is about, which the table alone does not tell."""
    told = json.loads(demo.run("-c", _ABOUT).stdout)
    return {message.encode(): record.encode() for message, record in told.items()}

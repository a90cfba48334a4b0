"""The order in which rows lie says nothing, and keeping it so closes no table for long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from serment import ids
from serment.config.database import roles, row_order, upkeep
from serment.config.database.row_order import RowOrder
from tests.conftest import DATABASE, STATE

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NIGHT = NOON.replace(hour=1)
VISITS = "scheduling_appointment"


@pytest.fixture
def owner(superuser: Any) -> Iterator[Any]:
    """The tables' owner: bound by every wall, and by no superuser's right."""
    host = superuser.info.host
    with roles.connect(STATE, host, DATABASE, roles.OWNER) as connection:
        yield connection


@pytest.fixture
def visits(superuser: Any) -> Iterator[list[UUID]]:
    """Two hundred, in the order in which they were written."""
    made = [ids.new_id() for _ in range(200)]
    # Without the room that rows of earlier tests left, which the first of these would fill.
    superuser.execute(f"TRUNCATE {VISITS} CASCADE")
    with superuser.transaction():
        superuser.execute("SET LOCAL session_replication_role = replica")
        superuser.cursor().executemany(
            f"INSERT INTO {VISITS} (id, establishment_id, role_id, starts_at, ends_at, status,"
            " request_key) VALUES (%(id)s, %(id)s, %(id)s, now(), now() + interval '1 hour',"
            " 'booked', uuid_send(%(id)s))",
            [{"id": one} for one in made],
        )
    yield made
    superuser.execute(f"DELETE FROM {VISITS}")


def _lying(superuser: Any) -> list[UUID]:
    return [row[0] for row in superuser.execute(f"SELECT id FROM {VISITS} ORDER BY ctid")]


def test_rows_lie_as_written_until_they_are_put_in_order(
    superuser: Any, owner: Any, visits: list[UUID]
) -> None:
    assert _lying(superuser) == visits
    assert VISITS in RowOrder().restore(owner, NOON).rewritten
    assert _lying(superuser) == sorted(visits)


def test_every_table_that_tells_of_people_is_kept_in_order(owner: Any) -> None:
    """All walled tables but those anybody reads, and the one whose key a sequence counts."""
    walled = {
        str(row[0])
        for row in owner.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relforcerowsecurity"
            " AND relname NOT LIKE 'directory%'"
        )
    }
    kept = {table.name for table in row_order.tables(owner)}
    assert kept == walled - set(row_order.PUBLIC)
    assert {VISITS, "scheduling_occupancy", "outbox_message", "identity_patientfile"} <= kept


def test_a_round_while_another_runs_does_nothing(
    superuser: Any, owner: Any, visits: list[UUID]
) -> None:
    superuser.execute("SELECT pg_advisory_lock(%s)", [row_order.ALONE])
    try:
        assert RowOrder().restore(owner, NOON).rewritten == []
    finally:
        superuser.execute("SELECT pg_advisory_unlock(%s)", [row_order.ALONE])
    assert _lying(superuser) == visits


def test_a_table_in_use_is_left_and_nobody_waits_long(
    superuser: Any, owner: Any, visits: list[UUID]
) -> None:
    order = RowOrder()
    with superuser.transaction():
        superuser.execute(f"SELECT 1 FROM {VISITS} LIMIT 1")
        done = order.restore(owner, NOON)
        assert VISITS in done.busy
    assert _lying(superuser) == visits
    later = NOON + timedelta(hours=1)
    assert VISITS in order.restore(owner, later).rewritten


def test_a_rewrite_that_takes_too_long_is_cut_short_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, superuser: Any, owner: Any, visits: list[UUID]
) -> None:
    monkeypatch.setattr(row_order, "bounds", lambda _: [("statement_timeout", "40ms")])
    with superuser.transaction():
        superuser.execute("SET LOCAL session_replication_role = replica")
        superuser.execute(
            f"INSERT INTO {VISITS} (id, establishment_id, role_id, starts_at, ends_at, status,"
            " request_key) SELECT md5(id::text || n)::uuid, id, id, starts_at, ends_at, status,"
            f" decode(md5(id::text || n), 'hex') FROM {VISITS}, generate_series(1, 250) n"
        )
    before = _lying(superuser)
    assert VISITS in RowOrder().restore(owner, NOON).busy
    assert _lying(superuser) == before


def test_what_nobody_wrote_to_is_not_rewritten(owner: Any, visits: list[UUID]) -> None:
    order = RowOrder()
    assert VISITS in order.restore(owner, NOON).rewritten
    again = order.restore(owner, NOON + timedelta(hours=1))
    assert VISITS not in again.rewritten + again.later + again.busy


def test_a_table_rests_a_thousand_times_as_long_as_its_rewriting(
    monkeypatch: pytest.MonkeyPatch, superuser: Any, owner: Any, visits: list[UUID]
) -> None:
    order = RowOrder()
    ticks = iter(range(1000))
    monkeypatch.setattr(row_order, "monotonic", lambda: next(ticks) * 0.5)
    order.restore(owner, NOON)
    superuser.execute(f"UPDATE {VISITS} SET status = status")
    superuser.execute("SELECT pg_stat_force_next_flush()")
    superuser.execute("SELECT 1")
    soon, rested = NOON + timedelta(seconds=499), NOON + timedelta(seconds=501)
    assert VISITS in order.restore(owner, soon).later
    assert VISITS in order.restore(owner, rested).rewritten


def test_large_tables_wait_for_the_night(
    monkeypatch: pytest.MonkeyPatch, owner: Any, visits: list[UUID]
) -> None:
    monkeypatch.setattr(row_order, "QUICK_BYTES_MAX", 0)
    assert VISITS in RowOrder().restore(owner, NOON).later
    assert VISITS in RowOrder().restore(owner, NIGHT).rewritten


def test_jobs_that_nobody_will_end_go(superuser: Any, owner: Any) -> None:
    """Done, failed, or begun by a worker that is gone; what waits or runs stays."""
    worker = superuser.execute(
        "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id"
    ).fetchone()[0]
    ways = [("todo", None), ("doing", worker), ("doing", None), ("failed", None)]
    for status, whose in ways:
        superuser.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id)"
            " VALUES ('outbox', 't', %s, %s)",
            [status, whose],
        )
    owner.execute(upkeep.ENDED_JOBS)
    left = superuser.execute("SELECT status::text, worker_id FROM procrastinate_jobs ORDER BY id")
    assert left.fetchall() == ways[:2]
    superuser.execute("DELETE FROM procrastinate_jobs; DELETE FROM procrastinate_workers")

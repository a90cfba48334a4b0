"""Keeps rows in the order of their random keys (docs/decisions/0004).

PostgreSQL lays rows down as they are written, and a dump reads them so: two visits booked in one
sitting are neighbours. A rewrite by primary key leaves an order that says nothing. It closes the
table while it lasts; bounds on waiting and on working keep that short, and a table that cannot be
had now is left for the next round. Between two rounds of a table lies a thousand times what its
rewriting took: it is closed for no more than a thousandth of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

import psycopg
from psycopg import sql

LOCK_MILLISECONDS_MAX: Final = 200
"""Whoever comes while the rewrite waits for its lock waits as long, and no longer."""

QUICK_BYTES_MAX: Final = 50_000_000
"""With its indexes: 100,000 visits, rewritten in under a second. Larger ones wait for the night."""

QUICK_SECONDS_MAX: Final = 2
NIGHT_SECONDS_MAX: Final = 120
REST_FACTOR: Final = 1_000
NIGHT_HOURS_UTC: Final = (1, 2)
"""The small hours in Paris, late evening in the Antilles, early morning in La Réunion."""

ALONE: Final = 7_365_726_100
"""Advisory lock: one rewriting at a time, also of two that start at once."""

Connection = psycopg.Connection[tuple[object, ...]]

# Walled tables, and how many rows were written since the statistics began. What anybody may read
# on the site needs no order. A key that a sequence counts is the order of writing itself.
_TABLES = """
SELECT c.relname, k.relname, pg_total_relation_size(c.oid),
       coalesce(pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid), 0)
FROM pg_class c
JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
JOIN pg_class k ON k.oid = i.indexrelid
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
  AND c.relforcerowsecurity AND c.relname NOT LIKE 'directory\\_%%'
  AND NOT (c.relname = ANY(%s))
  AND NOT EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
    AND CASE WHEN a.attisdropped THEN false  -- asked for such a column, the function fails
        ELSE pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL END)
ORDER BY c.relname
"""
PUBLIC = (
    "scheduling_visitreason", "scheduling_weeklyopening", "scheduling_openingexception",
    "scheduling_absence",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """One table that tells of people; ``written`` counts rows written since statistics began."""

    name: str
    key: str
    size: int
    written: int


@dataclass(slots=True)
class Round:
    """What one round did, by table; ``later`` are those whose time has not come."""

    rewritten: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)


def tables(owner: Connection) -> list[Table]:
    """Every table whose order must say nothing."""
    rows = owner.execute(_TABLES, [list(PUBLIC)])
    return [Table(str(name), str(key), int(str(size)), int(str(written)))
            for name, key, size, written in rows]  # fmt: skip


class RowOrder:
    """Rewrites what was written to since it last looked; remembers counts and times only."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._rests_until: dict[str, datetime] = {}

    def restore(self, owner: Connection, now: datetime) -> Round:
        """One round, on an autocommit connection of the tables' owner.

        Nothing is done while another round runs elsewhere.
        """
        done = Round()
        if not _alone(owner):
            return done
        try:
            for table in tables(owner):
                if self._seen.get(table.name) != table.written:
                    self._restore(owner, table, now, done)
        finally:
            owner.execute("SELECT pg_advisory_unlock(%s)", [ALONE])
        return done

    def _restore(self, owner: Connection, table: Table, now: datetime, done: Round) -> None:
        large = table.size > QUICK_BYTES_MAX
        if self._rests_until.get(table.name, now) > now or (
            large and now.hour not in NIGHT_HOURS_UTC
        ):
            done.later.append(table.name)
            return
        begun = monotonic()
        if _rewrite(owner, table, NIGHT_SECONDS_MAX if large else QUICK_SECONDS_MAX):
            self._seen[table.name] = table.written
            done.rewritten.append(table.name)
        else:
            done.busy.append(table.name)
        took = timedelta(seconds=monotonic() - begun)
        self._rests_until[table.name] = now + REST_FACTOR * took


def _alone(owner: Connection) -> bool:
    row = owner.execute("SELECT pg_try_advisory_lock(%s)", [ALONE]).fetchone()
    return bool(row and row[0])


def _rewrite(owner: Connection, table: Table, seconds_max: int) -> bool:
    """Whether it was done in its time; a rewrite that was cut short changes nothing."""
    try:
        with owner.transaction():
            for name, value in bounds(seconds_max):
                owner.execute("SELECT set_config(%s, %s, true)", [name, value])
            owner.execute(
                sql.SQL("CLUSTER {} USING {}").format(
                    sql.Identifier(table.name), sql.Identifier(table.key)
                )
            )
    except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
        return False
    return True


def bounds(seconds_max: int) -> Sequence[tuple[str, str]]:
    return (
        ("lock_timeout", f"{LOCK_MILLISECONDS_MAX}ms"),
        ("statement_timeout", f"{seconds_max}s"),
        ("maintenance_work_mem", "256MB"),
    )

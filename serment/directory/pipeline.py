"""Several SQL statements in one round trip, each prepared once a connection.

For the few acts that many people do at once. What a statement changes, the next one sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg
from django.db import connections

Statement = tuple[str, Sequence[Any] | Mapping[str, Any]]
Rows = list[tuple[Any, ...]]

PREPARED_AFTER: Final = 3
"""How often a connection sees a statement before PostgreSQL is asked to keep its plan."""


def together(statements: Sequence[Statement], *, using: str = "default") -> list[Rows]:
    """The rows of each statement; Django's database errors when one fails, as elsewhere."""
    if not statements:
        return []
    connection: Any = connections[using]
    connection.validate_thread_sharing()
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    line: psycopg.Connection[Any] = connection.connection
    # Django's own cursors put values in themselves and are never prepared, whatever stands here.
    line.prepare_threshold = PREPARED_AFTER
    if len(statements) == 1:  # a pipeline of one costs more than it saves
        with connection.wrap_database_errors:
            cursors = [_sent(line, *statements[0])]
    else:
        with connection.wrap_database_errors, line.pipeline():
            cursors = [_sent(line, *statement) for statement in statements]
    return [cursor.fetchall() if _has_rows(cursor) else [] for cursor in cursors]


def _has_rows(cursor: psycopg.Cursor[Any]) -> bool:
    """``description`` would answer, and make an object for each column."""
    return bool(cursor.pgresult and cursor.pgresult.nfields)


def _sent(
    line: psycopg.Connection[Any], sql: str, values: Sequence[Any] | Mapping[str, Any]
) -> psycopg.Cursor[Any]:
    return psycopg.Cursor(line).execute(sql, values)

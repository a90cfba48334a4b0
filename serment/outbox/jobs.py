"""A job of the queue as a statement: it goes in one round trip with what it follows from.

Says to PostgreSQL what procrastinate's own ``defer`` says (``defer_jobs`` in its queries), over
the function that the library's schema numbers for callers of other releases.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from procrastinate.tasks import Task
from psycopg.types.json import Jsonb

from serment.directory.pipeline import Statement

_DEFER = """
SELECT procrastinate_defer_jobs_v1(ARRAY[
  ROW(%s::varchar, %s::varchar, %s::integer, %s::text, %s::text, %s::jsonb, %s::timestamptz)
    ::procrastinate_job_to_defer_v1])
"""


def deferring(task: Task[Any, Any, Any], at: datetime | None = None, **arguments: str) -> Statement:
    """The statement that puts a job in the queue, part of the transaction it is sent in; ``at``:
    not to be done before."""
    job = task.configure().job
    return _DEFER, [
        job.queue,
        job.task_name,
        job.priority,
        job.lock,
        job.queueing_lock,
        Jsonb(arguments),
        at,
    ]

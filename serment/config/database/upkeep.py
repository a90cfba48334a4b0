"""The upkeep process: each minute the order of rows, and the queue's jobs that nobody will end.

It signs in as the owner of the tables, whom row-level security shows no row: it rewrites what it
cannot read. It runs beside pages and worker, and once before they start.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import psycopg

from serment import clock
from serment.config import environment
from serment.config.database import connecting, roles
from serment.config.database.row_order import Connection, Round, RowOrder
from serment.config.environment import Environment

ROUND_SECONDS: Final = 60.0
SILENT_SECONDS_MAX: Final = 900.0
"""The longest rounds are those of a night."""

# A job's row keeps its place in the order of all jobs, and its events keep instants. Nobody takes
# up a job whose worker is gone; what it should have sent, the next minute's sweep sends.
ENDED_JOBS = """
DELETE FROM procrastinate_jobs j
WHERE j.status NOT IN ('todo', 'doing')
   OR (j.status = 'doing' AND NOT EXISTS (
        SELECT FROM procrastinate_workers w
        WHERE w.id = j.worker_id AND w.last_heartbeat > now() - interval '2 minutes'))
"""


def beat_file(env: Environment) -> Path:
    """Touched after each round."""
    return env.run / "upkeep"


def beats(env: Environment) -> bool:
    """Whether a round has ended lately."""
    try:
        last = beat_file(env).stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - last < SILENT_SECONDS_MAX


def owner(env: Environment) -> Connection:
    """An autocommit connection of the tables' owner, without Django."""
    return psycopg.connect(**connecting.parameters(env, roles.OWNER), autocommit=True)


def keep_up(env: Environment, order: RowOrder) -> Round:
    """One round. Raises psycopg.OperationalError while the database is away."""
    with owner(env) as connection:
        connection.execute(ENDED_JOBS)
        done = order.restore(connection, clock.now())
    beat_file(env).touch()
    return done


def main() -> None:
    """``--once`` for the start and its failure, else until the process is ended."""
    env, order = environment.read(), RowOrder()
    if "--once" in sys.argv[1:]:
        keep_up(env, order)
        return
    while True:
        try:
            busy = keep_up(env, order).busy
        except psycopg.OperationalError:
            sys.stdout.write("the database is away; the next round follows in a minute\n")
        else:
            if busy:
                sys.stdout.write(f"in use, left for the next round: {', '.join(busy)}\n")
        sys.stdout.flush()
        time.sleep(ROUND_SECONDS)


if __name__ == "__main__":
    main()

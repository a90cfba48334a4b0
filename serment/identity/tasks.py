"""Identity's own housekeeping, done by the worker."""

from __future__ import annotations

from procrastinate.contrib.django import app


@app.periodic(cron="7 * * * *", periodic_id="sessions")
@app.task(name="identity.sweep_sessions", queueing_lock="identity.sweep_sessions")
def sweep_sessions(timestamp: int) -> None:
    """Each hour: rows of sessions whose time has passed go."""
    from serment.identity.sessions import SessionStore

    SessionStore.clear_expired()

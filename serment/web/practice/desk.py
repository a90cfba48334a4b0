"""What a signed-in desk remembers between two pages: whose agendas it shows, what it has opened.

Kept in the sealed session. What was opened closes by itself; each page that shows it again asks
the gate again, so the record tells every opening and not only the first.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest

OPEN_MINUTES = 30
_KEY = "serment.cabinet"


def names_of(role_id: UUID, day: date) -> str:
    """The names of one practitioner's day."""
    return f"names:{role_id}:{day.isoformat()}"


def reasons_of(role_id: UUID, day: date) -> str:
    """Why the patients of one practitioner's day come."""
    return f"reasons:{role_id}:{day.isoformat()}"


def person_of(appointment_id: UUID) -> str:
    """Who comes to one appointment."""
    return f"person:{appointment_id}"


def reason_of(appointment_id: UUID) -> str:
    """Why somebody comes to one appointment."""
    return f"reason:{appointment_id}"


class Desk:
    """The memory of one session at the desk."""

    def __init__(self, request: HttpRequest, now: datetime) -> None:
        self._request = request
        self._now = now
        kept: dict[str, Any] = request.session.get(_KEY) or {}
        self.roles = [UUID(one) for one in kept.get("roles", ())]
        self.initials = bool(kept.get("initials"))
        self._open = {
            what: until
            for what, until in dict(kept.get("open", {})).items()
            if datetime.fromisoformat(until) > now
        }

    def choose(self, roles: list[UUID]) -> None:
        """Show these practitioners from now on."""
        self.roles = roles
        self._keep()

    def show_initials(self, only: bool) -> None:
        """Show initials instead of names, for screens that others can see."""
        self.initials = only
        self._keep()

    def open(self, what: str) -> None:
        """Remember an opening; of each sort one is open at a time: the focused column, the panel's
        appointment."""
        sort = what.partition(":")[0]
        self.close(sort)
        if sort == "names":
            self.close("reasons")
        until = self._now + timedelta(minutes=OPEN_MINUTES)
        self._open[what] = until.isoformat()
        self._keep()

    def close(self, sort: str) -> None:
        """Close all of one sort."""
        self._open = {what: until for what, until in self._open.items() if _sort(what) != sort}
        self._keep()

    def close_all(self) -> None:
        """Close everything: it does not open any more."""
        self._open = {}
        self._keep()

    def is_open(self, what: str) -> bool:
        """Whether this session opened it, and it has not closed by itself."""
        return what in self._open

    def _keep(self) -> None:
        self._request.session[_KEY] = {
            "roles": [str(role) for role in self.roles],
            "initials": self.initials,
            "open": self._open,
        }


def _sort(what: str) -> str:
    return what.partition(":")[0]

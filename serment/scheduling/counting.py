"""How many visits of one reason a practitioner takes a day: counted in the booking's transaction.

An appointment's reason is sealed, so the count may not tell it: a row is a tag and a number. The
tag is derived from practitioner, reason and day with the web's own secret; no row says whose it is,
and no appointment names it. Where a cap is set later, what was booked before is not counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from uuid import UUID

from django.db import connections, transaction
from django.utils.crypto import salted_hmac

from serment.directory.pipeline import together
from serment.scheduling import wall_clock
from serment.scheduling.availability import Calendar, Span, Visit

_SALT = "serment.scheduling.counting"
TAG_BYTES = 16

# The row's lock is the guard: of two bookings at once the second waits, and counts what the first
# committed. Nothing comes back where the day is full.
_TAKE = """
INSERT INTO scheduling_daycount (tag, establishment_id, taken, forget_after)
VALUES (%(tag)s, %(tenant)s, 1, %(forget)s)
ON CONFLICT (tag) DO UPDATE SET taken = scheduling_daycount.taken + 1
WHERE scheduling_daycount.taken < %(cap)s
RETURNING taken
"""
_GIVE_BACK = """
UPDATE scheduling_daycount SET taken = taken - 1 WHERE tag = %(tag)s AND taken > 0
"""
_FULL = """
SELECT c.tag FROM unnest(%s::bytea[], %s::int[]) AS asked(tag, cap)
JOIN scheduling_daycount c ON c.tag = asked.tag AND c.taken >= asked.cap
"""
_SWEEP = "DELETE FROM scheduling_daycount WHERE forget_after < %s"

NO_CAP = (1 << 15) - 1
"""As far as an overbooking counts: to the end of the column."""


@dataclass(frozen=True, slots=True)
class Day:
    """What is counted: one reason of one practitioner on one local date."""

    role: UUID
    reason: UUID
    on: date

    @property
    def tag(self) -> bytes:
        """Its name in the table; the same for the same day, and nothing to whoever reads it."""
        named = self.role.bytes + self.reason.bytes + self.on.isoformat().encode()
        return hashlib.blake2b(named, key=_key(), digest_size=TAG_BYTES).digest()


@cache
def _key() -> bytes:
    return salted_hmac(_SALT, "", algorithm="sha256").digest()


def take(day: Day, tenant: UUID, cap: int) -> bool:
    """Count one more, at most up to the cap; False where the day is full.

    Inside the booking's transaction, after its time was taken; the row stays locked until it ends.
    """
    values = {"tag": day.tag, "tenant": tenant, "cap": cap, "forget": _end_of_month(day.on)}
    (rows,) = together([(_TAKE, values)])
    return bool(rows)


def give_back(day: Day) -> None:
    """Count one less: a counted visit was cancelled or moved."""
    together([(_GIVE_BACK, {"tag": day.tag})])


def full_days(
    asked: Mapping[UUID, tuple[Calendar, Visit]], window: Span, *, using: str
) -> dict[UUID, frozenset[date]]:
    """By role, the local dates touching the window on which its reason is full.

    One question for all, and none where no reason has a cap.
    """
    capped = {
        role: (calendar, visit)
        for role, (calendar, visit) in asked.items()
        if visit.daily_cap is not None
    }
    if not capped:
        return {}
    days = {
        Day(role, visit.id, on).tag: (role, on, visit.daily_cap or 0)
        for role, (calendar, visit) in capped.items()
        for on in _dates(calendar, window)
    }
    found: dict[UUID, set[date]] = {}
    with connections[using].cursor() as cursor:
        cursor.execute(_FULL, [list(days), [cap for _role, _on, cap in days.values()]])
        for (tag,) in cursor.fetchall():
            role, on, _cap = days[bytes(tag)]
            found.setdefault(role, set()).add(on)
    return {role: frozenset(some) for role, some in found.items()}


def sweep(now: datetime) -> None:
    """Forget the counts of months that are over; the worker alone sees those of all houses."""
    with transaction.atomic():
        together([(_SWEEP, [now.date()])])


def _dates(calendar: Calendar, window: Span) -> Iterable[date]:
    first = wall_clock.local_date(window[0], calendar.zone)
    last = wall_clock.local_date(window[1] - 1, calendar.zone)
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _end_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)

"""When a reminder is due: days before at an hour of the site's clock, or hours before. Pure.

A moment is a small number, as a row keeps it: ``days × 100 + hour``, or ``1000 + hours``. Nothing
is due in the quiet hours: what would be waits no longer than the visit lets it, so it comes the
evening before them instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DEFAULT: Final = (118,)
"""The day before, at 18:00."""
MOMENTS_MAX: Final = 3
DAYS_MAX: Final = 7
HOURS_MAX: Final = 72
QUIET_FROM, QUIET_UNTIL = 21, 8
_EVENING: Final = time(20)
_HOURS: Final = 1000


@dataclass(frozen=True, slots=True)
class Moment:
    """``days`` before at ``hour``; or ``hours`` before, where that is not None."""

    days: int = 0
    hour: int = 0
    hours: int | None = None

    @property
    def code(self) -> int:
        """As a row keeps it."""
        return self.days * 100 + self.hour if self.hours is None else _HOURS + self.hours


def moment(code: int) -> Moment | None:
    """A moment from its number; None for one there is not."""
    if code >= _HOURS:
        return Moment(hours=code - _HOURS) if 1 <= code - _HOURS <= HOURS_MAX else None
    days, hour = divmod(code, 100)
    good = days <= DAYS_MAX and QUIET_UNTIL <= hour < QUIET_FROM
    return Moment(days, hour) if good else None


def is_quiet(instant: datetime, zone: str) -> bool:
    """Whether people sleep there."""
    return not QUIET_UNTIL <= instant.astimezone(ZoneInfo(zone)).hour < QUIET_FROM


def awake_again(instant: datetime, zone: str) -> datetime:
    """The end of the quiet hours an instant lies in."""
    local = instant.astimezone(ZoneInfo(zone))
    day = local.date() if local.hour < QUIET_UNTIL else local.date() + timedelta(days=1)
    return _at(day, time(QUIET_UNTIL), zone)


def due(starts_at: datetime, zone: str, code: int) -> datetime | None:
    """When the reminder of a visit is due; None for a number that is no moment."""
    wanted = moment(code)
    if wanted is None:
        return None
    if wanted.hours is None:
        day = starts_at.astimezone(ZoneInfo(zone)).date() - timedelta(days=wanted.days)
        return _at(day, time(wanted.hour), zone)
    at = starts_at - timedelta(hours=wanted.hours)
    if not is_quiet(at, zone):
        return at
    local = at.astimezone(ZoneInfo(zone))
    evening = local.date() if local.hour >= QUIET_FROM else local.date() - timedelta(days=1)
    return _at(evening, _EVENING, zone)


def spans(
    code: int, zone: str, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Spans of starts among which every visit lies whose reminder falls due in (since, until]; not
    all that lie in them do."""
    wanted = moment(code)
    if wanted is None:
        return
    first = since.astimezone(ZoneInfo(zone)).date()
    last = until.astimezone(ZoneInfo(zone)).date()
    if wanted.hours is not None:
        ahead = timedelta(hours=wanted.hours)
        yield since + ahead, until + ahead + timedelta(microseconds=1)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if wanted.hours is None:
            if since < _at(day, time(wanted.hour), zone) <= until:
                visits = day + timedelta(days=wanted.days)
                yield _at(visits, time(0), zone), _at(visits + timedelta(days=1), time(0), zone)
        elif since < _at(day, _EVENING, zone) <= until:
            ahead = timedelta(hours=wanted.hours)
            night = (
                _at(day, time(QUIET_FROM), zone),
                _at(day + timedelta(days=1), time(QUIET_UNTIL), zone),
            )
            yield night[0] + ahead, night[1] + ahead


def _at(day: date, hour: time, zone: str) -> datetime:
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)

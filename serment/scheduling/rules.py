"""Rules and time taken, read for many roles in a fixed number of queries.

The public search reads through the alias of a role that sees no patient and cannot write; a
booking reads through its own transaction. Both get the same values and hand them to
``availability``. Rows of one establishment never count for a role of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache, partial
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connections

from serment.directory.holidays import is_public_holiday
from serment.scheduling import wall_clock
from serment.scheduling.availability import Calendar, DatedHours, Opening, Span, Visit

T = TypeVar("T")

# Minutes since the epoch, outwards: a span that starts or ends within a minute takes all of it.
_FROM = "floor(date_part('epoch', lower({0})) / 60)::bigint"
_TO = "ceil(date_part('epoch', upper({0})) / 60)::bigint"

# Roles that patients may see, where they are, and the reasons they may book online.
_REASONS = """
SELECT r.id, r.establishment_id, s.timezone, s.holiday_region, r.takes_new_patients,
       v.id, v.duration_minutes, v.buffer_before_minutes, v.buffer_after_minutes,
       v.notice_minutes, v.horizon_days, v.late_release_minutes,
       v.in_person, v.video AND r.video, v.new_patients, v.known_patients, v.red_flags
FROM directory_practitionerrole r
JOIN directory_site s ON s.id = r.site_id
LEFT JOIN scheduling_visitreason v
  ON v.role_id = r.id AND v.establishment_id = r.establishment_id AND v.active
WHERE r.id = ANY(%s) AND r.active
ORDER BY v.position, v.name_fr, v.id
"""

# Weekly hours of those roles that hold somewhere between two dates.
_OPENINGS = """
SELECT o.role_id, o.weekday, o.starts, o.ends, o.valid_from, o.valid_until, o.reasons,
       o.closed_on_holidays, o.late_release_minutes
FROM scheduling_weeklyopening o
JOIN directory_practitionerrole r ON r.id = o.role_id AND r.establishment_id = o.establishment_id
WHERE o.role_id = ANY(%s)
  AND coalesce(o.valid_from, '-infinity') <= %s AND coalesce(o.valid_until, 'infinity') >= %s
"""

# Dates that differ from the week.
_EXCEPTIONS = """
SELECT e.role_id, e.day, e.starts, e.ends, e.kind = 'opened'
FROM scheduling_openingexception e
JOIN directory_practitionerrole r ON r.id = e.role_id AND r.establishment_id = e.establishment_id
WHERE e.role_id = ANY(%s) AND e.day BETWEEN %s AND %s
"""

# Times away that touch the window; one without an end lasts.
_ABSENCES = f"""
SELECT a.role_id, coalesce({_FROM.format("a.span")}, 0),
       coalesce({_TO.format("a.span")}, 1 << 31)
FROM scheduling_absence a
JOIN directory_practitionerrole r ON r.id = a.role_id AND r.establishment_id = a.establishment_id
WHERE a.role_id = ANY(%s) AND a.span && tstzrange(%s, %s)
"""

# Time taken that touches the window, an expired hold excepted. upper(span) is the index's key.
_TAKEN = f"""
SELECT o.claimant_id, array_agg({_FROM.format("o.span")}), array_agg({_TO.format("o.span")})
FROM unnest(%s::uuid[], %s::uuid[]) AS r(id, establishment_id)
JOIN scheduling_occupancy o
  ON o.claimant_id = r.id AND o.establishment_id = r.establishment_id
WHERE upper(o.span) > %s AND lower(o.span) < %s
  AND (o.expires_at IS NULL OR o.expires_at > %s)
GROUP BY o.claimant_id
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """A visit reason as search and booking need it."""

    visit: Visit
    in_person: bool
    video: bool
    new_patients: bool
    known_patients: bool
    red_flags: tuple[str, ...] = ()

    @property
    def mode(self) -> str:
        """``in_person``, ``video``, or ``either`` where the patient chooses."""
        if self.in_person and self.video:
            return "either"
        return "video" if self.video else "in_person"

    def allows(self, mode: str) -> bool:
        """Whether a visit may be held that way."""
        return {"in_person": self.in_person, "video": self.video}.get(mode, False)


@dataclass(slots=True)
class Plan:
    """Everything about one role that decides on its slots, except the time taken."""

    role_id: UUID
    establishment_id: UUID
    calendar: Calendar
    reasons: dict[UUID, Reason]
    """Open online, in the order of the practitioner's list."""

    def reason(self, reason_id: UUID | None, *, mode: str = "") -> Reason | None:
        """The reason asked for, or the first of the list (that can be held in ``mode``)."""
        if reason_id is not None:
            return self.reasons.get(reason_id)
        for reason in self.reasons.values():
            if not mode or reason.allows(mode):
                return reason
        return None


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=16384)
def _is_holiday(region: str, day: date) -> bool:
    return is_public_holiday(day, region) is not None


@cache
def _holidays_of(region: str) -> Callable[[date], bool]:
    return partial(_is_holiday, region)


def plans(role_ids: Sequence[UUID], window: Span, *, using: str) -> dict[UUID, Plan]:
    """The plans of all active roles asked for, for local dates touching the window (minutes)."""
    if not role_ids:
        return {}
    ids, days = list(role_ids), _days(window)
    instants = wall_clock.instant_of(window[0]), wall_clock.instant_of(window[1])
    openings = _grouped(_rows(_OPENINGS, [ids, days[1], days[0]], using), _opening)
    exceptions = _grouped(_rows(_EXCEPTIONS, [ids, *days], using), _dated_hours)
    absences = _grouped(_rows(_ABSENCES, [ids, *instants], using), _span)
    found: dict[UUID, Plan] = {}
    for row in _rows(_REASONS, [ids], using):
        plan = found.get(row[0])
        if plan is None:
            calendar = Calendar(
                zone=_zone(row[2]),
                openings=tuple(openings.get(row[0], ())),
                exceptions=tuple(exceptions.get(row[0], ())),
                absences=tuple(absences.get(row[0], ())),
                is_holiday=_holidays_of(row[3]),
            )
            plan = found[row[0]] = Plan(row[0], row[1], calendar, {})
        if row[5] is not None:
            new_patients = row[14] and row[4]
            plan.reasons[row[5]] = Reason(
                Visit(*row[5:12]), row[12], row[13], new_patients, row[15], tuple(row[16])
            )
    return found


def taken(
    for_plans: Iterable[Plan], window: Span, now: int, *, using: str
) -> dict[UUID, list[Span]]:
    """Spans taken per role that touch the window, widened by a day on both sides."""
    roles = list(for_plans)
    if not roles:
        return {}
    parameters = [
        [plan.role_id for plan in roles],
        [plan.establishment_id for plan in roles],
        wall_clock.instant_of(window[0] - wall_clock.DAY_MINUTES),
        wall_clock.instant_of(window[1] + wall_clock.DAY_MINUTES),
        wall_clock.instant_of(now),
    ]
    return {
        claimant: list(zip(starts, ends, strict=True))
        for claimant, starts, ends in _rows(_TAKEN, parameters, using)
    }


def _days(window: Span) -> tuple[date, date]:
    """Dates that the window can touch in any zone."""
    first = wall_clock.instant_of(window[0]).date() - timedelta(days=1)
    return first, wall_clock.instant_of(window[1]).date() + timedelta(days=1)


def _rows(sql: str, parameters: Sequence[Any], using: str) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _grouped(
    rows: Iterable[tuple[Any, ...]], make: Callable[[tuple[Any, ...]], T]
) -> dict[UUID, list[T]]:
    found: dict[UUID, list[T]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(make(row))
    return found


def _opening(row: tuple[Any, ...]) -> Opening:
    return Opening(
        weekday=row[1],
        starts=wall_clock.time_of_day(row[2]),
        ends=wall_clock.time_of_day(row[3], end=True),
        valid_from=row[4],
        valid_until=row[5],
        reasons=frozenset(row[6]),
        closed_on_holidays=row[7],
        late_release=row[8],
    )


def _dated_hours(row: tuple[Any, ...]) -> DatedHours:
    starts, ends = wall_clock.time_of_day(row[2]), wall_clock.time_of_day(row[3], end=True)
    return DatedHours(day=row[1], starts=starts, ends=ends, opened=row[4])


def _span(row: tuple[Any, ...]) -> Span:
    return (row[1], row[2])

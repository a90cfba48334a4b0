"""Rules and time taken, read for many roles in a fixed number of queries.

The public search reads through the alias of a role that sees no patient and cannot write; a
booking reads through its own transaction. Both get the same values and hand them to
``availability``. Rows of one establishment never count for a role of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache, lru_cache, partial
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connections

from serment.directory.holidays import is_public_holiday
from serment.directory.pipeline import Rows, Statement, together
from serment.scheduling import wall_clock
from serment.scheduling.availability import Calendar, DatedHours, Opening, Span, Visit

T = TypeVar("T")

# Minutes since the epoch, outwards: a span that starts or ends within a minute takes all of it.
_FROM = "floor(date_part('epoch', lower({0})) / 60)::bigint"
_TO = "ceil(date_part('epoch', upper({0})) / 60)::bigint"

# Roles asked for answer by their place in the question: for hundreds of them, with ten rows each, a
# number is read and looked up far quicker than an id.
_ASKED = "unnest(%s::uuid[]) WITH ORDINALITY AS asked(id, place)"

# Roles that patients may see, where they are, and the reasons they may book online.
_REASONS = f"""
SELECT asked.place, r.establishment_id, s.timezone, s.holiday_region, r.takes_new_patients,
       v.id, v.duration_minutes, v.buffer_before_minutes, v.buffer_after_minutes,
       v.notice_minutes, v.horizon_days, v.late_release_minutes,
       v.in_person, v.video AND r.video, v.new_patients, v.known_patients, v.red_flags, r.site_id
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN directory_site s ON s.id = r.site_id
LEFT JOIN scheduling_visitreason v
  ON v.role_id = r.id AND v.establishment_id = r.establishment_id AND v.active
WHERE r.active
ORDER BY v.position, v.name_fr, v.id
"""

# Weekly hours of those roles that hold somewhere between two dates.
_OPENINGS = f"""
SELECT asked.place, o.weekday, o.starts, o.ends, o.valid_from, o.valid_until, o.reasons,
       o.closed_on_holidays, o.late_release_minutes
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN scheduling_weeklyopening o ON o.role_id = r.id AND o.establishment_id = r.establishment_id
WHERE coalesce(o.valid_from, '-infinity') <= %s AND coalesce(o.valid_until, 'infinity') >= %s
"""

# Dates that differ from the week.
_EXCEPTIONS = f"""
SELECT asked.place, e.day, e.starts, e.ends, e.kind = 'opened'
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN scheduling_openingexception e ON e.role_id = r.id AND e.establishment_id = r.establishment_id
WHERE e.day BETWEEN %s AND %s
"""

# Times away that touch the window; one without an end lasts.
_ABSENCES = f"""
SELECT asked.place, coalesce({_FROM.format("a.span")}, 0),
       coalesce({_TO.format("a.span")}, 1 << 31)
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN scheduling_absence a ON a.role_id = r.id AND a.establishment_id = r.establishment_id
WHERE a.span && tstzrange(%s, %s)
"""

# Time taken that touches the window, expired holds excepted. Spans up to a day by their end, which
# bounds the index scan on both sides; the few longer ones by an index of their own.
_TAKEN_PART = """
SELECT o.claimant_id, o.span
FROM unnest(%(roles)s::uuid[], %(establishments)s::uuid[]) AS r(id, establishment_id)
JOIN scheduling_occupancy o
  ON o.establishment_id = r.establishment_id AND o.claimant_id = r.id
WHERE upper(o.span) > %(from)s AND lower(o.span) < %(to)s
  AND (o.expires_at IS NULL OR o.expires_at > %(now)s)
"""
_TAKEN = f"""
SELECT t.claimant_id, array_agg({_FROM.format("t.span")}), array_agg({_TO.format("t.span")})
FROM (
  {_TAKEN_PART} AND upper(o.span) < %(to_and_a_day)s
  AND upper(o.span) - lower(o.span) <= interval '1 day'
  UNION ALL
  {_TAKEN_PART} AND upper(o.span) - lower(o.span) > interval '1 day'
) t
GROUP BY t.claimant_id
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
    site_id: UUID
    calendar: Calendar
    reasons: dict[UUID, Reason]
    """Open online, in the order of the practitioner's list."""

    def reason(self, reason_id: UUID | None, *, mode: str = "") -> Reason | None:
        """The reason asked for; without one, the first open to somebody new, else the first.

        ``mode`` leaves only reasons that can be held that way.
        """
        if reason_id is not None:
            return self.reasons.get(reason_id)
        fitting = [one for one in self.reasons.values() if not mode or one.allows(mode)]
        return next((one for one in fitting if one.new_patients), next(iter(fitting), None))


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=16384)
def _is_holiday(region: str, day: date) -> bool:
    return is_public_holiday(day, region) is not None


@cache
def _holidays_of(region: str) -> Callable[[date], bool]:
    return partial(_is_holiday, region)


def plans(
    role_ids: Sequence[UUID], window: Span, *, using: str, at_once: bool = False
) -> dict[UUID, Plan]:
    """The plans of all active roles asked for, for local dates touching the window (minutes).

    ``at_once``: in one round trip, by statements prepared for few roles; hundreds need their own.
    """
    if not role_ids:
        return {}
    roles = list(dict.fromkeys(role_ids))
    ids, days = _array(roles), _days(window)
    instants = wall_clock.instant_of(window[0]), wall_clock.instant_of(window[1])
    asked: list[Statement] = [
        (_OPENINGS, [ids, days[1], days[0]]),
        (_EXCEPTIONS, [ids, *days]),
        (_ABSENCES, [ids, *instants]),
        (_REASONS, [ids]),
    ]
    weekly, dated, away, reasons = (
        together(asked, using=using) if at_once else [_rows(*one, using) for one in asked]
    )
    openings = _grouped(weekly, _opening)
    exceptions = _grouped(dated, _dated_hours)
    absences = _grouped(away, _span)
    found: dict[int, Plan] = {}
    for row in reasons:
        plan = found.get(row[0])
        if plan is None:
            calendar = Calendar(
                zone=_zone(row[2]),
                openings=tuple(openings.get(row[0], ())),
                exceptions=tuple(exceptions.get(row[0], ())),
                absences=tuple(absences.get(row[0], ())),
                is_holiday=_holidays_of(row[3]),
            )
            plan = found[row[0]] = Plan(roles[row[0] - 1], row[1], row[17], calendar, {})
        if row[5] is not None:
            new_patients = row[14] and row[4]
            plan.reasons[row[5]] = Reason(
                Visit(*row[5:12]), row[12], row[13], new_patients, row[15], tuple(row[16])
            )
    return {plan.role_id: plan for plan in found.values()}


def taken(
    for_plans: Iterable[Plan], window: Span, now: int, *, using: str
) -> dict[UUID, list[Span]]:
    """Spans taken per role that can matter to a slot starting in the window."""
    roles = list(for_plans)
    return spans(_rows(*taken_statement(roles, window, now), using)) if roles else {}


def taken_statement(roles: Sequence[Plan], window: Span, now: int) -> Statement:
    """What ``taken`` asks, for at least one role; ``spans`` reads the rows."""
    start, end = _days_around(roles, window)
    parameters = {
        "roles": _array(plan.role_id for plan in roles),
        "establishments": _array(plan.establishment_id for plan in roles),
        "from": wall_clock.instant_of(start),
        "to": wall_clock.instant_of(end),
        "to_and_a_day": wall_clock.instant_of(end + wall_clock.DAY_MINUTES),
        "now": wall_clock.instant_of(now),
    }
    return _TAKEN, parameters


def spans(rows: Rows) -> dict[UUID, list[Span]]:
    """Spans taken by role, from the rows of a ``taken_statement``."""
    return {claimant: list(zip(starts, ends, strict=True)) for claimant, starts, ends in rows}


def _days_around(roles: Iterable[Plan], window: Span) -> Span:
    """From the midnight before the window, where the walk begins, to the end of its last visit."""
    zones = {plan.calendar.zone for plan in roles}
    longest = max((r.visit.block for plan in roles for r in plan.reasons.values()), default=0)
    return min(wall_clock.day_start(window[0], zone) for zone in zones), window[1] + longest


def _array(ids: Iterable[UUID]) -> str:
    """As PostgreSQL writes an array; for hundreds of ids far quicker than the driver's way."""
    return "{" + ",".join(map(str, ids)) + "}"


def _days(window: Span) -> tuple[date, date]:
    """Dates that the window can touch in any zone."""
    first = wall_clock.instant_of(window[0]).date() - timedelta(days=1)
    return first, wall_clock.instant_of(window[1]).date() + timedelta(days=1)


def _rows(
    sql: str, parameters: Sequence[Any] | Mapping[str, Any], using: str
) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _grouped(
    rows: Iterable[tuple[Any, ...]], make: Callable[[tuple[Any, ...]], T]
) -> dict[int, list[T]]:
    found: dict[int, list[T]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(make(row))
    return found


def _opening(row: tuple[Any, ...]) -> Opening:
    return _known_opening(*row[1:6], frozenset(row[6]), *row[7:])


@lru_cache(maxsize=16384)
def _known_opening(
    weekday: int,
    starts: time,
    ends: time,
    valid_from: date | None,
    valid_until: date | None,
    reasons: frozenset[UUID],
    closed_on_holidays: bool,
    late_release: int | None,
) -> Opening:
    """Immutable and the same for all who keep the same hours."""
    return Opening(
        weekday=weekday,
        starts=wall_clock.time_of_day(starts),
        ends=wall_clock.time_of_day(ends, end=True),
        valid_from=valid_from,
        valid_until=valid_until,
        reasons=reasons,
        closed_on_holidays=closed_on_holidays,
        late_release=late_release,
    )


def _dated_hours(row: tuple[Any, ...]) -> DatedHours:
    starts, ends = wall_clock.time_of_day(row[2]), wall_clock.time_of_day(row[3], end=True)
    return DatedHours(day=row[1], starts=starts, ends=ends, opened=row[4])


def _span(row: tuple[Any, ...]) -> Span:
    return (row[1], row[2])

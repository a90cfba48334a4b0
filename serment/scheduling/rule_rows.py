"""The rows behind the rules of some roles: what is asked of PostgreSQL, and what its answers mean.

Every statement answers for all roles asked about, by their place in the question. What many share
(hours above all) is answered once, with the places of all who do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

from serment.scheduling import wall_clock
from serment.scheduling.availability import Away, DatedHours, Opening, Public, Span

T = TypeVar("T")

# Minutes since the epoch, outwards: a span that starts or ends within a minute takes all of it.
_FROM = "floor(date_part('epoch', lower({0})) / 60)::bigint"
_TO = "ceil(date_part('epoch', upper({0})) / 60)::bigint"
# As ``recurrence.week_of`` counts.
_WEEK = "coalesce(({0} - DATE '0001-01-01') / 7, 0)"

# Roles asked for answer by their place in the question: for hundreds of them, with ten rows each, a
# number is read and looked up far quicker than an id. ``OFFSET 0`` keeps the planner from reading
# the rules of all roles there are instead of looking up those of the few that are asked about.
_ASKED = """
WITH asked AS MATERIALIZED (
  SELECT u.place, r.id, r.establishment_id, r.site_id, s.timezone, s.holiday_region
  FROM unnest(%(roles)s::uuid[], %(places)s::int[]) AS u(id, place)
  JOIN directory_practitionerrole r ON r.id = u.id
  JOIN directory_site s ON s.id = r.site_id
)
"""

# Roles that patients may see, where they are, and the reasons they may book online.
_REASONS = """
SELECT u.place, r.establishment_id, s.timezone, s.holiday_region, r.takes_new_patients,
       v.id, v.duration_minutes, v.buffer_before_minutes, v.buffer_after_minutes,
       v.notice_minutes, v.horizon_days, v.late_release_minutes,
       v.daily_cap, v.in_person, v.video AND r.video, v.new_patients, v.known_patients,
       v.red_flags, r.site_id, nullif(v.needs, '{}'), v.in_groups,
       v.sessions, v.apart_least_days, v.apart_most_days, nullif(v.steps::text, '[]'),
       v.by_invitation
FROM unnest(%(roles)s::uuid[], %(places)s::int[]) AS u(id, place)
JOIN directory_practitionerrole r ON r.id = u.id
JOIN directory_site s ON s.id = r.site_id
"""
_OF_ROLE = "v.role_id = r.id AND v.establishment_id = r.establishment_id AND v.active"
REASONS = f"""
{_REASONS}
LEFT JOIN scheduling_visitreason v ON {_OF_ROLE}
WHERE r.active
ORDER BY v.position, v.name_fr, v.id
"""
# What comes back by the week and holds somewhere between two dates: the hours of those roles, and
# (with a note, which hours have none) times away, of the roles, their sites and their houses.
_WEEKS = f"""
weekday, starts, ends, valid_from, valid_until, every_weeks, {_WEEK.format("anchor")},
       nullif(skipped, '{{}}')
"""
_HOLDS = """
coalesce(valid_from, '-infinity') <= %(last)s AND coalesce(valid_until, 'infinity') >= %(first)s
"""
_AWAY = f"""
SELECT array_agg(asked.place), {_WEEKS}, public_note, of_all, NULL::uuid[], NULL::int, 0,
       timezone, holiday_region
FROM asked CROSS JOIN LATERAL (
  SELECT *, role_id IS NULL AS of_all FROM scheduling_recurringabsence
  WHERE WHOSE AND establishment_id = asked.establishment_id AND {_HOLDS} OFFSET 0
) a
GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 16
"""
WEEKLY = f"""
{_ASKED}
SELECT array_agg(asked.place), {_WEEKS}, NULL, closed_on_holidays, nullif(reasons, '{{}}'),
       late_release_minutes, public, timezone, holiday_region
FROM asked CROSS JOIN LATERAL (
  SELECT * FROM scheduling_weeklyopening
  WHERE role_id = asked.id AND establishment_id = asked.establishment_id AND {_HOLDS} OFFSET 0
) o
GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16
UNION ALL
{_AWAY.replace("WHOSE", "role_id = asked.id")}
UNION ALL
{_AWAY.replace("WHOSE", "role_id IS NULL AND coalesce(site_id, asked.site_id) = asked.site_id")}
"""
_NOTE, _OPENING = 9, 14

# Dates that differ from the week.
EXCEPTIONS = f"""
{_ASKED}
SELECT asked.place, e.day, e.starts, e.ends, e.kind = 'opened'
FROM asked JOIN scheduling_openingexception e
  ON e.role_id = asked.id AND e.establishment_id = asked.establishment_id
WHERE e.day BETWEEN %(first)s AND %(last)s
"""

# Times away that touch the window, one without an end lasts; and when the house or site is closed.
ABSENCES = f"""
{_ASKED}
SELECT asked.place, coalesce({_FROM.format("a.span")}, 0),
       coalesce({_TO.format("a.span")}, 1 << 31), false
FROM asked JOIN scheduling_absence a
  ON a.role_id = asked.id AND a.establishment_id = asked.establishment_id
WHERE a.span && tstzrange(%(from)s, %(to)s)
UNION ALL
SELECT asked.place, {_FROM.format("c.span")}, {_TO.format("c.span")}, true
FROM asked JOIN scheduling_closure c ON c.establishment_id = asked.establishment_id
  AND coalesce(c.site_id, asked.site_id) = asked.site_id
WHERE c.span && tstzrange(%(from)s, %(to)s)
"""

# Who else decides: rooms and devices that the roles' reasons need, by kind; substitutes, by dates.
OTHERS = f"""
{_ASKED}, wanted AS MATERIALIZED (
  SELECT DISTINCT n.place, r.establishment_id, r.site_id, kind.id
  FROM unnest(%(needing)s::uuid[], %(their_places)s::int[]) AS n(id, place)
  JOIN directory_practitionerrole r ON r.id = n.id
  CROSS JOIN LATERAL (
    SELECT v.needs FROM scheduling_visitreason v
    WHERE v.role_id = r.id AND v.establishment_id = r.establishment_id OFFSET 0
  ) v
  CROSS JOIN unnest(v.needs) AS kind(id)
)
SELECT wanted.place, x.id, k.id, k.name_fr, k.name_en, NULL::date, NULL::date
FROM wanted
JOIN scheduling_resource x ON x.establishment_id = wanted.establishment_id
  AND x.site_id = wanted.site_id AND x.kind_id = wanted.id AND x.active
JOIN scheduling_resourcekind k ON k.id = x.kind_id AND k.establishment_id = x.establishment_id
UNION ALL
SELECT asked.place, b.substitute_id, NULL, NULL, NULL, b.first_day, b.last_day
FROM asked JOIN scheduling_substitution b
  ON b.role_id = asked.id AND b.establishment_id = asked.establishment_id
WHERE b.first_day <= %(last)s AND b.last_day >= %(first)s
ORDER BY 4, 2
"""

# Of whom one stretch of time begins before a minute of their own and ends no earlier than one of
# all. By its end in the next two hours, which bounds the scan: who is taken for longer is looked at
# for nothing, never missed.
COVERED = """
SELECT u.id
FROM unnest(%(roles)s::uuid[], %(establishments)s::uuid[], %(before)s::bigint[])
  AS u(id, establishment_id, before)
WHERE EXISTS (
  SELECT FROM scheduling_occupancy o
  WHERE o.establishment_id = u.establishment_id AND o.claimant_id = u.id
    AND upper(o.span) >= %(until)s AND upper(o.span) < %(until)s::timestamptz + interval '2 hours'
    AND upper(o.span) - lower(o.span) <= interval '1 day'
    AND lower(o.span) < to_timestamp(u.before * 60)
    AND (o.expires_at IS NULL OR o.expires_at > %(now)s)
)
"""

# Time taken that touches the window, expired holds excepted. Spans up to a day by their end, which
# bounds the index scan on both sides; the few longer ones by an index of their own.
_TAKEN_PART = """
SELECT o.claimant_id, o.span
FROM unnest(%(claimants)s::uuid[], %(establishments)s::uuid[]) AS r(id, establishment_id)
JOIN scheduling_occupancy o
  ON o.establishment_id = r.establishment_id AND o.claimant_id = r.id
WHERE upper(o.span) > %(from)s AND lower(o.span) < %(to)s
  AND (o.expires_at IS NULL OR o.expires_at > %(now)s)
"""
TAKEN = f"""
SELECT t.claimant_id, array_agg({_FROM.format("t.span")}), array_agg({_TO.format("t.span")})
FROM (
  {_TAKEN_PART} AND upper(o.span) < %(to_and_a_day)s
  AND upper(o.span) - lower(o.span) <= interval '1 day'
  UNION ALL
  {_TAKEN_PART} AND upper(o.span) - lower(o.span) > interval '1 day'
) t
GROUP BY t.claimant_id
"""
# Of the same the longer ones alone.
LONG_TAKEN = f"""
SELECT t.claimant_id, array_agg({_FROM.format("t.span")}), array_agg({_TO.format("t.span")})
FROM ({_TAKEN_PART} AND upper(o.span) - lower(o.span) > interval '1 day') t
GROUP BY t.claimant_id
"""

# Which state the rules of some houses are in; and, by role, of its own house and of those whose
# people stand in for it.
VERSIONS = """
SELECT establishment_id, version FROM scheduling_rulesversion
WHERE establishment_id = ANY(%(houses)s::uuid[])
"""
VERSIONS_BEHIND = """
SELECT h.role_id, h.establishment_id, v.version
FROM (
  SELECT id AS role_id, establishment_id FROM directory_practitionerrole
  WHERE id = ANY(%(roles)s::uuid[])
  UNION
  SELECT b.role_id, s.establishment_id
  FROM scheduling_substitution b JOIN directory_practitionerrole s ON s.id = b.substitute_id
  WHERE b.role_id = ANY(%(roles)s::uuid[])
) h
LEFT JOIN scheduling_rulesversion v ON v.establishment_id = h.establishment_id
"""


def grouped(
    rows: Iterable[tuple[Any, ...]], make: Callable[[tuple[Any, ...]], T]
) -> dict[int, list[T]]:
    """What rows mean, by the place of their role."""
    found: dict[int, list[T]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(make(row))
    return found


def weekly(
    rows: Iterable[tuple[Any, ...]],
) -> tuple[dict[int, list[Opening]], dict[int, list[Away]]]:
    """Hours, and times away, by the place of their role."""
    openings: dict[int, list[Opening]] = {}
    away: dict[int, list[Away]] = {}
    for row in rows:
        if row[_NOTE] is None:
            opening = _opening(row)
            for place in row[0]:
                openings.setdefault(place, []).append(opening)
        else:
            gone = _away(row)
            for place in row[0]:
                away.setdefault(place, []).append(gone)
    return openings, away


def _opening(row: tuple[Any, ...]) -> Opening:
    skipped, reasons = frozenset(row[8] or ()), frozenset(row[11] or ())
    return _known_opening((*row[1:8], skipped, reasons, row[10], *row[12:_OPENING]))


@lru_cache(maxsize=16384)
def _known_opening(values: tuple[Any, ...]) -> Opening:
    """Immutable and the same for all who keep the same hours; the values of a row, in its order."""
    weekday, starts, ends, since, until, every, anchor, skipped, reasons, *rest = values
    closed_on_holidays, late_release, public = rest
    return Opening(
        weekday=weekday,
        starts=wall_clock.time_of_day(starts),
        ends=wall_clock.time_of_day(ends, end=True),
        valid_from=since,
        valid_until=until,
        every=every,
        anchor=anchor,
        skipped=skipped,
        reasons=reasons,
        closed_on_holidays=closed_on_holidays,
        late_release=late_release,
        public=Public(public),
    )


def _away(row: tuple[Any, ...]) -> Away:
    return Away(
        weekday=row[1],
        starts=wall_clock.time_of_day(row[2]),
        ends=wall_clock.time_of_day(row[3], end=True),
        valid_from=row[4],
        valid_until=row[5],
        every=row[6],
        anchor=row[7],
        skipped=frozenset(row[8] or ()),
        note=row[_NOTE],
        house=row[10],
    )


def dated_hours(row: tuple[Any, ...]) -> DatedHours:
    """A date that differs from the week."""
    starts, ends = wall_clock.time_of_day(row[2]), wall_clock.time_of_day(row[3], end=True)
    return DatedHours(day=row[1], starts=starts, ends=ends, opened=row[4])


def span(row: tuple[Any, ...]) -> Span:
    """Time away."""
    return (row[1], row[2])

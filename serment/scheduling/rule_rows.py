"""The rows behind the rules of some roles: what is asked of PostgreSQL, and what its answers mean.

Every statement answers for all roles asked about, by their place in the question.
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
# number is read and looked up far quicker than an id.
_ASKED = "unnest(%(roles)s::uuid[]) WITH ORDINALITY AS asked(id, place)"

# Roles that patients may see, where they are, and the reasons they may book online.
REASONS = f"""
SELECT asked.place, r.establishment_id, s.timezone, s.holiday_region, r.takes_new_patients,
       v.id, v.duration_minutes, v.buffer_before_minutes, v.buffer_after_minutes,
       v.notice_minutes, v.horizon_days, v.late_release_minutes,
       v.daily_cap, v.in_person, v.video AND r.video, v.new_patients, v.known_patients,
       v.red_flags, r.site_id, nullif(v.needs, '{{}}'), v.in_groups
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN directory_site s ON s.id = r.site_id
LEFT JOIN scheduling_visitreason v
  ON v.role_id = r.id AND v.establishment_id = r.establishment_id AND v.active
WHERE r.active
ORDER BY v.position, v.name_fr, v.id
"""

# What comes back by the week and holds somewhere between two dates: the hours of those roles, and
# (with a note, which hours have none) times away, of the roles, their sites and their houses.
WEEKLY = f"""
SELECT asked.place, o.weekday, o.starts, o.ends, o.valid_from, o.valid_until, o.every_weeks,
       {_WEEK.format("o.anchor")}, nullif(o.skipped, '{{}}'), NULL, o.closed_on_holidays,
       nullif(o.reasons, '{{}}'), o.late_release_minutes, o.public
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN scheduling_weeklyopening o ON o.role_id = r.id AND o.establishment_id = r.establishment_id
WHERE coalesce(o.valid_from, '-infinity') <= %(last)s
  AND coalesce(o.valid_until, 'infinity') >= %(first)s
UNION ALL
SELECT asked.place, a.weekday, a.starts, a.ends, a.valid_from, a.valid_until, a.every_weeks,
       {_WEEK.format("a.anchor")}, nullif(a.skipped, '{{}}'), a.public_note, a.role_id IS NULL,
       NULL, NULL, 0
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN scheduling_recurringabsence a ON a.establishment_id = r.establishment_id
  AND (a.role_id = r.id OR a.role_id IS NULL AND (a.site_id IS NULL OR a.site_id = r.site_id))
WHERE coalesce(a.valid_from, '-infinity') <= %(last)s
  AND coalesce(a.valid_until, 'infinity') >= %(first)s
"""
_NOTE = 9

# Dates that differ from the week.
EXCEPTIONS = f"""
SELECT asked.place, e.day, e.starts, e.ends, e.kind = 'opened'
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN scheduling_openingexception e ON e.role_id = r.id AND e.establishment_id = r.establishment_id
WHERE e.day BETWEEN %(first)s AND %(last)s
"""

# Times away that touch the window, one without an end lasts; and when the house or site is closed.
ABSENCES = f"""
SELECT asked.place, coalesce({_FROM.format("a.span")}, 0),
       coalesce({_TO.format("a.span")}, 1 << 31), false
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN scheduling_absence a ON a.role_id = r.id AND a.establishment_id = r.establishment_id
WHERE a.span && tstzrange(%(from)s, %(to)s)
UNION ALL
SELECT asked.place, {_FROM.format("c.span")}, {_TO.format("c.span")}, true
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN scheduling_closure c ON c.establishment_id = r.establishment_id
  AND (c.site_id IS NULL OR c.site_id = r.site_id)
WHERE c.span && tstzrange(%(from)s, %(to)s)
"""

# Who else decides: rooms and devices that the roles' reasons need, by kind; substitutes, by dates.
OTHERS = f"""
SELECT asked.place, x.id, k.id, k.name_fr, k.name_en, NULL::date, NULL::date
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN scheduling_resource x ON x.establishment_id = r.establishment_id AND x.site_id = r.site_id
JOIN scheduling_resourcekind k ON k.id = x.kind_id AND k.establishment_id = x.establishment_id
WHERE x.active AND EXISTS (
  SELECT FROM scheduling_visitreason v
  WHERE v.role_id = r.id AND v.establishment_id = r.establishment_id AND x.kind_id = ANY(v.needs)
)
UNION ALL
SELECT asked.place, b.substitute_id, NULL, NULL, NULL, b.first_day, b.last_day
FROM {_ASKED}
JOIN directory_practitionerrole r ON r.id = asked.id
JOIN scheduling_substitution b ON b.role_id = r.id AND b.establishment_id = r.establishment_id
WHERE b.first_day <= %(last)s AND b.last_day >= %(first)s
ORDER BY 4, 2
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
            openings.setdefault(row[0], []).append(_opening(row))
        else:
            away.setdefault(row[0], []).append(_away(row))
    return openings, away


def _opening(row: tuple[Any, ...]) -> Opening:
    skipped, reasons = frozenset(row[8] or ()), frozenset(row[11] or ())
    return _known_opening((*row[1:8], skipped, reasons, row[10], *row[12:]))


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

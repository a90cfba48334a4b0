"""Every rule a practice may set, for a share of the people of ``population``, made in PostgreSQL.

Without these a search is asked of the plainest of weeks. What is set here is what a city's
practices have between them: hours of every second week, for some people and some reasons, times
away that come back, houses closed, rooms, caps, substitutes, sessions in groups.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from bench.population import run_all

_HOURS = """
UPDATE scheduling_weeklyopening SET every_weeks = 2, anchor = (%(now)s::timestamptz)::date
WHERE random() < 0.08;
UPDATE scheduling_weeklyopening
SET skipped = ARRAY[(%(now)s::timestamptz)::date + (random() * 60)::int]
WHERE random() < 0.05;
UPDATE scheduling_weeklyopening SET valid_until = (%(now)s::timestamptz)::date + 45
WHERE random() < 0.05;
UPDATE scheduling_weeklyopening SET late_release_minutes = 2880 WHERE random() < 0.03;
UPDATE scheduling_weeklyopening o SET reasons = ARRAY(
  SELECT v.id FROM scheduling_visitreason v WHERE v.role_id = o.role_id AND v.position < 3
) WHERE random() < 0.1;
INSERT INTO scheduling_weeklyopening (id, establishment_id, role_id, weekday, starts, ends,
  reasons, closed_on_holidays, public)
SELECT gen_random_uuid(), establishment_id, id, d, '18:00', '19:00', '{}', true, 1 + d %% 2
FROM directory_practitionerrole, generate_series(0, 4) d WHERE random() < 0.2;
INSERT INTO scheduling_openingexception (id, establishment_id, role_id, day, starts, ends, kind)
SELECT gen_random_uuid(), establishment_id, id, (%(now)s::timestamptz)::date + (random() * 60)::int,
  '08:00', '09:00', 'opened'
FROM directory_practitionerrole WHERE random() < 0.1;
"""

_AWAY = """
INSERT INTO scheduling_recurringabsence (id, establishment_id, role_id, weekday, starts, ends,
  every_weeks, anchor, public_note)
SELECT gen_random_uuid(), establishment_id, id, (random() * 4)::int, '11:00', '12:00',
  1 + (random() < 0.5)::int, (%(now)s::timestamptz)::date, 'Réunion'
FROM directory_practitionerrole WHERE random() < 0.4;
INSERT INTO scheduling_recurringabsence (id, establishment_id, weekday, starts, ends, every_weeks,
  public_note)
SELECT gen_random_uuid(), id, 2, '14:00', '15:00', 1, 'Cabinet fermé'
FROM directory_establishment WHERE random() < 0.1;
INSERT INTO scheduling_closure (id, establishment_id, span, public_note)
SELECT gen_random_uuid(), id, tstzrange(%(now)s::timestamptz + d * interval '1 day',
  %(now)s::timestamptz + (d + 3) * interval '1 day'), 'Congés'
FROM (SELECT *, (random() * 60)::int AS d FROM directory_establishment) e WHERE random() < 0.3;
INSERT INTO scheduling_substitution (id, establishment_id, role_id, substitute_id, first_day,
  last_day)
SELECT gen_random_uuid(), r.establishment_id, r.id,
  (SELECT s.id FROM directory_practitionerrole s
   WHERE s.establishment_id = r.establishment_id AND s.id <> r.id ORDER BY s.id LIMIT 1),
  (%(now)s::timestamptz)::date + d, (%(now)s::timestamptz)::date + d + 10
FROM (SELECT *, (random() * 40)::int AS d FROM directory_practitionerrole) r
WHERE random() < 0.05;
"""

_BESIDE = """
INSERT INTO scheduling_resourcekind (id, establishment_id, name_fr, name_en)
SELECT gen_random_uuid(), id, 'Salle d’examen', 'Examination room'
FROM directory_establishment WHERE random() < 0.5;
INSERT INTO scheduling_resource (id, establishment_id, site_id, kind_id, name, active)
SELECT gen_random_uuid(), k.establishment_id, s.id, k.id, 'Salle ' || n, true
FROM scheduling_resourcekind k JOIN directory_site s USING (establishment_id),
  generate_series(1, 3) n;
UPDATE scheduling_visitreason v SET needs = ARRAY[k.id] FROM scheduling_resourcekind k
WHERE k.establishment_id = v.establishment_id AND random() < 0.5;
UPDATE scheduling_visitreason SET daily_cap = 6 WHERE random() < 0.3;
UPDATE scheduling_visitreason SET in_groups = true WHERE position = 1 AND random() < 0.03;
"""

# What rooms, groups and outside calendars take. Sessions lie at lunch, where nothing else is.
_TIME = """
INSERT INTO scheduling_occupancy (id, establishment_id, claimant_id, span, kind, exclusive)
SELECT gen_random_uuid(), establishment_id, id,
  tstzrange(at, at + interval '20 minutes'), 'block', true
FROM scheduling_resource, generate_series(
  (%(now)s::timestamptz)::date + time '08:00',
  (%(now)s::timestamptz)::date + interval '10 days', interval '5 hours') at;
WITH sessions AS (
  INSERT INTO scheduling_groupsession (id, establishment_id, role_id, reason_id, starts_at,
    ends_at, seats)
  SELECT gen_random_uuid(), establishment_id, role_id, id, at, at + interval '30 minutes', 6
  FROM scheduling_visitreason, generate_series(
    (%(now)s::timestamptz)::date + time '11:10',
    (%(now)s::timestamptz)::date + interval '60 days', interval '7 days') at
  WHERE in_groups
  RETURNING id, establishment_id, role_id, starts_at, ends_at
)
INSERT INTO scheduling_occupancy (id, establishment_id, claimant_id, span, kind, exclusive)
SELECT id, establishment_id, role_id, tstzrange(starts_at, ends_at), 'session', true FROM sessions;
INSERT INTO scheduling_occupancy (id, establishment_id, claimant_id, span, kind, exclusive)
SELECT gen_random_uuid(), establishment_id, id, tstzrange(at, at + interval '45 minutes'),
  'outside', false
FROM directory_practitionerrole r, generate_series(
  (%(now)s::timestamptz)::date + time '16:00',
  (%(now)s::timestamptz)::date + interval '40 days', interval '3 days') at
WHERE abs(hashtext(r.id::text)) %% 5 = 0
"""
FULL_DAYS = 20


def add(root: psycopg.Connection[tuple[object, ...]], now: datetime) -> None:
    """Rules of every kind, for people who have plain weeks."""
    root.execute("SELECT setseed(0.25)")
    for sql in (_HOURS, _AWAY, _BESIDE):
        run_all(root, sql, {"now": now})


def take_time(root: psycopg.Connection[tuple[object, ...]], now: datetime) -> None:
    """What they take of an agenda that was just filled; and one day in six full for its reason."""
    from serment.scheduling.counting import Day

    root.execute("TRUNCATE scheduling_groupsession, scheduling_seat, scheduling_daycount")
    run_all(root, _TIME, {"now": now})
    draw = random.Random(3)
    capped = root.execute(
        "SELECT id, role_id, establishment_id, daily_cap FROM scheduling_visitreason"
        " WHERE daily_cap IS NOT NULL"
    ).fetchall()
    today = now.date()
    full = [
        (Day(UUID(str(role)), UUID(str(reason)), today + timedelta(days=n)).tag, tenant, cap, today)
        for reason, role, tenant, cap in capped
        for n in range(FULL_DAYS)
        if draw.random() < 1 / 6
    ]
    with root.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO scheduling_daycount (tag, establishment_id, taken, forget_after)"
            " VALUES (%s, %s, %s, %s)",
            full,
        )

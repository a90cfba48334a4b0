"""A thousand practitioners with rules, and as many appointments as asked, made inside PostgreSQL.

Half of them share one specialty around one place; a region adds thousands of another. Appointments
fill the coming weeks, the near days most, and the past: a base grows by its history, its future
stays as long as its horizon.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from uuid import UUID

import psycopg

from serment.directory import rpps

PLACE = (48.8566, 2.3522)
RADIUS_KM = 25.0
SPECIALTY = "SM38"
OTHER_SPECIALTY = "SM04"
REGION_SPECIALTY = "SM15"
REGION_ROLES = 5_000
REGION_FIRST = 100_000
REGION_EACH = 120
REGION_DAYS = 20
"""Appointments of each there, and within how many days: six of ten near half hours are taken."""
FUTURE_DAYS = 60
FUTURE_PER_ROLE_MAX = 250

_DIRECTORY = """
INSERT INTO directory_establishment (id, slug, name, kind, phone, lock_minutes)
SELECT gen_random_uuid(), 'bench-' || n, 'Cabinet ' || n, 'practice', '', 5
FROM generate_series(%(first)s::int, %(last)s::int) n;
INSERT INTO directory_site (id, establishment_id, slug, name, address_line, postcode, city,
  commune_code, latitude, longitude, timezone, holiday_region, phone, step_free,
  access_note_fr, access_note_en, bring_fr, bring_en)
SELECT gen_random_uuid(), id, slug, name, '1 rue du Banc', '75011', 'Paris', '75111',
  48.70 + 0.3 * random(), 2.15 + 0.4 * random(), 'Europe/Paris', 'FR', '', random() < 0.7,
  '', '', '', ''
FROM directory_establishment WHERE id NOT IN (SELECT establishment_id FROM directory_site);
"""

_NEW = """
CREATE OR REPLACE TEMP VIEW newcomer AS SELECT * FROM directory_practitionerrole r
WHERE NOT EXISTS (SELECT FROM scheduling_weeklyopening o WHERE o.role_id = r.id)
"""
_RULES = """
INSERT INTO scheduling_absence (id, establishment_id, role_id, span, public_note)
SELECT gen_random_uuid(), establishment_id, id,
  tstzrange(%(now)s::timestamptz + d * interval '1 day',
    %(now)s::timestamptz + (d + 7) * interval '1 day'), ''
FROM (SELECT *, (random() * 60)::int AS d FROM newcomer) r
WHERE random() < 0.2;
INSERT INTO scheduling_openingexception (id, establishment_id, role_id, day, starts, ends, kind)
SELECT gen_random_uuid(), establishment_id, id, (%(now)s::timestamptz)::date + (random() * 60)::int,
  '14:00', '18:00', 'closed'
FROM newcomer WHERE random() < 0.3;
INSERT INTO scheduling_visitreason (id, establishment_id, role_id, name_fr, name_en,
  duration_minutes, buffer_before_minutes, buffer_after_minutes, notice_minutes, horizon_days,
  new_patients, known_patients, in_person, video, red_flags, late_release_minutes, fee_cents,
  position, active)
SELECT gen_random_uuid(), r.establishment_id, r.id, 'Motif ' || n, 'Reason ' || n,
  CASE n WHEN 1 THEN 30 WHEN 2 THEN 15 ELSE 45 END, 0, CASE n WHEN 3 THEN 5 ELSE 0 END, 60, 90,
  true, true, true, false, '{}', CASE n WHEN 2 THEN 1440 END, NULL, n, true
FROM newcomer r, generate_series(1, 3) n;
INSERT INTO scheduling_weeklyopening (id, establishment_id, role_id, weekday, starts, ends,
  valid_from, valid_until, reasons, closed_on_holidays, late_release_minutes)
SELECT gen_random_uuid(), r.establishment_id, r.id, d, h.starts, h.ends, NULL, NULL, '{}', true,
  NULL
FROM newcomer r, generate_series(0, 4) d,
  (VALUES ('09:00'::time, '12:00'::time), ('14:00', '18:00')) h(starts, ends);
"""

# Half hours of the openings, drawn without replacement: near days weigh most.
_APPOINTMENTS = """
WITH half_hours AS (
  SELECT ((%(now)s::timestamptz)::date + d + time '09:00' + n * interval '30 minutes')
           AT TIME ZONE 'Europe/Paris' AS starts_at, d
  FROM generate_series(%(first)s::int, %(last)s::int) d, generate_series(0, 17) n
  WHERE n NOT BETWEEN 6 AND 9 AND extract(isodow FROM (%(now)s::timestamptz)::date + d) < 6
), drawn AS (
  SELECT r.id AS role_id, r.establishment_id, h.starts_at,
    row_number() OVER (
      PARTITION BY r.id ORDER BY -ln(1 - random()) * exp(greatest(h.d, 0) / 25.0)
    ) AS place
  FROM directory_practitionerrole r, half_hours h
  WHERE (r.specialty_id = %(region)s) = %(in_region)s
), chosen AS (
  SELECT *, gen_random_uuid() AS id FROM drawn WHERE place <= %(each)s
), booked AS (
  INSERT INTO scheduling_appointment
    (id, establishment_id, role_id, starts_at, ends_at, status, request_key)
  SELECT id, establishment_id, role_id, starts_at, starts_at + interval '30 minutes', 'booked',
    uuid_send(id) FROM chosen
)
INSERT INTO scheduling_occupancy
  (id, establishment_id, claimant_id, span, kind, exclusive, appointment_id)
SELECT gen_random_uuid(), establishment_id, role_id,
  tstzrange(starts_at, starts_at + interval '30 minutes'), 'appointment', true, id
FROM chosen
"""


def people(root: psycopg.Connection[tuple[object, ...]], now: datetime, roles: int = 1000) -> None:
    """Establishments, sites, practitioners and their rules."""
    _settle(root, now, range(roles), (SPECIALTY, OTHER_SPECIALTY))


def region(root: psycopg.Connection[tuple[object, ...]], now: datetime) -> None:
    """As many more as one specialty has in a region, in houses of their own."""
    _settle(root, now, range(REGION_FIRST, REGION_FIRST + REGION_ROLES), (REGION_SPECIALTY,))


def _settle(
    root: psycopg.Connection[tuple[object, ...]],
    now: datetime,
    numbers: range,
    codes: tuple[str, ...],
) -> None:
    """Practitioners of these numbers, five a house, an even share of each specialty."""
    draw = random.Random(7 + numbers.start)
    root.execute("SELECT setseed(0.5)")
    root.execute(_NEW)
    first = numbers.start // 5
    run_all(root, _DIRECTORY, {"first": first + 1, "last": first + len(numbers) // 5})
    found = root.execute("SELECT code FROM directory_profession LIMIT 1").fetchone()
    assert found is not None, "reference data are not loaded"
    sites = root.execute(
        "SELECT id, establishment_id FROM directory_site WHERE establishment_id NOT IN"
        " (SELECT establishment_id FROM directory_practitionerrole) ORDER BY slug"
    ).fetchall()
    for place, number in enumerate(numbers):
        site, establishment = sites[place % len(sites)]
        practitioner = UUID(int=draw.getrandbits(128), version=4)
        root.execute(
            "INSERT INTO directory_practitioner (id, rpps, slug, title, given_name, family_name)"
            " VALUES (%s, %s, %s, 'Dr', 'Camille', %s)",
            [practitioner, _rpps(number), f"bench-{number}", f"Banc{number}"],
        )
        code = codes[place * len(codes) // len(numbers)]
        root.execute(
            "INSERT INTO directory_practitionerrole (id, establishment_id, site_id,"
            " practitioner_id, profession_id, specialty_id, sector, languages,"
            " takes_new_patients, video, active, fees_note, position)"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, %s, %s, true, false, true, '', 0)",
            [establishment, site, practitioner, found[0], code, draw.choice([1, 2]), ["fr"]],
        )
    run_all(root, _RULES, {"now": now})


def appointments(
    root: psycopg.Connection[tuple[object, ...]], count: int, now: datetime, roles: int = 1000
) -> int:
    """Empty the agenda and fill it anew; how many appointments there are then."""
    empty(root)
    each = count // roles
    return _fill(root, now, each, min(FUTURE_PER_ROLE_MAX, max(1, each // 2)))


def empty(root: psycopg.Connection[tuple[object, ...]]) -> None:
    """Nobody has an appointment."""
    root.execute(
        "TRUNCATE scheduling_appointment, scheduling_occupancy, scheduling_holder,"
        " scheduling_seat, outbox_message"
    )


def region_appointments(root: psycopg.Connection[tuple[object, ...]], now: datetime) -> int:
    """Those of the region, beside what is there."""
    return _fill(root, now, REGION_EACH, REGION_EACH, in_region=True)


def book_out(root: psycopg.Connection[tuple[object, ...]], now: datetime, days: int) -> None:
    """Nobody of the region's specialty has time for so many days."""
    root.execute(
        "INSERT INTO scheduling_occupancy"
        " (id, establishment_id, claimant_id, span, kind, exclusive)"
        " SELECT gen_random_uuid(), establishment_id, id,"
        " tstzrange(%s::timestamptz, %s::timestamptz + make_interval(days => %s)), 'block', false"
        " FROM directory_practitionerrole WHERE specialty_id = %s",
        [now, now, days, REGION_SPECIALTY],
    )
    root.execute("VACUUM ANALYZE scheduling_occupancy")


def _fill(
    root: psycopg.Connection[tuple[object, ...]],
    now: datetime,
    each: int,
    future: int,
    *,
    in_region: bool = False,
) -> int:
    past = each - future
    base = {"now": now, "region": REGION_SPECIALTY, "in_region": in_region}
    ahead = REGION_DAYS if in_region else FUTURE_DAYS
    run_all(root, _APPOINTMENTS, base | {"first": 0, "last": ahead, "each": future})
    if past:
        days = past * 7 // (5 * 10) + 7
        run_all(root, _APPOINTMENTS, base | {"first": -days, "last": -1, "each": past})
    root.execute("VACUUM ANALYZE")
    found = root.execute("SELECT count(*) FROM scheduling_occupancy").fetchone()
    assert found is not None
    return int(str(found[0]))


def run_all(
    root: psycopg.Connection[tuple[object, ...]], sql: str, values: dict[str, object]
) -> None:
    """Statement after statement, each with the same values."""
    for statement in sql.split(";"):
        if statement.strip():
            root.execute(statement, values)  # type: ignore[arg-type]  # constants of this file


def _rpps(number: int) -> str:
    head = f"1099{number:06}"
    return next(head + str(check) for check in range(10) if rpps.is_valid(head + str(check)))


def working_morning() -> datetime:
    """A Tuesday at 8 h UTC, so that runs of different days compare."""
    return datetime(2026, 3, 3, 8, 0, tzinfo=UTC)

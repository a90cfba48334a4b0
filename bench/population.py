"""A thousand practitioners with rules, and as many appointments as asked, made inside PostgreSQL.

Half of them share one specialty around one place. Appointments fill the coming weeks, the near
days most, and the past: a base grows by its history, its future stays as long as its horizon.
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
FUTURE_DAYS = 60
FUTURE_PER_ROLE_MAX = 250

_DIRECTORY = """
INSERT INTO directory_establishment (id, slug, name, kind, phone, lock_minutes)
SELECT gen_random_uuid(), 'bench-' || n, 'Cabinet ' || n, 'practice', '', 5
FROM generate_series(1, %(sites)s::int) n;
INSERT INTO directory_site (id, establishment_id, slug, name, address_line, postcode, city,
  commune_code, latitude, longitude, timezone, holiday_region, phone, step_free,
  access_note_fr, access_note_en, bring_fr, bring_en)
SELECT gen_random_uuid(), id, slug, name, '1 rue du Banc', '75011', 'Paris', '75111',
  48.70 + 0.3 * random(), 2.15 + 0.4 * random(), 'Europe/Paris', 'FR', '', random() < 0.7,
  '', '', '', ''
FROM directory_establishment;
"""

_RULES = """
INSERT INTO scheduling_visitreason (id, establishment_id, role_id, name_fr, name_en,
  duration_minutes, buffer_before_minutes, buffer_after_minutes, notice_minutes, horizon_days,
  new_patients, known_patients, in_person, video, red_flags, late_release_minutes, fee_cents,
  position, active)
SELECT gen_random_uuid(), r.establishment_id, r.id, 'Motif ' || n, 'Reason ' || n,
  CASE n WHEN 1 THEN 30 WHEN 2 THEN 15 ELSE 45 END, 0, CASE n WHEN 3 THEN 5 ELSE 0 END, 60, 90,
  true, true, true, false, '{}', CASE n WHEN 2 THEN 1440 END, NULL, n, true
FROM directory_practitionerrole r, generate_series(1, 3) n;
INSERT INTO scheduling_weeklyopening (id, establishment_id, role_id, weekday, starts, ends,
  valid_from, valid_until, reasons, closed_on_holidays, late_release_minutes)
SELECT gen_random_uuid(), r.establishment_id, r.id, d, h.starts, h.ends, NULL, NULL, '{}', true,
  NULL
FROM directory_practitionerrole r, generate_series(0, 4) d,
  (VALUES ('09:00'::time, '12:00'::time), ('14:00', '18:00')) h(starts, ends);
INSERT INTO scheduling_absence (id, establishment_id, role_id, span, public_note)
SELECT gen_random_uuid(), establishment_id, id,
  tstzrange(%(now)s::timestamptz + d * interval '1 day',
    %(now)s::timestamptz + (d + 7) * interval '1 day'), ''
FROM (SELECT *, (random() * 60)::int AS d FROM directory_practitionerrole) r
WHERE random() < 0.2;
INSERT INTO scheduling_openingexception (id, establishment_id, role_id, day, starts, ends, kind)
SELECT gen_random_uuid(), establishment_id, id, (%(now)s::timestamptz)::date + (random() * 60)::int,
  '14:00', '18:00', 'closed'
FROM directory_practitionerrole WHERE random() < 0.3;
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
    draw = random.Random(7)
    root.execute("SELECT setseed(0.5)")
    _run(root, _DIRECTORY, {"sites": roles // 5})
    found = root.execute("SELECT code FROM directory_profession LIMIT 1").fetchone()
    assert found is not None, "reference data are not loaded"
    sites = root.execute("SELECT id, establishment_id FROM directory_site ORDER BY slug").fetchall()
    for number in range(roles):
        site, establishment = sites[number % len(sites)]
        practitioner = UUID(int=draw.getrandbits(128), version=4)
        root.execute(
            "INSERT INTO directory_practitioner (id, rpps, slug, title, given_name, family_name)"
            " VALUES (%s, %s, %s, 'Dr', 'Camille', %s)",
            [practitioner, _rpps(number), f"bench-{number}", f"Banc{number}"],
        )
        code = SPECIALTY if number < roles // 2 else OTHER_SPECIALTY
        root.execute(
            "INSERT INTO directory_practitionerrole (id, establishment_id, site_id,"
            " practitioner_id, profession_id, specialty_id, sector, languages,"
            " takes_new_patients, video, active, fees_note, position)"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, %s, %s, true, false, true, '', 0)",
            [establishment, site, practitioner, found[0], code, draw.choice([1, 2]), ["fr"]],
        )
    _run(root, _RULES, {"now": now})


def appointments(
    root: psycopg.Connection[tuple[object, ...]], count: int, now: datetime, roles: int = 1000
) -> int:
    """Empty the agenda and fill it anew; how many appointments there are then."""
    root.execute("TRUNCATE scheduling_appointment, scheduling_occupancy, scheduling_holder")
    each = count // roles
    future = min(FUTURE_PER_ROLE_MAX, max(1, each // 2))
    past = each - future
    base = {"now": now}
    _run(root, _APPOINTMENTS, base | {"first": 1, "last": FUTURE_DAYS, "each": future})
    if past:
        days = past * 7 // (5 * 10) + 7
        _run(root, _APPOINTMENTS, base | {"first": -days, "last": -1, "each": past})
    root.execute("VACUUM ANALYZE")
    found = root.execute("SELECT count(*) FROM scheduling_occupancy").fetchone()
    assert found is not None
    return int(str(found[0]))


def _run(root: psycopg.Connection[tuple[object, ...]], sql: str, values: dict[str, object]) -> None:
    for statement in sql.split(";"):
        if statement.strip():
            root.execute(statement, values)  # type: ignore[arg-type]  # constants of this file


def _rpps(number: int) -> str:
    head = f"1099{number:06}"
    return next(head + str(check) for check in range(10) if rpps.is_valid(head + str(check)))


def working_morning() -> datetime:
    """A Tuesday at 8 h UTC, so that runs of different days compare."""
    return datetime(2026, 3, 3, 8, 0, tzinfo=UTC)

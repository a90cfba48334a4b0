"""How long a desk waits: the week of twelve practitioners, and the names of one focused day.

Pages are asked in this process over the whole chain of middleware, on a seeded demo with a keeper.
The week is read and drawn for twelve agendas of a hospital that are filled by the half hour; names
are those of the fullest day of the secretary's house, opened through the gate and shown by the
page. Beside each time stands the processor time of it, which a busy machine changes less.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bench import ground
from bench.policy import browser_of, seeded
from bench.report import Figure, p95, timed, write

PATIENTS = 400
RUNS = 60
TOGETHER = 12
WEEK_MS, NAMES_MS = 150, 100

_FILL = """
WITH chosen AS (
  SELECT r.id AS role_id, r.establishment_id, gen_random_uuid() AS id, at
  FROM directory_practitionerrole r,
    generate_series(%(monday)s::timestamptz, %(monday)s::timestamptz + interval '4 days',
      interval '1 day') d,
    generate_series(d + interval '7 hours', d + interval '16 hours', interval '30 minutes') at
  WHERE r.id = ANY(%(roles)s) AND NOT EXISTS (
    SELECT FROM scheduling_occupancy o WHERE o.establishment_id = r.establishment_id
      AND o.claimant_id = r.id AND o.span && tstzrange(at, at + interval '30 minutes')
  )
), booked AS (
  INSERT INTO scheduling_appointment
    (id, establishment_id, role_id, starts_at, ends_at, status, request_key)
  SELECT id, establishment_id, role_id, at, at + interval '30 minutes', 'booked', uuid_send(id)
  FROM chosen
)
INSERT INTO scheduling_occupancy
  (id, establishment_id, claimant_id, span, kind, exclusive, appointment_id)
SELECT gen_random_uuid(), establishment_id, role_id, tstzrange(at, at + interval '30 minutes'),
  'appointment', true, id FROM chosen
"""
_LARGEST = """
SELECT establishment_id, array_agg(id ORDER BY position, id) FROM directory_practitionerrole
WHERE active GROUP BY 1 ORDER BY count(*) DESC LIMIT 1
"""
_FULLEST = """
SELECT role_id, (starts_at AT TIME ZONE 'Europe/Paris')::date, count(*)
FROM scheduling_appointment
WHERE establishment_id = %s AND status = 'booked' AND starts_at > now()
GROUP BY 1, 2 ORDER BY 3 DESC, 2 LIMIT 1
"""


def week_of_twelve(root: Any, monday: date) -> tuple[Callable[[], object], int]:
    """Reading the week of twelve filled agendas and laying it out; and how many visits that is."""
    from serment import clock
    from serment.directory import tenancy
    from serment.scheduling import agenda
    from serment.web.practice import grid

    house, roles = root.execute(_LARGEST).fetchone()
    chosen, zone = roles[:TOGETHER], ZoneInfo("Europe/Paris")
    assert len(chosen) == TOGETHER
    root.execute(_FILL, {"monday": monday, "roles": chosen})
    root.execute("ANALYZE")

    def ask() -> list[Any]:
        with tenancy.inside(house):
            week = agenda.week(house, chosen, monday, zone)
            columns = [column for day in week.values() for column in day]
            frame = grid.frame_of(columns, zone)
            return [grid.draw(column, frame, clock.now()) for column in columns]

    return ask, sum(len(drawn.entries) for drawn in ask())


def names(root: Any, browser: Any, house: UUID) -> tuple[Callable[[], object], int]:
    """Opening the names of one day and showing them; each time anew, as the record has it."""
    role, on, count = root.execute(_FULLEST, [house]).fetchone()
    page = f"/cabinet/?agenda={role}&jour={on}"

    def ask() -> object:
        form = {"agenda": str(role), "jour": str(on), "quoi": "noms", "retour": page}
        assert browser.post("/cabinet/noms", form).status_code == 302
        answer = browser.get(page)
        assert answer.status_code == 200
        return answer

    browser.get(page)
    return ask, count


def measure(state: Path) -> list[Figure]:
    """Both, and the page of one practitioner's week."""
    from serment import clock

    logins = seeded(state, PATIENTS)
    root = ground.superuser(state)
    browser = browser_of(logins["secretary"])
    today = clock.now().date()
    monday = today + timedelta(days=7 - today.weekday())
    week, visits = week_of_twelve(root, monday)
    house = _house_of(root, state, logins["secretary"])
    chosen = _fill_own(root, house, monday)
    page = f"/cabinet/semaine/?jour={monday}" + "".join(f"&agenda={one}" for one in chosen)
    agendas = browser.get(page).content.count(b'class="whole-row"')
    opened, people = names(root, browser, house)
    asked: tuple[tuple[str, Callable[[], object], int], ...] = (
        (f"the week of {TOGETHER} practitioners, {visits} entries", week, WEEK_MS),
        (f"the page of that week, {agendas} agendas", lambda: browser.get(page), WEEK_MS),
        (
            "the page of one practitioner's week",
            lambda: browser.get(f"{page}&de={chosen[0]}"),
            WEEK_MS,
        ),
        (f"names of one day opened and shown, {people} visits", opened, NAMES_MS),
    )
    return [_figure(what, ask, below) for what, ask, below in asked]


def _fill_own(root: Any, house: UUID, monday: date) -> list[UUID]:
    """The secretary's own agendas, up to twelve, each filled by the half hour."""
    rows = root.execute(
        "SELECT id FROM directory_practitionerrole WHERE establishment_id = %s AND active"
        " ORDER BY position, id LIMIT %s",
        [house, TOGETHER],
    ).fetchall()
    chosen = [UUID(str(row[0])) for row in rows]
    root.execute(_FILL, {"monday": monday, "roles": chosen})
    return chosen


def _house_of(root: Any, state: Path, login: str) -> UUID:
    from serment.drills.demo import staffing

    slug = next(one.house for one in staffing.read(state) if one.login == login)
    (house,) = root.execute(
        "SELECT id FROM directory_establishment WHERE %s IN (slug, name)", [slug]
    ).fetchone()
    return UUID(str(house))


def _figure(what: str, ask: Callable[[], object], below: int) -> Figure:
    times, processor = timed(ask, RUNS, "default")
    value = p95(times)
    return Figure(
        what=f"{what}, p95 ({processor:.1f} ms of processor)",
        value=round(value, 2),
        unit="ms",
        beside="limit",
        beside_value=float(below),
        ratio=round(value / below, 2),
        target=f"below {below} ms",
        runs=RUNS,
    )


def main() -> None:
    """Measure and write."""
    with ground.instance(keeper=True) as state:
        write("agenda", measure(state))


if __name__ == "__main__":
    main()

"""How long a patient waits for free slots: one practitioner, twenty-five, five hundred."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from bench import ground, population
from bench.report import Figure, milliseconds, p95, write

SIZES = (1_000, 200_000, 1_000_000)
RUNS = 100
TARGETS_MS = {"one practitioner, 30 days": 70, "soonest of 25": 100, "soonest among 500": 300}


def questions(now: datetime) -> dict[str, Callable[[], object]]:
    """The three questions of the booking pages, asked about somebody else each time."""
    from serment.directory.models import PractitionerRole
    from serment.scheduling import search

    roles = list(
        PractitionerRole.objects.filter(specialty_id=population.SPECIALTY).values_list(
            "id", flat=True
        )
    )
    draw = random.Random(11)

    def one() -> object:
        window = (now, now + timedelta(days=30))
        return search.next_slots([draw.choice(roles)], None, window, now, 10_000)

    def few() -> object:
        window = (now, now + timedelta(days=90))
        return search.next_slots(draw.sample(roles, 25), None, window, now, 1)

    def many() -> object:
        found = search.around(
            population.SPECIALTY, *population.PLACE, population.RADIUS_KM, now, limit=20
        )
        assert found.total == len(roles)
        return found

    return dict(zip(TARGETS_MS, (one, few, many), strict=True))


def limit(now: datetime) -> Callable[[], object]:
    """The least a page can cost: one row by its key, through the same connection."""
    from serment.directory.models import PractitionerRole

    first = PractitionerRole.objects.values_list("id", flat=True)[0]
    return lambda: PractitionerRole.objects.using("search").values("id").get(id=first)


def main() -> None:
    """Measure every question at every size."""
    now = population.working_morning()
    measured: dict[tuple[int, str], float] = {}
    bare: dict[int, float] = {}
    with ground.instance(keeper=False) as state, ground.superuser(state) as root:
        population.people(root, now)
        for size in SIZES:
            print(f"{population.appointments(root, size, now)} appointments", flush=True)
            for what, ask in questions(now).items():
                measured[(size, what)] = p95(milliseconds(ask, RUNS))
            bare[size] = p95(milliseconds(limit(now), RUNS))
        from django.db import connections

        connections.close_all()
    write("slots", [*_times(measured, bare), *_growth(measured)])


def _times(measured: dict[tuple[int, str], float], bare: dict[int, float]) -> list[Figure]:
    return [
        Figure(
            what=f"{what}, {size:,} appointments, p95",
            value=round(value, 2),
            unit="ms",
            beside="one row by key, p95",
            beside_value=round(bare[size], 2),
            ratio=round(value / bare[size], 1),
            target=f"below {TARGETS_MS[what]} ms" if size == 200_000 else "",
            runs=RUNS,
        )
        for (size, what), value in measured.items()
    ]


def _growth(measured: dict[tuple[int, str], float]) -> list[Figure]:
    small, large = SIZES[0], SIZES[-1]
    return [
        Figure(
            what=f"{what}, p95 at {large:,}",
            value=round(measured[(large, what)], 2),
            unit="ms",
            beside=f"p95 at {small:,}",
            beside_value=round(measured[(small, what)], 2),
            ratio=round(measured[(large, what)] / measured[(small, what)], 2),
            target="at most 1.5 times",
            runs=RUNS,
        )
        for what in TARGETS_MS
    ]


if __name__ == "__main__":
    main()

"""How long a patient waits for free slots: one practitioner, twenty-five, five hundred, a region.

All rules are in play (``rules_in_play``), and those who ask for the soonest do so at hours of their
own: before the first visit of the day, in the middle of one, at lunch, in the evening, on Saturday.
Beside each time stands the processor time of it, which a busy machine changes less.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import cycle

from bench import ground, population, rules_in_play
from bench.report import Figure, p95, timed, write

SIZES = (1_000, 200_000, 1_000_000)
RUNS = 100
TARGETS_MS = {"one practitioner, 30 days": 70, "soonest of 25": 100, "soonest among 500": 300}
REGION = f"soonest in a region of {population.REGION_ROLES:,}"
REGION_TARGET_MS = 500
BOOKED_OUT_DAYS = 42
FEW_RUNS = 5
"""Of what takes seconds each."""
AFTER_A_START = "soonest in that region, its rules not read before"
BOOKED_OUT = f"soonest in that region, booked out for {BOOKED_OUT_DAYS} days"
# From a Tuesday at 9 h in Paris.
HOURS_LATER = (0, 1.12, 2.2, 3.4, 5.2, 8.9, 11, 15.8, 25, 52, 76, 96.5, 101)


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

    many = soonest(population.SPECIALTY, len(roles), now)
    return dict(zip(TARGETS_MS, (one, few, many), strict=True))


def soonest(specialty: str, total: int, now: datetime) -> Callable[[], object]:
    """Twenty of all around the place, each time at another hour."""
    from serment.scheduling import search

    later = cycle(HOURS_LATER)

    def ask() -> object:
        moment = now + timedelta(hours=next(later))
        found = search.around(specialty, *population.PLACE, population.RADIUS_KM, moment, limit=20)
        assert found.total == total
        assert all(item.soonest for item in found.items)
        return found

    return ask


def limit(now: datetime) -> Callable[[], object]:
    """The least a page can cost: one row by its key, through the same connection."""
    from serment.directory.models import PractitionerRole

    first = PractitionerRole.objects.values_list("id", flat=True)[0]
    return lambda: PractitionerRole.objects.using("search").values("id").get(id=first)


def _forgetting(ask: Callable[[], object]) -> Callable[[], object]:
    """What the first search of a process costs, which remembers no rules yet."""
    from serment.scheduling import known_plans

    def anew() -> object:
        known_plans.forget()
        return ask()

    return anew


Measured = dict[tuple[int, str], tuple[float, float]]
"""By size and question: the 95th percentile, and processor time of one."""


def main() -> None:
    """Measure every question at every size."""
    now = population.working_morning()
    measured: Measured = {}
    bare: dict[int, float] = {}
    with ground.instance(keeper=False) as state, ground.superuser(state) as root:
        population.people(root, now)
        population.region(root, now)
        rules_in_play.add(root, now)
        for size in SIZES:
            print(f"{population.appointments(root, size, now)} appointments", flush=True)
            rules_in_play.take_time(root, now)
            for what, ask in questions(now).items():
                measured[(size, what)] = _measured(ask, RUNS)
            bare[size] = _measured(limit(now), RUNS)[0]
        print(f"{population.region_appointments(root, now)} with the region", flush=True)
        asked = soonest(population.REGION_SPECIALTY, population.REGION_ROLES, now)
        region = _measured(asked, RUNS)
        after_a_start = _measured(_forgetting(asked), FEW_RUNS)
        population.book_out(root, now, BOOKED_OUT_DAYS)
        booked_out = _measured(asked, FEW_RUNS)
        from django.db import connections

        connections.close_all()
    figures = [
        *_times(measured, bare),
        *_growth(measured),
        *_region(REGION, region, bare[SIZES[-1]], RUNS),
    ]
    figures += _region(AFTER_A_START, after_a_start, bare[SIZES[-1]], FEW_RUNS, target="")
    figures += _region(BOOKED_OUT, booked_out, bare[SIZES[-1]], FEW_RUNS)
    write("slots", figures)


def _measured(ask: Callable[[], object], runs: int) -> tuple[float, float]:
    times, processor = timed(ask, runs, "search")
    return p95(times), processor


def _times(measured: Measured, bare: dict[int, float]) -> list[Figure]:
    return [
        Figure(
            what=f"{what}, {size:,} appointments, p95 ({processor:.1f} ms of processor)",
            value=round(value, 2),
            unit="ms",
            beside="one row by key, p95",
            beside_value=round(bare[size], 2),
            ratio=round(value / bare[size], 1),
            target=f"below {TARGETS_MS[what]} ms" if size > SIZES[0] else "",
            runs=RUNS,
        )
        for (size, what), (value, processor) in measured.items()
    ]


def _region(
    what: str,
    region: tuple[float, float],
    bare: float,
    runs: int,
    target: str = f"below {REGION_TARGET_MS} ms",
) -> list[Figure]:
    value, processor = region
    return [
        Figure(
            what=f"{what}, p95 ({processor:.1f} ms of processor)",
            value=round(value, 2),
            unit="ms",
            beside="one row by key, p95",
            beside_value=round(bare, 2),
            ratio=round(value / bare, 1),
            target=target,
            runs=runs,
        )
    ]


def _growth(measured: Measured) -> list[Figure]:
    small, large = SIZES[0], SIZES[-1]
    return [
        Figure(
            what=f"{what}, p95 at {large:,}",
            value=round(measured[(large, what)][0], 2),
            unit="ms",
            beside=f"p95 at {small:,}",
            beside_value=round(measured[(small, what)][0], 2),
            ratio=round(measured[(large, what)][0] / measured[(small, what)][0], 2),
            target="at most 1.5 times",
            runs=RUNS,
        )
        for what in TARGETS_MS
    ]


if __name__ == "__main__":
    main()

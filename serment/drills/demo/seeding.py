"""``serment demo seed``: plan, plant, man, and a month of what happened, in one transaction.

Stopped halfway nothing stands: the keeper then knows of records that have no row, which open
nothing, and the next seeding starts afresh. A keeper that is silent for a while is waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connections, transaction

from serment.directory.models import Establishment
from serment.disclosure import patience
from serment.drills.demo import (
    building,
    houses,
    named,
    past,
    past_days,
    planting,
    sheets,
    staffing,
)
from serment.drills.demo.plan import SEED, counted

SIGN_IN = "/compte/connexion/"
SILENT = "The keeper does not answer yet; trying again. Nothing is lost."
_ONE_SEEDING = 0x5EED
"""Advisory lock: two seedings at once make one demo."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What stands now; ``fresh`` is false where it stood already."""

    fresh: bool
    counts: dict[str, int]


def is_empty() -> bool:
    """No establishment at all: the instance is new."""
    return not Establishment.objects.exists()


def is_seeded() -> bool:
    """The demo's houses stand here."""
    return Establishment.objects.filter(slug=named.QUAIS).exists()


def seed(
    now: datetime,
    state: Path,
    url: str,
    told: Callable[[str], None] = lambda _line: None,
    seed_number: int = SEED,
    patients: int | None = None,
) -> Seeded:
    """Fill the instance; nothing where the demo stands already. ``told`` hears of each house.

    ``patients`` makes a smaller demo with the same houses.
    """
    with transaction.atomic(), patience.waiting(lambda: told(SILENT)):
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_SEEDING])
        if is_seeded():
            return Seeded(fresh=False, counts={})
        plan = building.build(now, seed_number, houses.described(patients))
        planted = []
        with past.driven(now) as move_to:
            move_to(now - timedelta(days=past.DAYS))
            for house in planting.plant(plan, now.date()):
                planted.append(house)
                told(house.plan.name)
            manned = staffing.man(plan.people, planted, now.date(), url + SIGN_IN)
            told(f"{past.DAYS} days of openings")
            past_days.happen(planted, manned, now, move_to)
        sheets.give_key(planted)
        staffing.write(state, manned.logins)
    sheets.issue(now)
    return Seeded(fresh=True, counts=counted(plan.houses))

"""``serment demo seed``: plan, plant, man, and a month of what happened, in one transaction.

Stopped halfway nothing stands: the keeper then knows of records that have no row, which open
nothing, and the next seeding starts afresh. A keeper that is silent for a while is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connections, transaction

from serment.directory.models import Establishment
from serment.disclosure import patience
from serment.drills.demo import (
    building,
    equipping,
    houses,
    letters,
    missed,
    named,
    past,
    past_days,
    pending,
    planting,
    sheets,
    staffing,
)
from serment.drills.demo.plan import SEED, counted
from serment.errors import Refused

SIGN_IN = "/compte/connexion/"
SILENT = "The keeper does not answer yet; trying again. Nothing is lost."
AFRESH = "The keeper fell meanwhile; beginning afresh."
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

    ``patients`` makes a smaller demo with the same houses. A keeper that fell meanwhile no longer
    knows what was made just before, and refuses to link it: then all begins afresh, once.
    """
    silences: list[str] = []

    def silent() -> None:
        silences.append(SILENT)
        told(SILENT)

    def filled() -> Seeded:
        with transaction.atomic(), patience.waiting(silent):
            return _fill(now, state, url, told, houses.described(patients), seed_number)

    try:
        done = filled()
    except Refused:
        if not silences:
            raise
        told(AFRESH)
        done = filled()
    if done.fresh:
        with patience.waiting(silent):
            sheets.issue(now)
    return done


def _fill(
    now: datetime,
    state: Path,
    url: str,
    told: Callable[[str], None],
    described: Sequence[Mapping[str, Any]],
    seed_number: int,
) -> Seeded:
    """In one transaction."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_SEEDING])
    if is_seeded():
        return Seeded(fresh=False, counts={})
    plan = building.build(now, seed_number, described)
    planted = []
    with past.driven(now) as move_to:
        move_to(now - timedelta(days=past.DAYS))
        for house in planting.plant(plan, now.date()):
            planted.append(house)
            told(house.plan.name)
        manned = staffing.man(plan.people, planted, now.date(), url + SIGN_IN)
        told(f"{past.DAYS} days of openings")
        past_days.happen(planted, manned, now, move_to)
    missed.note(planted, now)
    letters.pile(planted, manned, plan.people, now)
    pending.leave(planted, manned, plan.people, now)
    equipping.equip(planted, manned, now)
    sheets.give_key(planted)
    staffing.write(state, manned.logins)
    return Seeded(fresh=True, counts=counted(plan.houses))

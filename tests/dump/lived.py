"""What a thief would love to see: one person after another doing several things in one sitting.

Runs inside a demo's surroundings (``python -m tests.dump.lived``) and says on standard output what
it made, which in the database nothing says.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import django

if TYPE_CHECKING:
    from serment.scheduling.search import Slot

PEOPLE = 40
VISITS_EACH = 4
IN_ENGLISH, WITHOUT_EMAIL = 0, 1
"""Of these two people every message is unlike most."""


def main() -> None:
    """Each: a new file, two visits in a row, one moved, one given up and booked at another time."""
    django.setup()
    from django.utils import translation

    from serment import clock, ids
    from serment.directory import tenancy
    from serment.disclosure import SYSTEM, Actor, gate
    from serment.identity import files
    from serment.scheduling import booking, moving

    slots, told = _free_times(), []
    for number in range(PEOPLE):
        first, second, away, *others = (next(slots) for _ in range(VISITS_EACH + 2))
        house = first[0]
        who = ids.new_id()
        desk = Actor(
            "staff", who, "secretary", house,
            capability=gate.open_session("staff", who, "secretary", house, 1),
        )  # fmt: skip
        values = {"family_name": f"Kerneur{number}", "given_name": "Maëlle"}
        reached = {} if number == WITHOUT_EMAIL else {"email": f"m{number}@exemple.fr"}
        file = files.create(SYSTEM, house, {**values, **reached})
        language = "en" if number == IN_ENGLISH else "fr"
        with tenancy.inside(house), translation.override(language):
            made = [
                booking.book(desk, _form(file.pk, slot), clock.now()).id
                for _house, slot in (first, second, away, others[0])
            ]
            moving.move(desk, made[2], _form(file.pk, others[1][1]), clock.now())
            booking.cancel(desk, made[3], "", clock.now())
            made.append(booking.book(desk, _form(file.pk, others[2][1]), clock.now()).id)
        told.append({"file": str(file.pk), "visits": [str(one) for one in made]})
    json.dump(told, sys.stdout)


def _form(file: UUID, slot: Slot) -> Any:
    from serment.scheduling.booking import Booking

    mode: Literal["in_person", "video"] = "video" if slot.mode == "video" else "in_person"
    return Booking(slot.role_id, slot.reason_id, slot.starts_at, mode, os.urandom(16), file, False)


def _free_times() -> Iterator[tuple[UUID, Slot]]:
    """Free times of the largest house, in no order, none twice."""
    from serment import clock
    from serment.directory.models import PractitionerRole
    from serment.scheduling import search

    now = clock.now()
    houses: dict[UUID, list[UUID]] = {}
    for role, house in PractitionerRole.objects.values_list("id", "establishment_id"):
        houses.setdefault(house, []).append(role)
    house, roles = max(houses.items(), key=lambda one: len(one[1]))
    window = (now + timedelta(days=2), now + timedelta(days=30))
    found = []
    for slots in search.next_slots(roles, None, window, now, 60).values():
        last = None
        for slot in slots:
            if last is None or slot.starts_at >= last + timedelta(hours=2):
                found.append((house, slot))
                last = slot.starts_at
    random.Random(11).shuffle(found)
    yield from found


if __name__ == "__main__":
    main()

"""Initials of those who wait: opened once while they wait, not each time the board is drawn anew.

Two letters are kept in this process's memory, bound to the session that opened them, for no longer
than an opening stands at the desk.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from serment.disclosure import Actor
from serment.web.practice import naming
from serment.web.practice.desk import OPEN_MINUTES

KEPT_MAX: Final = 5_000
_kept: dict[tuple[bytes, UUID], tuple[float, str]] = {}


def of_visits(actor: Actor, visits: Sequence[UUID]) -> dict[UUID, str]:
    """ "B. R." of each; whose file does not open has none. Each opening is on record."""
    present = time.monotonic()
    found = {
        one: kept[1]
        for one in visits
        if (kept := _kept.get((actor.capability, one))) is not None and kept[0] > present
    }
    missing = [one for one in visits if one not in found]
    if not missing:
        return found
    opened = {one: person.initials for one, person in naming.people(actor, missing).items()}
    if len(_kept) + len(opened) > KEPT_MAX:
        _kept.clear()
    until = present + OPEN_MINUTES * 60
    _kept.update({(actor.capability, one): (until, letters) for one, letters in opened.items()})
    return found | opened


def forget() -> None:
    """After files were joined or parted, or in a test."""
    _kept.clear()

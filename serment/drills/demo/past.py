"""The clock of a demo's keeper while its past is made: driven from a month ago, then let go.

Only a throw-away keeper lets itself be driven, and the name of its log says so for ever
(``…/drill``), so no demo's past passes for a real one. Any other keeper refuses, and all is
recorded as happening now. Forward only: where a seeding was stopped, the next begins where the
clock stands. This process's own clock goes along, so that what both date agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from serment import clock
from serment.disclosure import oversight
from serment.disclosure.line import NotYours

DAYS: Final = 31
"""How far back a demo's records go."""

MoveTo = Callable[[datetime], None]


@contextmanager
def driven(now: datetime) -> Iterator[MoveTo]:
    """Inside, the keeper records at the instant it was last moved to; never later than ``now``."""

    def move_to(instant: datetime) -> None:
        if instant < now and _drive(instant):
            clock.drive(clock.DrivenClock(instant.astimezone(UTC)))

    try:
        yield move_to
    finally:
        clock.drive(clock.SystemClock())
        _drive(None)


def _drive(instant: datetime | None) -> bool:
    try:
        oversight.drive_clock(instant)
    except NotYours:
        return False  # no throw-away keeper, or its clock stands later already
    return True

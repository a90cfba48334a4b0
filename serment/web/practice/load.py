"""How full a day is, of one agenda or several: who comes, what is open, what of it is left. Pure.

What is free is what the agenda itself shows as open and not taken: the same columns, counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from serment.scheduling import agenda, availability, wall_clock
from serment.scheduling.availability import Span

NOT_TAKEN = frozenset({"cancelled", "noshow"})


@dataclass(frozen=True, slots=True)
class Load:
    """Visits and minutes of a day."""

    visits: int
    open_minutes: int
    free_minutes: int

    @property
    def taken_minutes(self) -> int:
        """What of the open time is taken or past."""
        return self.open_minutes - self.free_minutes

    @property
    def free(self) -> str:
        """ "3 h 20 libres", "complet", or nothing where nobody receives."""
        if not self.open_minutes:
            return ""
        if not self.free_minutes:
            return _("complet")
        hours, minutes = divmod(self.free_minutes, 60)
        if not hours:
            return _("%(minutes)d min libres") % {"minutes": minutes}
        return _("%(hours)d h %(minutes)02d libres") % {"hours": hours, "minutes": minutes}


def spans(column: agenda.Column, now: datetime) -> tuple[list[Span], list[Span]]:
    """What is open of one agenda's day, and what of it can still be given, in minutes."""
    opened = availability.merged(
        (wall_clock.minute_of(low), wall_clock.minute_of(high)) for low, high in column.openings
    )
    taken = [
        (wall_clock.minute_of(one.starts_at), wall_clock.minute_after(one.ends_at))
        for one in column.entries
        if one.status not in NOT_TAKEN
    ]
    # The next time of the grid: nobody is booked for the minute that just began.
    grid = availability.GRID_MINUTES
    present = -(-wall_clock.minute_after(now) // grid) * grid
    return opened, availability.without(opened, availability.merged([*taken, (0, present)]))


def of(columns: Sequence[agenda.Column], now: datetime) -> Load:
    """The load of one day over these agendas."""
    opened = free = 0
    for column in columns:
        wide, left = spans(column, now)
        opened += sum(high - low for low, high in wide)
        free += sum(high - low for low, high in left if high - low >= column.shortest)
    return Load(sum(column.booked_count for column in columns), opened, free)


def first_free(column: agenda.Column, now: datetime) -> datetime | None:
    """When the first gap of a day begins that somebody could be given; None where there is none."""
    _opened, left = spans(column, now)
    gap = next((low for low, high in left if high - low >= column.shortest), None)
    return None if gap is None else wall_clock.instant_of(gap)

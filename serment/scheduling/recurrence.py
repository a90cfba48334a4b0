"""Rules that come back by the week: hours that are open, and times away. Pure.

Weeks begin on Monday and are counted from one that is fixed, so "every second week" has its own
weeks whatever date is asked about, and goes on over the turn of the year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from uuid import UUID

WEEKS_APART_MAX = 52


class Public(IntEnum):
    """For whom hours are, each including those after it."""

    EVERYONE = 0
    KNOWN = 1
    """Who has been seen in this house before."""
    INVITED = 2
    """Whom the practice books itself, or sent an invitation."""


def week_of(day: date) -> int:
    """Which week a date lies in, counted from one Monday; the first of year 1 was one."""
    return (day.toordinal() - 1) // 7


@dataclass(frozen=True, slots=True, eq=False)
class Weekly:
    """A stretch of one weekday by the wall clock: minutes of the day, ``ends`` up to 1,440.

    Known by itself, not by its values: whoever reads many keeps one for all who keep these hours.
    """

    weekday: int
    starts: int
    ends: int
    valid_from: date | None = None
    valid_until: date | None = None
    every: int = 1
    """Every so many weeks, counted from the week ``anchor``."""
    anchor: int = 0
    skipped: frozenset[date] = frozenset()
    """Dates on which it does not happen."""

    def falls_on(self, day: date) -> bool:
        """Whether it happens on that date."""
        return (
            self.weekday == day.weekday()
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
            and (self.every == 1 or (week_of(day) - self.anchor) % self.every == 0)
            and (not self.skipped or day not in self.skipped)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Opening(Weekly):
    """Weekly hours, of which some are for certain reasons or for certain people."""

    reasons: frozenset[UUID] = frozenset()
    closed_on_holidays: bool = True
    late_release: int | None = None
    public: Public = Public.EVERYONE

    def applies(self, day: date, reason_id: UUID | None, audience: Public) -> bool:
        """Whether it opens that date for a reason and those who ask; holidays are asked elsewhere.

        Without a reason, for any.
        """
        return (
            self.weekday == day.weekday()
            and self.public <= audience
            and (not self.reasons or reason_id is None or reason_id in self.reasons)
            and self.falls_on(day)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Away(Weekly):
    """A time away that comes back: a meeting every second Tuesday, an afternoon for the children.

    ``house``: the whole house is closed then, not one practitioner away.
    """

    house: bool = False
    note: str = ""

"""Why nobody is received on a day, and which day is the next on which somebody is.

Written on top of ``availability`` like the slots, so that the agenda and the search cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from serment.scheduling import availability, rules, wall_clock
from serment.scheduling.availability import Calendar, DatedHours

LOOK_AHEAD_DAYS = 120


class Because(StrEnum):
    """The rule that keeps a whole day closed, the strongest first."""

    HOUSE = "house"
    ABSENCE = "absence"
    CLOSED_DATE = "closed_date"
    HOLIDAY = "holiday"
    WEEKDAY = "weekday"


@dataclass(frozen=True, slots=True)
class Days:
    """What the rules of some roles say about a day and those after it."""

    day: date
    calendars: dict[UUID, Calendar]

    def because(self, role: UUID, day: date | None = None) -> Because | None:
        """Why the role receives nobody that day; None when it is open, or not known."""
        calendar = self.calendars.get(role)
        return why(calendar, day or self.day) if calendar else None

    def without_hours(self, role: UUID) -> bool:
        """Whether no weekly hours at all are known of the role."""
        calendar = self.calendars.get(role)
        return calendar is None or not calendar.openings

    def open(self) -> set[UUID]:
        """The roles that receive somebody that day."""
        return {role for role, one in self.calendars.items() if opens(one, self.day)}

    def next_open(self, roles: Iterable[UUID]) -> date | None:
        """The first later day on which one of them receives; None within ``LOOK_AHEAD_DAYS``."""
        asked = [self.calendars[role] for role in roles if role in self.calendars]
        later = (self.day + timedelta(days=n) for n in range(1, LOOK_AHEAD_DAYS))
        return next((day for day in later if any(opens(one, day) for one in asked)), None)


def around(role_ids: Sequence[UUID], day: date, using: str = "default") -> Days:
    """The rules that decide about ``day`` and ``LOOK_AHEAD_DAYS`` after it."""
    midnight = datetime.combine(day, datetime.min.time(), UTC)
    window = (
        wall_clock.minute_of(midnight - timedelta(days=1)),
        wall_clock.minute_of(midnight + timedelta(days=LOOK_AHEAD_DAYS + 1)),
    )
    plans = rules.plans(role_ids, window, using=using)
    return Days(day, {role: plan.calendar for role, plan in plans.items()})


def opens(calendar: Calendar, day: date) -> bool:
    """Whether a minute at least is open that day."""
    spans = availability.merged(
        (start, end) for start, end, _ in availability.open_spans(calendar, None, day)
    )
    return bool(spans) and bool(availability.without(spans, availability.shut_spans(calendar, day)))


def why(calendar: Calendar, day: date) -> Because | None:
    """The rule that keeps the day closed; None when it is open."""
    if opens(calendar, day):
        return None
    if availability.open_spans(calendar, None, day):
        house = tuple(one for one in calendar.away if one.house)
        if not opens(replace(calendar, absences=(), exceptions=_opened(calendar), away=house), day):
            return Because.HOUSE
        here = replace(calendar, absences=(), away=house)
        return Because.ABSENCE if opens(here, day) else Because.CLOSED_DATE
    if calendar.is_holiday(day) and opens(replace(calendar, is_holiday=_never), day):
        return Because.HOLIDAY
    return Because.WEEKDAY


def _never(day: date) -> bool:
    return False


def _opened(calendar: Calendar) -> tuple[DatedHours, ...]:
    """The dates that open more, without those that close."""
    return tuple(one for one in calendar.exceptions if one.opened)

"""A series booked at the desk: the dates that go with the chosen time, each with others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from serment import clock
from serment.disclosure import Actor
from serment.scheduling import refusals, series, wall_clock
from serment.scheduling.series_dates import Session
from serment.web.practice import offered_times

if TYPE_CHECKING:
    from serment.web.practice.telephone import Choice


@dataclass(frozen=True, slots=True)
class Date:
    """One visit after the first: its place, and the times to choose from."""

    number: int
    options: list[tuple[str, str, bool]]


def is_one(choice: Choice) -> bool:
    """Whether all dates are booked together: not where one is moved, or wanted alone."""
    series_wanted = choice.reason is not None and choice.reason.sessions > 1
    return series_wanted and not choice.moves and not choice.alone


def shown(actor: Actor, choice: Choice) -> dict[str, Any]:
    """The dates, or why there are not enough."""
    if choice.reason is None or choice.starts_at is None or not is_one(choice):
        return {}
    asked = (actor, choice.member.id, choice.reason.id, choice.starts_at, clock.now())
    try:
        found = series.propose(*asked, choice.later)
    except refusals.NotOffered as refused:
        return {"no_series": str(_(refused.sentence))}
    return {"series": [_date(number, one, choice) for number, one in enumerate(found, 2)]}


def _date(number: int, one: Session, choice: Choice) -> Date:
    options = []
    for minute in sorted((one.at, *one.others)):
        at: datetime = wall_clock.instant_of(minute)
        words = offered_times.when(at, choice.member.zone)
        options.append((at.isoformat(), words, minute == one.at))
    return Date(number, options)

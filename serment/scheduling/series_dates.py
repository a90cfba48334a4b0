"""Which dates a series of visits may have: the next within so many days of the one before. Pure.

Only dates are proposed from which the series can be finished. Among them the one nearest to the
first visit's hour on the wall wins, and its weekday: a series at nine on Tuesdays stays there over
the change of clocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

ALTERNATIVES_MAX = 12
OTHER_DAY_MINUTES = 90
"""Another weekday is as bad as an hour that is so much earlier or later."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How many visits, and how many days from one to the next."""

    sessions: int
    least: int
    most: int

    @property
    def is_series(self) -> bool:
        """Whether there is more than one."""
        return self.sessions > 1

    @property
    def days(self) -> int:
        """From the first to the last visit, at most."""
        return self.most * (self.sessions - 1)


@dataclass(frozen=True, slots=True)
class Session:
    """One visit of a series, and when else it could be; instants as minutes since the epoch."""

    at: int
    others: tuple[int, ...] = ()
    like_the_first: bool = True
    """Whether it is on the first one's weekday, at its hour."""
    picked: bool = False


@dataclass(frozen=True, slots=True)
class TooFew:
    """No series begins there: the most visits that one could have."""

    sessions: int


def propose(
    first: int, free: Iterable[int], terms: Terms, zone: ZoneInfo, picks: Sequence[int] = ()
) -> list[Session] | TooFew:
    """The visits after the first, in order. ``picks``: wanted times in their order, each taken as
    long as it is free, fits the one before and leaves a way to the end."""
    by_day: dict[date, list[int]] = {}
    for minute in free:
        by_day.setdefault(_local(minute, zone).date(), []).append(minute)
    reach = _reach(sorted(by_day), terms)
    start = _local(first, zone)
    if (most := reach(start.date(), terms.sessions - 1)) < terms.sessions - 1:
        return TooFew(most + 1)
    found: list[Session] = []
    before = start.date()
    for number in range(1, terms.sessions):
        left = terms.sessions - 1 - number
        days = [one for one in by_day if _follows(before, one, terms) and reach(one, left) == left]
        ranked = sorted(
            (minute for day in days for minute in by_day[day]),
            key=lambda minute: (*_unlike(minute, start, zone), minute),
        )
        wanted = picks[number - 1] if number <= len(picks) else None
        at = wanted if wanted in ranked else ranked[0]
        others = tuple(sorted(one for one in ranked[: ALTERNATIVES_MAX + 1] if one != at))
        like = _unlike(at, start, zone) == (0,)
        found.append(Session(at, others, like, picked=at == wanted))
        before = _local(at, zone).date()
    return found


def fits(starts: Sequence[int], terms: Terms, zone: ZoneInfo) -> bool:
    """Whether these are as many as the series has, each in its time after the one before."""
    days = [_local(minute, zone).date() for minute in starts]
    return len(days) == terms.sessions and all(
        _follows(before, after, terms) for before, after in pairwise(days)
    )


def _reach(days: Sequence[date], terms: Terms) -> Callable[[date, int], int]:
    """How many more visits can follow one on a date, of so many that are wanted."""

    @cache
    def reach(day: date, wanted: int) -> int:
        if wanted == 0:
            return 0
        most = 0
        for one in days:
            if _follows(day, one, terms):
                most = max(most, 1 + reach(one, wanted - 1))
                if most == wanted:
                    break
        return most

    return reach


def _follows(before: date, after: date, terms: Terms) -> bool:
    return terms.least <= (after - before).days <= terms.most


def _unlike(minute: int, start: datetime, zone: ZoneInfo) -> tuple[int]:
    """How far from the first one's weekday and hour on the wall."""
    local = _local(minute, zone)
    hours = abs((local.hour - start.hour) * 60 + local.minute - start.minute)
    return (hours + OTHER_DAY_MINUTES * (local.weekday() != start.weekday()),)


def _local(minute: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(minute * 60, zone)

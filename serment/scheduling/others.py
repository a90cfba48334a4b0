"""Whose time decides beside the practitioner's: rooms and devices of a kind, and substitutes. Pure.

A substitute holds the hours of the replaced between two dates: these hours stay open although the
replaced is away, and are free only where the substitute is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from serment.scheduling import availability, wall_clock
from serment.scheduling.availability import Calendar, Need, Span
from serment.scheduling.diagnosis import SUBSTITUTE

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of room or device at one site, and which there are."""

    name_fr: str
    name_en: str
    rooms: tuple[UUID, ...]


Rooms = dict[UUID, Kind]
"""By the kind's id."""


@dataclass(frozen=True, slots=True)
class Dates:
    """Who stands in, from one date to another, both included."""

    substitute: UUID
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class StandIn:
    """The same in minutes, with the times at which the substitute is away."""

    role_id: UUID
    within: Span
    away: tuple[Span, ...]


def by_place(
    rows: Iterable[tuple[Any, ...]],
) -> tuple[dict[int, Rooms], dict[int, list[Dates]]]:
    """The rows of ``rule_rows.OTHERS``, by the place of their role."""
    rooms: dict[int, Rooms] = {}
    replaced: dict[int, list[Dates]] = {}
    for place, claimant, kind, name_fr, name_en, first, last in rows:
        if kind is None:
            replaced.setdefault(place, []).append(Dates(claimant, first, last))
            continue
        kinds = rooms.setdefault(place, {})
        known = kinds.get(kind)
        before = known.rooms if known else ()
        kinds[kind] = Kind(name_fr, name_en or name_fr, (*before, claimant))
    return rooms, replaced


def stand_ins(
    replaced: Iterable[Dates], free: Mapping[UUID, Calendar], calendar: Calendar, window: Span
) -> tuple[StandIn, ...]:
    """Substitutions as far as they touch the window, by the clock of the replaced one's site."""
    zone = calendar.zone
    found = []
    for dates in replaced:
        within = (_start_of(dates.first, calendar), _start_of(dates.last + ONE_DAY, calendar))
        theirs = replace(free[dates.substitute], zone=zone)
        first = max(dates.first, wall_clock.local_date(window[0], zone) - ONE_DAY)
        last = min(dates.last, wall_clock.local_date(window[1], zone) + ONE_DAY)
        away = list(theirs.absences)
        while first <= last:
            away += availability.away_spans(theirs, first)
            first += ONE_DAY
        found.append(StandIn(dates.substitute, within, tuple(away)))
    return tuple(found)


def without_absences(calendar: Calendar, stand_ins: Sequence[StandIn]) -> Calendar:
    """The calendar of somebody replaced: what was their absence is the substitute's time.

    What recurs goes on closing, and the house's closures: the substitute keeps these hours.
    """
    if not stand_ins:
        return calendar
    held = availability.merged(one.within for one in stand_ins)
    left = availability.without(availability.merged(calendar.absences), held)
    return replace(calendar, absences=tuple(left))


def needs(
    rooms: Rooms,
    stand_ins: Iterable[StandIn],
    kinds: Iterable[UUID],
    taken: Mapping[UUID, list[Span]],
) -> tuple[Need, ...]:
    """What must be free beside the practitioner, with the time taken of each."""
    found = [
        Need(
            SUBSTITUTE,
            (one.role_id,),
            (tuple(availability.merged([*taken.get(one.role_id, ()), *one.away])),),
            one.within,
        )
        for one in stand_ins
    ]
    for kind in kinds:
        # None at this site: such a visit can be had nowhere, and the finding says so.
        known = rooms.get(kind, Kind("", "", ()))
        busy = tuple(tuple(availability.merged(taken.get(room, ()))) for room in known.rooms)
        found.append(Need(known.name_fr, known.rooms, busy))
    return tuple(found)


def _start_of(day: date, calendar: Calendar) -> int:
    return wall_clock.ranges(day, 0, wall_clock.DAY_MINUTES, calendar.zone)[0][0]

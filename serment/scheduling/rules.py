"""Rules and time taken, read for many roles in a fixed number of queries.

The public search reads through the alias of a role that sees no patient and cannot write; a
booking reads through its own transaction. Both get the same values and hand them to
``availability``. Rows of one establishment never count for a role of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache, lru_cache, partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connections

from serment.directory.holidays import is_public_holiday
from serment.directory.pipeline import Rows, Statement, together
from serment.scheduling import availability, linked_times, others, rule_rows, wall_clock
from serment.scheduling.availability import (
    NO_LIMITS,
    Calendar,
    Limits,
    Public,
    Span,
    Visit,
)
from serment.scheduling.others import Rooms, StandIn

NO_DAYS: frozenset[date] = frozenset()
_RULES = (rule_rows.WEEKLY, rule_rows.EXCEPTIONS, rule_rows.ABSENCES, rule_rows.REASONS)


@dataclass(frozen=True, slots=True)
class Reason:
    """A visit reason as search and booking need it."""

    visit: Visit
    in_person: bool
    video: bool
    new_patients: bool
    known_patients: bool
    red_flags: tuple[str, ...] = ()
    needs: tuple[UUID, ...] = ()
    """Kinds of room or device, one of each."""
    in_groups: bool = False
    """Offered where a session was set (``groups``), and not where hours are open."""
    sessions: int = 1
    """Visits that are booked together, more than one where it is a series (``series``)."""
    apart: tuple[int, int] = (7, 7)
    """Days from one of them to the next, at least and at most."""
    steps: tuple[linked_times.Step, ...] = ()
    """Visits that follow it, of one booking (``linked``)."""
    by_invitation: bool = False
    """For the desk and whoever has an invitation (``inviting``); for others it is not there."""

    def is_for(self, audience: Public) -> bool:
        """Whether these people may know of it."""
        return not self.by_invitation or audience is Public.INVITED

    @property
    def mode(self) -> str:
        """``in_person``, ``video``, or ``either`` where the patient chooses."""
        if self.in_person and self.video:
            return "either"
        return "video" if self.video else "in_person"

    def seen_by(self, audience: Public) -> Reason:
        """The same, with the hours that are kept for these people."""
        if audience is self.visit.audience:
            return self
        return replace(self, visit=replace(self.visit, audience=audience))

    def allows(self, mode: str) -> bool:
        """Whether a visit may be held that way."""
        return {"in_person": self.in_person, "video": self.video}.get(mode, False)


@dataclass(slots=True, eq=False)
class Plan:
    """Everything about one role that decides on its slots, except the time taken."""

    role_id: UUID
    establishment_id: UUID
    site_id: UUID
    calendar: Calendar
    reasons: dict[UUID, Reason]
    """Open online, in the order of the practitioner's list."""
    rooms: Rooms = field(default_factory=dict)
    stand_ins: tuple[StandIn, ...] = ()

    def reason(
        self, reason_id: UUID | None, *, mode: str = "", audience: Public = Public.EVERYONE
    ) -> Reason | None:
        """The reason asked for; without one, the first open to somebody new, else the first.

        ``mode`` leaves only reasons that can be held that way; ``audience`` those they may know of.
        """
        seen = [one for one in self.reasons.values() if one.is_for(audience)]
        if reason_id is not None:
            return next((one for one in seen if one.visit.id == reason_id), None)
        fitting = [one for one in seen if not mode or one.allows(mode)]
        return next((one for one in fitting if one.new_patients), next(iter(fitting), None))

    @property
    def claimants(self) -> list[UUID]:
        """All whose time can decide: the role first."""
        rooms = [room for kind in self.rooms.values() for room in kind.rooms]
        return [self.role_id, *rooms, *(one.role_id for one in self.stand_ins)]

    def limits(
        self, reason: Reason, taken: Mapping[UUID, list[Span]], full: frozenset[date] = NO_DAYS
    ) -> Limits:
        """What else decides about a reason's slots, with the time taken of all ``claimants``."""
        if not (reason.needs or self.stand_ins or full):
            return NO_LIMITS
        return Limits(others.needs(self.rooms, self.stand_ins, reason.needs, taken), full)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=16384)
def _is_holiday(region: str, day: date) -> bool:
    return is_public_holiday(day, region) is not None


@cache
def _holidays_of(region: str) -> Callable[[date], bool]:
    return partial(_is_holiday, region)


def plans(
    role_ids: Sequence[UUID], window: Span, *, using: str, at_once: bool = False
) -> dict[UUID, Plan]:
    """The plans of all active roles asked for, for local dates touching the window (minutes).

    ``at_once``: in one round trip, by statements prepared for few roles; hundreds need their own.
    """
    if not role_ids:
        return {}
    roles = list(dict.fromkeys(role_ids))
    values = _values(roles, window)
    if at_once:
        asked = together([(sql, values) for sql in (*_RULES, rule_rows.OTHERS)], using=using)
    else:
        asked = [_rows(sql, values, using) for sql in _RULES]
        asked.append(_others(asked[-1], roles, values, using))
    return _plans(roles, window, asked, using)


def versions(houses: Iterable[UUID], *, using: str) -> dict[UUID, UUID]:
    """The version of each house's rules, another after every change of them."""
    named = _ids(houses)
    return dict(_rows(rule_rows.VERSIONS, {"houses": named}, using))


def versions_behind(
    roles: Sequence[UUID], *, using: str
) -> dict[UUID, tuple[tuple[UUID, UUID | None], ...]]:
    """Of each role the houses that its plan is read from, with their versions."""
    found: dict[UUID, tuple[tuple[UUID, UUID | None], ...]] = {}
    for role, house, version in _rows(rule_rows.VERSIONS_BEHIND, {"roles": _ids(roles)}, using):
        found[role] = (*found.get(role, ()), (house, version))
    return found


def covered(before: Mapping[Plan, int], until: int, now: int, *, using: str) -> set[UUID]:
    """Of whom one stretch of time begins before a minute of their own and lasts to that of all."""
    values = {
        "roles": _ids(plan.role_id for plan in before),
        "establishments": _ids(plan.establishment_id for plan in before),
        "before": _numbers(before.values()),
        "until": wall_clock.instant_of(until),
        "now": wall_clock.instant_of(now),
    }
    return {role for (role,) in _rows(rule_rows.COVERED, values, using)}


def long_taken(
    plans: Sequence[Plan], window: Span, now: int, *, using: str
) -> dict[UUID, list[Span]]:
    """Of the time taken of these roles, stretches of more than a day; disjoint and in order."""
    values = {
        "claimants": _ids(plan.role_id for plan in plans),
        "establishments": _ids(plan.establishment_id for plan in plans),
        "from": wall_clock.instant_of(window[0]),
        "to": wall_clock.instant_of(window[1]),
        "now": wall_clock.instant_of(now),
    }
    found = spans(_rows(rule_rows.LONG_TAKEN, values, using))
    return {role: availability.merged(some) for role, some in found.items()}


def _plans(
    roles: Sequence[UUID], window: Span, asked: Sequence[Rows], using: str
) -> dict[UUID, Plan]:
    weekly, dated, away, reasons, beside = asked
    openings, recurring = rule_rows.weekly(weekly)
    exceptions = rule_rows.grouped(dated, rule_rows.dated_hours)
    absences = rule_rows.grouped((row for row in away if not row[3]), rule_rows.span)
    closures = rule_rows.grouped((row for row in away if row[3]), rule_rows.span)
    rooms, replaced = others.by_place(beside)
    free = _of_substitutes(replaced, window, using) if replaced else {}
    found: dict[int, Plan] = {}
    for row in reasons:
        plan = found.get(row[0])
        if plan is None:
            calendar = Calendar(
                zone=_zone(row[2]),
                openings=tuple(openings.get(row[0], ())),
                exceptions=tuple(exceptions.get(row[0], ())),
                absences=tuple(absences.get(row[0], ())),
                is_holiday=_holidays_of(row[3]),
                away=tuple(recurring.get(row[0], ())),
                closures=tuple(closures.get(row[0], ())),
            )
            plan = found[row[0]] = Plan(roles[row[0] - 1], row[1], row[18], calendar, {})
            if row[0] in replaced:
                plan.stand_ins = others.stand_ins(replaced[row[0]], free, calendar, window)
                plan.calendar = others.without_absences(calendar, plan.stand_ins)
            plan.rooms = rooms.get(row[0], {})
        if row[5] is not None:
            plan.reasons[row[5]] = _reason(row)
    return {plan.role_id: plan for plan in found.values()}


def _reason(row: tuple[Any, ...]) -> Reason:
    in_person, video, new_patients, known_patients, red_flags, _site, needs, groups = row[13:21]
    sessions, *apart = row[21:24]
    steps = row[24]
    return Reason(
        Visit(*row[5:13]),
        in_person,
        video,
        new_patients and row[4],
        known_patients,
        tuple(red_flags or ()),
        tuple(needs or ()),
        groups,
        sessions,
        (apart[0], apart[1]),
        linked_times.read(steps) if steps else (),
        row[25],
    )


def _of_substitutes(
    replaced: Mapping[int, Sequence[others.Dates]], window: Span, using: str
) -> dict[UUID, Calendar]:
    """When those who stand in for somebody are away themselves."""
    roles = list(dict.fromkeys(one.substitute for some in replaced.values() for one in some))
    values = _values(roles, window)
    _hours, away = rule_rows.weekly(_rows(rule_rows.WEEKLY, values, using))
    spans = rule_rows.grouped(_rows(rule_rows.ABSENCES, values, using), rule_rows.span)
    return {
        role: Calendar(
            zone=_zone("UTC"), away=tuple(away.get(n, ())), absences=tuple(spans.get(n, ()))
        )
        for n, role in enumerate(roles, 1)
    }


def _others(reasons: Rows, roles: Sequence[UUID], values: Mapping[str, Any], using: str) -> Rows:
    """Who else decides; rooms are asked for where a reason needs one."""
    places = list(dict.fromkeys(row[0] for row in reasons if row[19]))
    needing = _ids(roles[place - 1] for place in places)
    asked = {"needing": needing, "their_places": _numbers(places)}
    return _rows(rule_rows.OTHERS, {**values, **asked}, using)


def _values(roles: Sequence[UUID], window: Span) -> dict[str, Any]:
    days, named = _days(window), _ids(roles)
    places = _numbers(range(1, len(roles) + 1))
    return {
        "roles": named,
        "needing": named,
        "places": places,
        "their_places": places,
        "first": days[0],
        "last": days[1],
        # Whole days: what ended before the window shifts the slots of its first day.
        "from": wall_clock.instant_of(window[0] - wall_clock.DAY_MINUTES),
        "to": wall_clock.instant_of(window[1] + wall_clock.DAY_MINUTES),
    }


def taken(
    for_plans: Iterable[Plan], window: Span, now: int, *, using: str
) -> dict[UUID, list[Span]]:
    """Spans taken per claimant that can matter to a slot starting in the window."""
    roles = list(for_plans)
    return spans(_rows(*taken_statement(roles, window, now), using)) if roles else {}


def taken_statement(roles: Sequence[Plan], window: Span, now: int) -> Statement:
    """What ``taken`` asks, for at least one role; ``spans`` reads the rows."""
    start, end = _days_around(roles, window)
    # A room or a substitute of several roles is asked about once.
    whose = {one: plan.establishment_id for plan in roles for one in plan.claimants}
    parameters = {
        "claimants": _ids(whose),
        "establishments": _ids(whose.values()),
        "from": wall_clock.instant_of(start),
        "to": wall_clock.instant_of(end),
        "to_and_a_day": wall_clock.instant_of(end + wall_clock.DAY_MINUTES),
        "now": wall_clock.instant_of(now),
    }
    return rule_rows.TAKEN, parameters


def spans(rows: Rows) -> dict[UUID, list[Span]]:
    """Spans taken by claimant, from the rows of a ``taken_statement``."""
    return {claimant: list(zip(starts, ends, strict=True)) for claimant, starts, ends in rows}


def _days_around(roles: Iterable[Plan], window: Span) -> Span:
    """From the midnight before the window, where the walk begins, to the end of its last visit."""
    zones = {plan.calendar.zone for plan in roles}
    longest = max((r.visit.block for plan in roles for r in plan.reasons.values()), default=0)
    return min(wall_clock.day_start(window[0], zone) for zone in zones), window[1] + longest


def _ids(ids: Iterable[UUID]) -> str:
    """As PostgreSQL writes an array; for hundreds far quicker than the driver's way."""
    return "{" + ",".join([one.hex for one in ids]) + "}"


def _numbers(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def _days(window: Span) -> tuple[date, date]:
    """Dates that the window can touch in any zone."""
    first = wall_clock.instant_of(window[0]).date() - timedelta(days=1)
    return first, wall_clock.instant_of(window[1]).date() + timedelta(days=1)


def _rows(
    sql: str, parameters: Sequence[Any] | Mapping[str, Any], using: str
) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())

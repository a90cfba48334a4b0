"""Free slots for patients: one practitioner, a few, or all of a specialty around a place.

Every question costs a fixed number of queries through a read-only role, however many roles it is
about; among hundreds the soonest are looked for in a few (``soonest``), by rules that are
remembered (``known_plans``). Nobody is left out of
``total``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Literal
from uuid import UUID

from serment.scheduling import (
    availability,
    counting,
    groups,
    known_plans,
    linked,
    places_around,
    rules,
    soonest,
    wall_clock,
)
from serment.scheduling.availability import Public, Span
from serment.scheduling.known_plans import Known
from serment.scheduling.places_around import Filters

ALIAS = "search"
HORIZON_DAYS_MAX = 365
SHOWN_DAYS = 7
# In so short a window most can have no slot: these are left out before their time is read.
SHORT_MINUTES = 240
# Up to so many slots a role, a window is looked at piece by piece.
FEW_SLOTS = 20


@dataclass(frozen=True, slots=True)
class Slot:
    """Bookable time; derived at the moment of asking and stored nowhere. Instants are UTC."""

    role_id: UUID
    reason_id: UUID
    starts_at: datetime
    ends_at: datetime
    mode: str
    """``in_person``, ``video`` or ``either``."""

    @property
    def minute(self) -> int:
        """When it starts, in minutes since the epoch."""
        return wall_clock.minute_of(self.starts_at)


@dataclass(frozen=True, slots=True)
class RoleResult:
    """One practitioner role in a list of results."""

    role_id: UUID
    distance_km: float | None
    """None where the visit is by video and distance says nothing."""
    soonest: Slot | None
    slots_by_day: dict[date, list[Slot]] = field(default_factory=dict)
    """By local date of the site, for ``SHOWN_DAYS`` days from now; empty days are left out."""


@dataclass(frozen=True, slots=True)
class Results:
    """A page of results; ``total`` counts every role that fits, shown or not."""

    items: list[RoleResult]
    total: int
    soonest: Slot | None
    """The earliest slot among the items."""


def next_slots(
    role_ids: Sequence[UUID],
    reason_id: UUID | None,
    window: tuple[datetime, datetime],
    now: datetime,
    limit: int,
    *,
    mode: str = "",
    using: str = "",
    audience: Public = Public.EVERYONE,
) -> dict[UUID, list[Slot]]:
    """The first ``limit`` slots of each role within the window; every role asked for has a key.

    Without a reason, each role's first reason open online counts (that allows ``mode``). Hours
    kept for some are shown to the ``audience`` they are for. In a window that ends before it begins
    there are none.
    """
    span = _minutes(window)
    if span[0] >= span[1]:
        return {role: [] for role in role_ids}  # a week past the horizon, a day that is over
    look = _Look(role_ids, span, wall_clock.minute_of(now), using or ALIAS, audience)
    if limit > FEW_SLOTS:
        return look.first(role_ids, reason_id, span, limit, mode)
    found: dict[UUID, list[Slot]] = {role: [] for role in role_ids}
    for part in soonest.parts(span, len(found)):
        left = [role for role in found if len(found[role]) < limit]
        if not left:
            break
        for role, slots in look.first(left, reason_id, part, limit, mode).items():
            found[role] += slots[: limit - len(found[role])]
    return found


def around(  # noqa: PLR0913 -- the question a patient asks has this many parts
    code: str,
    latitude: float,
    longitude: float,
    radius_km: float,
    now: datetime,
    *,
    filters: Filters | None = None,
    sort: Literal["soonest", "nearest"] = "soonest",
    limit: int = 20,
    offset: int = 0,
    using: str = "",
) -> Results:
    """Roles of a specialty or profession around a place, with their next slots.

    Soonest first: by first slot, then distance; roles without any slot come last.
    """
    chosen = filters or Filters()
    alias = using or ALIAS
    found = places_around.roles(code, latitude, longitude, radius_km, chosen, using=alias)
    mode = "video" if chosen.video else ""
    start = wall_clock.minute_of(now)
    everybody = list(found)
    whole = (start, start + HORIZON_DAYS_MAX * wall_clock.DAY_MINUTES)
    if sort == "nearest":
        page = everybody[offset : offset + limit]
        look = _Look(page, whole, start, alias)
        firsts = soonest.firsts(page, whole, len(page), look.first_slots(mode))
    else:
        ahead = offset + limit
        if len(everybody) > soonest.MANY_ROLES:
            firsts, plans = _among_many(everybody, whole, ahead, alias, mode)
            look = _Look((), whole, start, alias, plans=plans)
        else:
            look = _Look(everybody, whole, start, alias)
            firsts = soonest.firsts(everybody, whole, ahead, look.first_slots(mode))
        order = sorted(firsts, key=lambda role: (firsts[role].starts_at, found[role] or 0.0))
        if len(order) < ahead:
            order += [role for role in everybody if role not in firsts]
        page = order[offset:ahead]
    items = _items(look, page, found, firsts, mode)
    first = min((i.soonest for i in items if i.soonest), key=lambda s: s.starts_at, default=None)
    return Results(items=items, total=len(everybody), soonest=first)


def _shown(now: int) -> Span:
    return now, now + SHOWN_DAYS * wall_clock.DAY_MINUTES


def _among_many(
    roles: Sequence[UUID], whole: Span, enough: int, using: str, mode: str
) -> tuple[dict[UUID, Slot], dict[UUID, rules.Plan]]:
    """The first slots of those who come first, and everybody's plan."""
    known = known_plans.read(roles, whole, using=using)
    many = _Many(whole, using, mode)
    firsts = soonest.firsts(known, whole, enough, many.look, many.narrow)
    found = {one.plan.role_id: slot for one, slot in firsts.items()}
    return found, {one.plan.role_id: one.plan for one in known}


class _Many:
    """First slots of hundreds, from rules that are remembered (``known_plans``)."""

    def __init__(self, whole: Span, using: str, mode: str) -> None:
        self.whole, self.now, self.using, self.mode = whole, whole[0], using, mode
        self.long: dict[UUID, list[Span]] = {}
        self.asked: set[Known] = set()

    def narrow(self, roles: Sequence[Known], part: Span) -> dict[Known, int]:
        """Who may have a slot, as far as the rules say; after the first day also long time away."""
        if part[0] > self.whole[0]:
            self._read_long(roles)
        return self._possible(roles, part)

    def look(self, since: Mapping[Known, int], window: Span) -> Mapping[Known, Slot]:
        """What the engine says of those whose time is not all taken."""
        roles = {one.plan.role_id: one for one in since}
        if window[1] - window[0] <= SHORT_MINUTES:
            for role in self._covered(since, window[1]):
                del roles[role]
        elif len(since) > soonest.AT_ONCE:
            self._read_long(since)
            roles = {one.plan.role_id: one for one in self._possible(since, window)}
        plans = {role: one.plan for role, one in roles.items()}
        engine = _Look((), window, self.now, self.using, plans=plans)
        found = engine.first(plans, None, window, 1, self.mode)
        return {roles[role]: slots[0] for role, slots in found.items() if slots}

    def _possible(self, roles: Iterable[Known], window: Span) -> dict[Known, int]:
        found, long = {}, self.long
        for one in roles:
            away = long.get(one.plan.role_id, ()) if long else ()
            first = one.first_possible(self.mode, window, self.now, away)
            if first is not None:
                found[one] = first
        return found

    def _read_long(self, roles: Iterable[Known]) -> None:
        """Once, where somebody has to be looked for further: of these, and who comes later."""
        missing = [one.plan for one in roles if one not in self.asked]
        if missing:
            self.asked.update(roles)
            self.long |= rules.long_taken(missing, self.whole, self.now, using=self.using)

    def _covered(self, since: Mapping[Known, int], until: int) -> set[UUID]:
        """Whose time is taken so that no visit fits in that starts before a minute."""
        before = {}
        for one, first in since.items():
            reason = one.reason(self.mode)
            # A session takes the very time at which it is offered.
            if reason is not None and not reason.in_groups:
                before[one.plan] = first + reason.visit.block - reason.visit.buffer_before
        return rules.covered(before, until, self.now, using=self.using)


def _items(
    look: _Look,
    page: list[UUID],
    distances: dict[UUID, float | None],
    firsts: dict[UUID, Slot],
    mode: str,
) -> list[RoleResult]:
    slots = look.first(page, None, _shown(look.now), 10_000, mode)
    items = []
    for role in page:
        by_day: dict[date, list[Slot]] = {}
        for slot in slots[role]:
            local = slot.starts_at.astimezone(look.plans[role].calendar.zone).date()
            by_day.setdefault(local, []).append(slot)
        items.append(RoleResult(role, distances[role], firsts.get(role), by_day))
    return items


class _Look:
    """The plans of some roles, read once; time taken is read for each window looked at."""

    def __init__(
        self,
        role_ids: Sequence[UUID],
        window: Span,
        now: int,
        using: str,
        audience: Public = Public.EVERYONE,
        plans: dict[UUID, rules.Plan] | None = None,
    ) -> None:
        self.now, self.using, self.audience = now, using, audience
        self.plans = rules.plans(role_ids, window, using=using) if plans is None else plans

    def first_slots(self, mode: str) -> soonest.Look[UUID, Slot]:
        """What a search for the soonest asks."""

        def look(roles: Mapping[UUID, int], window: Span) -> Mapping[UUID, Slot]:
            found = self.first(roles, None, window, 1, mode)
            return {role: slots[0] for role, slots in found.items() if slots}

        return look

    def first(
        self,
        role_ids: Iterable[UUID],
        reason_id: UUID | None,
        window: Span,
        limit: int,
        mode: str,
    ) -> dict[UUID, list[Slot]]:
        """The first slots of each role within a window."""
        chosen = {
            plan.role_id: (plan, reason)
            for plan in map(self.plans.get, role_ids)
            if plan is not None
            and (reason := plan.reason(reason_id, mode=mode, audience=self.audience)) is not None
        }
        in_groups = {role: pair for role, pair in chosen.items() if pair[1].in_groups}
        alone = {role: pair for role, pair in chosen.items() if role not in in_groups}
        sessions = groups.starts(in_groups, window, self.now, using=self.using)
        taken = rules.taken([p for p, _ in alone.values()], window, self.now, using=self.using)
        full = self._full_days(alone, window)
        of_all = [reason.seen_by(self.audience) for _plan, reason in alone.values()]
        ways = linked.ways_of(of_all, window, self.now, using=self.using)
        found: dict[UUID, list[Slot]] = {role: [] for role in role_ids}
        for role, (plan, reason) in alone.items():
            limits = plan.limits(reason, taken, full.get(role, rules.NO_DAYS))
            visit = reason.seen_by(self.audience).visit
            busy = taken.get(role, [])
            starts = availability.slots(plan.calendar, visit, busy, window, self.now, limits)
            starts = linked.fitting(plan, reason, starts, ways)
            found[role] = _as_slots(plan, reason, islice(starts, limit), mode)
        for role, (plan, reason) in in_groups.items():
            found[role] = _as_slots(plan, reason, sessions[role][:limit], mode)
        return found

    def _full_days(
        self, chosen: dict[UUID, tuple[rules.Plan, rules.Reason]], window: Span
    ) -> dict[UUID, frozenset[date]]:
        asked = {role: (plan.calendar, reason.visit) for role, (plan, reason) in chosen.items()}
        return counting.full_days(asked, window, using=self.using)


def _as_slots(
    plan: rules.Plan, reason: rules.Reason, starts: Iterable[int], mode: str
) -> list[Slot]:
    how, lasts = mode or reason.mode, timedelta(minutes=reason.visit.duration)
    instants = map(wall_clock.instant_of, starts)
    return [Slot(plan.role_id, reason.visit.id, at, at + lasts, how) for at in instants]


def _minutes(window: tuple[datetime, datetime]) -> Span:
    return wall_clock.minute_after(window[0]), wall_clock.minute_after(window[1])

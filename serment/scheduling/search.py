"""Free slots for patients: one practitioner, a few, or all of a specialty around a place.

Every question costs a fixed number of queries through a read-only role, however many roles it is
about. "Soonest first" looks a few days ahead for everybody, and further only for as long as the
page is not full; nobody is left out of ``total``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Literal
from uuid import UUID

from serment.scheduling import (
    availability,
    counting,
    groups,
    places_around,
    rules,
    wall_clock,
)
from serment.scheduling.availability import Public
from serment.scheduling.places_around import Filters

ALIAS = "search"
HORIZON_DAYS_MAX = 365
# Days ahead at which a search for the soonest pauses and asks whether the page is full.
LOOKS_DAYS = (3, 7, 14, 28, 60, 120, HORIZON_DAYS_MAX)
# Among many, the first day already fills a page.
MANY_ROLES = 100
SHOWN_DAYS = 7
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
    kept for some are shown to the ``audience`` they are for.
    """
    span = _minutes(window)
    look = _Look(role_ids, span, wall_clock.minute_of(now), using or ALIAS, audience)
    if limit > FEW_SLOTS:
        return look.first(role_ids, reason_id, span, limit, mode)
    found: dict[UUID, list[Slot]] = {role: [] for role in role_ids}
    for part in _parts(span, len(found)):
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
        firsts = dict(_soonest(look, page, mode, len(page)))
    else:
        look = _Look(everybody, whole, start, alias)
        firsts = dict(_soonest(look, everybody, mode, offset + limit))
        order = sorted(firsts, key=lambda role: (firsts[role].starts_at, found[role] or 0.0))
        order += [role for role in everybody if role not in firsts]
        page = order[offset : offset + limit]
    items = _items(look, page, found, firsts, mode)
    soonest = min((i.soonest for i in items if i.soonest), key=lambda s: s.starts_at, default=None)
    return Results(items=items, total=len(everybody), soonest=soonest)


def _items(
    look: _Look,
    page: list[UUID],
    distances: dict[UUID, float | None],
    firsts: dict[UUID, Slot],
    mode: str,
) -> list[RoleResult]:
    shown = (look.now, look.now + SHOWN_DAYS * wall_clock.DAY_MINUTES)
    slots = look.first(page, None, shown, 10_000, mode)
    items = []
    for role in page:
        by_day: dict[date, list[Slot]] = {}
        for slot in slots[role]:
            local = slot.starts_at.astimezone(look.plans[role].calendar.zone).date()
            by_day.setdefault(local, []).append(slot)
        items.append(RoleResult(role, distances[role], firsts.get(role), by_day))
    return items


def _soonest(
    look: _Look, role_ids: Sequence[UUID], mode: str, enough: int
) -> Iterator[tuple[UUID, Slot]]:
    """First slots, looking further ahead until ``enough`` roles have one.

    Each look is complete for all roles, so whoever has a slot in it precedes whoever has none.
    """
    left, count = list(role_ids), 0
    whole = (look.now, look.now + HORIZON_DAYS_MAX * wall_clock.DAY_MINUTES)
    for part in _parts(whole, len(left)):
        firsts = look.first(left, None, part, 1, mode)
        for role, slots in firsts.items():
            if slots:
                count += 1
                yield role, slots[0]
        left = [role for role in left if not firsts[role]]
        if count >= enough or not left:
            return


def _parts(window: availability.Span, roles: int) -> Iterator[availability.Span]:
    """The window in growing pieces: most who look for a slot find one in the first."""
    start = window[0]
    for days in (1, *LOOKS_DAYS) if roles > MANY_ROLES else LOOKS_DAYS:
        end = min(window[1], window[0] + days * wall_clock.DAY_MINUTES)
        if start < end:
            yield (start, end)
        start = end
    if start < window[1]:
        yield (start, window[1])


class _Look:
    """The plans of some roles, read once; time taken is read for each window looked at."""

    def __init__(
        self,
        role_ids: Sequence[UUID],
        window: availability.Span,
        now: int,
        using: str,
        audience: Public = Public.EVERYONE,
    ) -> None:
        self.now, self.using, self.audience = now, using, audience
        self.plans = rules.plans(role_ids, window, using=using)

    def first(
        self,
        role_ids: Iterable[UUID],
        reason_id: UUID | None,
        window: availability.Span,
        limit: int,
        mode: str,
    ) -> dict[UUID, list[Slot]]:
        """The first slots of each role within a window."""
        known = [plan for plan in map(self.plans.get, role_ids) if plan is not None]
        chosen = {
            plan.role_id: (plan, reason)
            for plan in known
            if (reason := plan.reason(reason_id, mode=mode)) is not None
        }
        taken = rules.taken(known, window, self.now, using=self.using)
        full = self._full_days(chosen, window)
        found: dict[UUID, list[Slot]] = {role: [] for role in role_ids}
        for role, (plan, reason) in chosen.items():
            if reason.in_groups:
                found[role] = self._sessions(plan, reason, window, mode)[:limit]
                continue
            limits = plan.limits(reason, taken, full.get(role, rules.NO_DAYS))
            slots = self._slots(plan, reason, taken.get(role, []), limits, window, mode)
            found[role] = list(islice(slots, limit))
        return found

    def _sessions(
        self, plan: rules.Plan, reason: rules.Reason, window: availability.Span, mode: str
    ) -> list[Slot]:
        """Those of a reason in groups: sessions with a seat left, as they were set."""
        lasts = timedelta(minutes=reason.visit.duration)
        starts = groups.starts(plan, reason, window, self.now, using=self.using)
        instants = [wall_clock.instant_of(minute) for minute in starts]
        how = mode or reason.mode
        return [Slot(plan.role_id, reason.visit.id, one, one + lasts, how) for one in instants]

    def _full_days(
        self, chosen: dict[UUID, tuple[rules.Plan, rules.Reason]], window: availability.Span
    ) -> dict[UUID, frozenset[date]]:
        asked = {role: (plan.calendar, reason.visit) for role, (plan, reason) in chosen.items()}
        return counting.full_days(asked, window, using=self.using)

    def _slots(
        self,
        plan: rules.Plan,
        reason: rules.Reason,
        busy: list[availability.Span],
        limits: availability.Limits,
        window: availability.Span,
        mode: str,
    ) -> Iterator[Slot]:
        visit = reason.seen_by(self.audience).visit
        how, lasts = mode or reason.mode, timedelta(minutes=visit.duration)
        for minute in availability.slots(plan.calendar, visit, busy, window, self.now, limits):
            starts_at = wall_clock.instant_of(minute)
            yield Slot(plan.role_id, visit.id, starts_at, starts_at + lasts, how)


def _minutes(window: tuple[datetime, datetime]) -> availability.Span:
    return wall_clock.minute_after(window[0]), wall_clock.minute_after(window[1])

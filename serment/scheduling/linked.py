"""Visits that follow each other and make one booking: when all their steps can be had.

Each step is asked of the same engine as every slot (``availability``), for many at once; how they
follow each other is in ``linked_times``. A reason without steps costs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from serment.scheduling import availability, counting, linked_times, rules
from serment.scheduling.availability import Limits, Span, Visit
from serment.scheduling.linked_times import At, Step, Way
from serment.scheduling.rules import Plan, Reason

VISIT_MAX = 480
"""No visit is longer."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One way to have a step, and what the engine was asked."""

    way: Way
    plan: Plan
    visit: Visit
    busy: Sequence[Span]
    limits: Limits


Ways = Mapping[tuple[UUID, UUID], Judged]
"""By role and reason; one that is not offered has none."""
Mine = Mapping[UUID, set[Span]]
"""By claimant, time that does not count as taken for whoever asks."""


def ways_of(
    reasons: Iterable[Reason], window: Span, now: int, *, using: str, mine: Mine | None = None
) -> Ways:
    """When each step of these reasons is free, for a first step that starts within the window.

    Judged as the first step is: by the desk's rules, or with the hours kept for the same people.
    """
    linked = [one for one in reasons if one.steps]
    if not linked:
        return {}
    asked = {pair: one.visit for one in linked for step in one.steps for pair in step.ways}
    reach = max(sum(step.longest + VISIT_MAX for step in one.steps) for one in linked)
    window = window[0], window[1] + reach
    plans = rules.plans([role for role, _reason in asked], window, using=using)
    taken = rules.taken(plans.values(), window, now, using=using)
    for claimant, own in (mine or {}).items():
        if claimant in taken:
            taken[claimant] = [span for span in taken[claimant] if span not in own]
    found: dict[tuple[UUID, UUID], Judged] = {}
    for (role, reason_id), like in asked.items():
        plan = plans.get(role)
        reason = plan.reasons.get(reason_id) if plan else None
        if plan is None or reason is None or reason.in_groups or reason.by_invitation:
            continue
        visit = reason.visit.for_desk() if like.at_desk else reason.seen_by(like.audience).visit
        full = counting.full_days({role: (plan.calendar, visit)}, window, using=using)
        limits = plan.limits(reason, taken, full.get(role, rules.NO_DAYS))
        busy = taken.get(role, [])
        free = tuple(availability.slots(plan.calendar, visit, busy, window, now, limits))
        found[role, reason_id] = Judged(way(plan, reason, free), plan, visit, busy, limits)
    return found


def way(plan: Plan, reason: Reason, free: tuple[int, ...] = ()) -> Way:
    """A role's reason as a step."""
    visit = reason.visit
    return Way(
        plan.role_id, visit.id, plan.site_id, visit.duration, visit.buffer_before,
        visit.buffer_after, free,
    )  # fmt: skip


def layers(steps: Sequence[Step], ways: Ways) -> list[list[Way]]:
    """Step by step, who can be had."""
    return [[ways[one].way for one in step.ways if one in ways] for step in steps]


def fitting(plan: Plan, reason: Reason, starts: Iterator[int], ways: Ways) -> Iterator[int]:
    """Of these starts those from which all steps can be had; all, where there are none."""
    if not reason.steps:
        return starts
    first = way(plan, reason)
    firsts = (At(first, minute) for minute in starts)
    return linked_times.starts(firsts, reason.steps, layers(reason.steps, ways))

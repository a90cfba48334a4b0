"""The rules of many roles, remembered between searches and read anew where they changed.

A plan is remembered under the versions of the houses it was read from: triggers give a house
another one with every change of a row that ``rule_rows`` reads. Versions are read before the rules,
so what is remembered is never older than its version says; they are compared at every search. Only
rules are remembered: time taken is asked of PostgreSQL each time.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from threading import Lock
from uuid import UUID

from serment.scheduling import bounds, rules, wall_clock
from serment.scheduling.availability import OpenSpan, Span
from serment.scheduling.rules import Plan, Reason

ROLES_MAX = 20_000
"""As many are remembered, about five kilobytes each; who was read longest ago goes first."""
DAYS_MAX = 8
"""Of each as many dates, for what they leave open."""
MANY_READ = 500
"""So many new ones are set apart from what is looked through for garbage."""
BEFORE_MINUTES, AFTER_MINUTES = wall_clock.DAY_MINUTES, 30 * wall_clock.DAY_MINUTES
"""Beyond the window asked for, so that tomorrow's lies in what was read today."""

Versions = tuple[tuple[UUID, UUID | None], ...]
"""Of each house that a plan was read from."""


@dataclass(slots=True, eq=False)
class Known:
    """A plan, the state and the window it was read in, and what was worked out from it.

    Known by itself, not by its values: a search keeps thousands in dictionaries.
    """

    plan: Plan
    versions: Versions
    window: Span
    reasons: dict[str, Reason | None] = field(default_factory=dict)
    days: dict[tuple[str, date], tuple[OpenSpan, ...]] = field(default_factory=dict)

    def covers(self, window: Span) -> bool:
        """Whether it says all about a window."""
        return self.window[0] <= window[0] and window[1] <= self.window[1]

    def reason(self, mode: str) -> Reason | None:
        """What ``Plan.reason`` chooses for somebody new who named none."""
        if mode not in self.reasons:
            self.reasons[mode] = self.plan.reason(None, mode=mode)
        return self.reasons[mode]

    def first_possible(
        self, mode: str, window: Span, now: int, long: Sequence[Span] = ()
    ) -> int | None:
        """No slot within the window starts earlier; None where there can be none."""
        reason = self.reason(mode)
        if reason is None:
            return None
        if reason.in_groups:
            return window[0]
        visit, calendar = reason.visit, self.plan.calendar

        def on(day: date) -> tuple[OpenSpan, ...]:
            spans = self.days.get((mode, day))
            if spans is None:
                if len(self.days) >= DAYS_MAX:
                    self.days.clear()
                spans = self.days[mode, day] = bounds.starts_on(calendar, visit, day)
            return spans

        return bounds.first_possible(calendar, visit, window, now, on, long)


_known: dict[str, dict[UUID, Known]] = {}
"""By the alias that reads, then by role."""
_changing = Lock()


def read(roles: Sequence[UUID], window: Span, *, using: str) -> list[Known]:
    """What is known of all active roles asked for, good for any part of the window (minutes)."""
    remembered = _known.setdefault(using, {})
    known = [remembered.get(role) for role in roles]
    # Those of a house share one tuple: each is compared once.
    valid = _valid({id(one.versions): one.versions for one in known if one is not None}, using)
    good = [
        one if one is not None and id(one.versions) in valid and one.covers(window) else None
        for one in known
    ]
    stale = [role for role, one in zip(roles, good, strict=True) if one is None]
    anew = _read(stale, window, using) if stale else {}
    answers = (one or anew.get(role) for role, one in zip(roles, good, strict=True))
    return [one for one in answers if one is not None]


def forget() -> None:
    """Remember nothing: for tests, and for measuring what reading costs."""
    with _changing:
        _known.clear()


def _valid(states: Mapping[int, Versions], using: str) -> set[int]:
    """Which of these are the present state of every house they name."""
    houses = {house for versions in states.values() for house, _version in versions}
    present = rules.versions(houses, using=using) if houses else {}
    return {
        key
        for key, versions in states.items()
        if all(present.get(house) == version for house, version in versions)
    }


def _read(roles: Sequence[UUID], window: Span, using: str) -> dict[UUID, Known]:
    wide = window[0] - BEFORE_MINUTES, window[1] + AFTER_MINUTES
    # Before the rules: what changes in between has a version that is not this one.
    states = rules.versions_behind(roles, using=using)
    plans = rules.plans(roles, wide, using=using)
    shared: dict[Versions, Versions] = {}
    found = {
        role: Known(plan, shared.setdefault(states[role], states[role]), wide)
        for role, plan in plans.items()
        if role in states
    }
    with _changing:
        remembered = _known.setdefault(using, {})
        for role, one in found.items():
            remembered.pop(role, None)
            if all(version is not None for _house, version in one.versions):
                remembered[role] = one
        for oldest in list(islice(remembered, max(0, len(remembered) - ROLES_MAX))):
            del remembered[oldest]
    if len(found) >= MANY_READ:
        # Each full pass for garbage would look through all of them, in the middle of a search; they
        # are in no circle, so whoever goes is freed without a pass.
        gc.collect()
        gc.freeze()
    return found

"""When steps that are booked together can follow each other, and which has no place. Pure.

A step is one visit of a few that make one booking: an orthoptist, then an ophthalmologist. When
each may be is asked of the engine as every slot is; here is only how one follows another: so many
minutes after its end, at the same site or after the way to the other one.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from serment.scheduling.availability import Span

STEPS_MAX = 3
"""After the first."""
GAP_MAX = 30 * 24 * 60
WAY_MAX = 24 * 60
ALTERNATIVES_MAX = 12


@dataclass(frozen=True, slots=True)
class Step:
    """What follows the step before; instants are minutes."""

    ways: tuple[tuple[UUID, UUID], ...]
    """Role and reason; where there are several, any of them."""
    least: int
    most: int
    """From the end of the one before to the start of this one."""
    travel: int | None = None
    """The way to another site; None where it must be the same."""

    @property
    def longest(self) -> int:
        """How long after the end of the step before this one starts, at most."""
        return max(self.most, self.least)


@lru_cache(maxsize=1024)
def read(text: str) -> tuple[Step, ...]:
    """The steps as a row of a reason has them."""
    return tuple(
        Step(
            tuple((UUID(role), UUID(reason)) for role, reason in one["ways"]),
            int(one["least"]),
            int(one["most"]),
            None if one["travel"] is None else int(one["travel"]),
        )
        for one in json.loads(text)
    )


def written(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """As a row keeps them."""
    return [
        {
            "ways": [[str(role), str(reason)] for role, reason in one.ways],
            "least": one.least,
            "most": one.most,
            "travel": one.travel,
        }
        for one in steps
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way to have a step: with whom, where, how long, and when that is free (in order)."""

    role: UUID
    reason: UUID
    site: UUID
    duration: int
    before: int = 0
    after: int = 0
    free: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class At:
    """A way to have a step, at a minute."""

    way: Way
    minute: int

    @property
    def end(self) -> int:
        """When it ends, buffers not counted."""
        return self.minute + self.way.duration


@dataclass(frozen=True, slots=True)
class Found:
    """One step of a proposal, and how else it could be."""

    at: At
    others: tuple[At, ...] = ()
    picked: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """The step that has no place (0 is the first after the first), and when it would have to be;
    no time where the way to its site is longer than it may be after."""

    step: int
    within: Span | None


Pick = tuple[UUID, UUID, int]
"""Role, reason and minute that somebody wants."""


def chain(
    first: At, steps: Sequence[Step], ways: Sequence[Sequence[Way]], picks: Sequence[Pick] = ()
) -> list[Found] | Broken:
    """The steps after the first, the soonest first wherever the rest can still follow.

    ``picks``: how they are wanted, in order; each is taken as long as it is free, fits the one
    before and leaves a way to the end.
    """
    done = _Search(steps, ways)
    if not done.ends(first, 0):
        return broken(first, steps, ways)
    found: list[Found] = []
    before = first
    for number in range(len(steps)):
        options = [one for one in done.after(before, number) if done.ends(one, number + 1)]
        wanted = picks[number] if number < len(picks) else None
        picked = next((one for one in options if _is(one, wanted)), None)
        at = picked or options[0]
        others = tuple(one for one in options[: ALTERNATIVES_MAX + 1] if one != at)
        found.append(Found(at, others, picked is not None))
        before = at
    return found


def starts(
    firsts: Iterator[At], steps: Sequence[Step], ways: Sequence[Sequence[Way]]
) -> Iterator[int]:
    """Those from which all steps can be had."""
    done = _Search(steps, ways)
    return (one.minute for one in firsts if done.ends(one, 0))


def broken(first: At, steps: Sequence[Step], ways: Sequence[Sequence[Way]]) -> Broken:
    """The first step that has no place, whichever of the ways before it one takes."""
    done = _Search(steps, ways)
    reached = [first]
    for number in range(len(steps)):
        after = list({one for before in reached for one in done.after(before, number)})
        if not after:
            spans = [span for one in reached for span in _spans(one, steps[number], ways[number])]
            if not spans:
                return Broken(number, None)
            return Broken(number, (min(a for a, _ in spans), max(b for _, b in spans)))
        reached = after
    raise ValueError("All steps have a place.")


def follows(before: At, after: At, step: Step) -> bool:
    """Whether one may be the step after the other."""
    span = _span(before, step, after.way)
    return span is not None and span[0] <= after.minute < span[1]


def _is(one: At, wanted: Pick | None) -> bool:
    return (one.way.role, one.way.reason, one.minute) == wanted


def _span(before: At, step: Step, way: Way) -> Span | None:
    """Between which minutes it may start; None where it cannot in time."""
    least = step.least
    if way.site != before.way.site:
        if step.travel is None:
            return None
        least = max(least, step.travel)
    start = before.end + least
    if way.role == before.way.role:
        start = max(start, before.end + before.way.after + way.before)
    end = before.end + step.most + 1
    return (start, end) if start < end else None


def _spans(before: At, step: Step, ways: Sequence[Way]) -> Iterator[Span]:
    return (span for way in ways if (span := _span(before, step, way)) is not None)


class _Search:
    """What follows what, each place looked at once."""

    def __init__(self, steps: Sequence[Step], ways: Sequence[Sequence[Way]]) -> None:
        self._steps, self._ways = steps, ways
        self._ends: dict[tuple[int, At], bool] = {}

    def after(self, before: At, number: int) -> list[At]:
        """Where a step can be after the one before, soonest first."""
        found = []
        for way in self._ways[number]:
            span = _span(before, self._steps[number], way)
            if span is not None:
                low = bisect_left(way.free, span[0])
                found += [At(way, one) for one in way.free[low : bisect_left(way.free, span[1])]]
        return sorted(found, key=_minute)

    def ends(self, before: At, number: int) -> bool:
        """Whether all steps from this one on can follow."""
        if number == len(self._steps):
            return True
        key = (number, before)
        if key not in self._ends:
            self._ends[key] = any(self.ends(one, number + 1) for one in self.after(before, number))
        return self._ends[key]


def _minute(one: At) -> int:
    return one.minute

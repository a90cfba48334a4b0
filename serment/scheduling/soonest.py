"""Who among many has the first free slots, without asking everybody about everything. Pure.

A look at some roles and a window is complete, so whoever has a slot in it precedes whoever has
none. Windows grow only for as long as the page is not full. Within a window the nearest are asked
first: once as many have a slot as the page shows, the rest matter only up to the last of these, and
not at all where nothing can be earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from serment.scheduling import wall_clock
from serment.scheduling.availability import Span

# Days ahead at which a search for the soonest pauses and asks whether the page is full.
LOOKS_DAYS = (3, 7, 14, 28, 60, 120, 365)
# Among many, the first day already fills a page.
MANY_ROLES = 100
# So many are asked at once, the nearest first; and then ever more.
AT_ONCE = 400
GROWING = 4


class Starts(Protocol):
    """What is compared: a slot's first minute."""

    @property
    def minute(self) -> int:
        """Minutes since the epoch."""
        ...


T = TypeVar("T", bound=Starts)
Look = Callable[[Sequence[UUID], Span], Mapping[UUID, T]]
"""The first slot of each role within a window; those without one are left out."""


def firsts(roles: Sequence[UUID], whole: Span, enough: int, look: Look[T]) -> dict[UUID, T]:
    """First slots of at least the ``enough`` roles that come first, by start and then as given.

    Who is left out has no slot before the last of these, or none at all.
    """
    found: dict[UUID, T] = {}
    left: Sequence[UUID] = roles
    for part in parts(whole, len(roles)):
        for some in _growing(left):
            until = _last_wanted(found, enough, part[1])
            if part[0] >= until:
                break
            found.update(look(some, (part[0], until)))
        left = [role for role in left if role not in found]
        if len(found) >= enough or not left:
            break
    return found


def _last_wanted(found: Mapping[UUID, T], enough: int, end: int) -> int:
    """Up to when somebody further down the list may still come into the page."""
    if len(found) < enough:
        return end
    return min(end, sorted(slot.minute for slot in found.values())[enough - 1])


def _growing(roles: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    start, many = 0, AT_ONCE
    while start < len(roles):
        # Rather a few more at once than one question for the last of them.
        end = start + many if len(roles) - start > many + AT_ONCE // 2 else len(roles)
        yield roles[start:end]
        start, many = end, many * GROWING


def parts(window: Span, roles: int) -> Iterator[Span]:
    """The window in growing pieces: most who look for a slot find one in the first."""
    start = window[0]
    for days in (1, *LOOKS_DAYS) if roles > MANY_ROLES else LOOKS_DAYS:
        end = min(window[1], window[0] + days * wall_clock.DAY_MINUTES)
        if start < end:
            yield (start, end)
        start = end
    if start < window[1]:
        yield (start, window[1])

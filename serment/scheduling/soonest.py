"""Who among many has the first free slots, without asking everybody about everything. Pure.

A look at some roles and a window is complete, so whoever has a slot in it precedes whoever has
none. Windows grow only for as long as the page is not full. Within a window the nearest are asked
first: once as many have a slot as the page shows, the rest matter only up to the last of these, and
not at all where nothing can be earlier (``bounds``). The nearest, not those of the lowest bound: of
two slots at the same minute the nearer counts, so whoever is asked later needs an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from serment.scheduling import wall_clock
from serment.scheduling.availability import Span

# Days ahead at which a search for the soonest pauses and asks whether the page is full.
LOOKS_DAYS = (3, 7, 14, 28, 60, 120, 365)
# Among many, the first day already fills a page.
MANY_ROLES = 100
# So many are asked at once, the nearest first; and then ever more.
AT_ONCE = 150
GROWING = 4


class Starts(Protocol):
    """What is compared: a slot's first minute."""

    @property
    def minute(self) -> int:
        """Minutes since the epoch."""
        ...


T = TypeVar("T", bound=Starts)
K = TypeVar("K", bound=Hashable)
"""Whoever is asked about: an id, or what is known of somebody."""
Look = Callable[[Mapping[K, int], Span], Mapping[K, T]]
"""The first slot of each within a window; those without one are left out. With each of them the
minute before which there is none."""
Narrow = Callable[[Sequence[K], Span], Mapping[K, int]]
"""Who may have a slot within a window at all, in the order asked, and not before which minute."""


def everybody(roles: Sequence[K], window: Span) -> Mapping[K, int]:
    """Where nothing is known beforehand."""
    return dict.fromkeys(roles, window[0])


def firsts(
    roles: Sequence[K],
    whole: Span,
    enough: int,
    look: Look[K, T],
    narrow: Narrow[K] = everybody,
) -> dict[K, T]:
    """First slots of at least the ``enough`` roles that come first, by start and then as given.

    Who is left out has no slot before the last of these, or none at all.
    """
    found: dict[K, T] = {}
    left: Sequence[K] = roles
    for part in parts(whole, len(roles)):
        since = narrow(left, part)
        for some in _growing(list(since)):
            until = _last_wanted(found.values(), enough, part[1])
            asked = {role: first for role in some if (first := since[role]) < until}
            if asked:
                found.update(look(asked, (min(asked.values()), until)))
        if len(found) >= min(enough, len(roles)):
            break
        left = [role for role in left if role not in found]
    return found


def _last_wanted(found: Iterable[T], enough: int, end: int) -> int:
    """Up to when somebody further down the list may still come into the page."""
    starts = sorted(slot.minute for slot in found)
    return end if len(starts) < enough else min(end, starts[enough - 1])


def _growing(roles: Sequence[K]) -> Iterator[Sequence[K]]:
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

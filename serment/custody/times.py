"""Arithmetic of arrived times: what becomes of an event, what is left of a span. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from serment.interchange.calendars import Span

Times = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Times of one event as the arrivals so far say."""

    times: Times
    until: datetime
    """The end of the window that these times were read in."""


def what_becomes(known: Known | None, times: Times, window: Span) -> str:
    """ "new", "moved", "freed" or "same"; "" for an event that never took time."""
    if known is None:
        return "new" if times else ""
    common = window[0], min(window[1], known.until)
    before, after = within(known.times, common), within(times, common)
    if before == after:
        return "same" if times else ""
    return "moved" if times else "freed"


def differs(known: Known | None, times: Times, window: Span) -> bool:
    """Whether a row has to be written: also where only the window's end has moved on."""
    if known is None:
        return bool(times)
    return within(known.times, window) != times


def within(times: Iterable[Span], window: Span) -> Times:
    """The times cut to a window."""
    cut = ((max(low, window[0]), min(high, window[1])) for low, high in times)
    return tuple((low, high) for low, high in cut if low < high)


def without(span: Span, taken: Sequence[Span]) -> list[Span]:
    """What is left of a span; ``taken`` is in order and disjoint."""
    pieces: list[Span] = []
    at, end = span
    for low, high in taken:
        if high <= at or low >= end:
            continue
        if low > at:
            pieces.append((at, low))
        at = max(at, high)
    if at < end:
        pieces.append((at, end))
    return pieces

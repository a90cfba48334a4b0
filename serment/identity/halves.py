"""Half-years, the grain in which it is kept when an account was last used. Pure, but for today."""

from __future__ import annotations

from datetime import date

from serment import clock


def half_of(day: date) -> date:
    """The first day of its half-year."""
    return date(day.year, 1 if day.month <= 6 else 7, 1)


def after(half: date, halves: int) -> date:
    """The first day of the half-year so many later."""
    months = half.month - 1 + 6 * halves
    return date(half.year + months // 12, months % 12 + 1, 1)


def this_one() -> date:
    """The present half-year."""
    return half_of(clock.now().date())

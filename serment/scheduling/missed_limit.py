"""From how many missed visits on somebody is asked to call, and until when. Pure.

A limit has no row: it follows from visits each time it is asked for, and so it ends by itself.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

YEAR: Final = timedelta(days=366 + 31)
"""No house looks back further."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A missed visit that counts."""

    id: UUID
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """A house's own: from how many, in how many months."""

    most: int
    months: int


@dataclass(frozen=True, slots=True)
class Limit:
    """Until when somebody is asked to call, and which visits it rests on, the latest first."""

    until: datetime
    visits: tuple[Visit, ...]
    rule: Rule


def lapses_at(starts_at: datetime, months: int) -> datetime:
    """When a missed visit no longer counts: the same day so many months later, or the last one."""
    month = starts_at.month - 1 + months
    year, month = starts_at.year + month // 12, month % 12 + 1
    return starts_at.replace(
        year=year, month=month, day=min(starts_at.day, monthrange(year, month)[1])
    )


def limit(visits: Sequence[Visit], rule: Rule | None, now: datetime) -> Limit | None:
    """What these visits come to by the house's rule; None where nobody is asked anything."""
    if rule is None:
        return None
    counted = [one for one in visits if lapses_at(one.starts_at, rule.months) > now]
    if len(counted) < rule.most:
        return None
    counted.sort(key=lambda one: one.starts_at, reverse=True)
    return Limit(lapses_at(counted[rule.most - 1].starts_at, rule.months), tuple(counted), rule)

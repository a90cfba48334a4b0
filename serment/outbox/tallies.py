"""Counts of how messages fared, by day, house and provider: for whoever looks after a house.

Written with the outcomes they count. Kept for thirty days; nobody is in them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from serment import ids
from serment.directory.pipeline import together
from serment.outbox.models import Tally

TWICE: Final = "twice"
DAYS_KEPT: Final = 30
_ADD = """
INSERT INTO outbox_tally (id, establishment_id, day, provider, outcome, count)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (establishment_id, day, provider, outcome)
DO UPDATE SET count = outbox_tally.count + excluded.count
"""


@dataclass(slots=True)
class Fared:
    """How one provider's messages of a house fared lately."""

    provider: str
    counts: dict[str, int] = field(default_factory=dict)

    def __getattr__(self, outcome: str) -> int:
        return self.counts.get(outcome, 0)


def add(tenant: UUID, day: date, counts: Counter[tuple[str, str]]) -> None:
    """Count on; the transaction stands in the house."""
    # In one order everywhere: two workers never wait for each other crosswise.
    together(
        [
            (_ADD, [ids.new_id(), tenant, day, provider, outcome, count])
            for (provider, outcome), count in sorted(counts.items())
        ]
    )


def of_late(tenant: UUID, today: date, days: int = 7) -> list[Fared]:
    """By provider, over the last days; the transaction stands in the house."""
    found: dict[str, Fared] = {}
    since = today - timedelta(days=days - 1)
    for one in Tally.objects.filter(establishment_id=tenant, day__gte=since):
        fared = found.setdefault(one.provider, Fared(one.provider))
        fared.counts[one.outcome] = fared.counts.get(one.outcome, 0) + one.count
    return [found[name] for name in sorted(found)]


def forget(tenant: UUID, today: date) -> None:
    """Let go of what is older than is shown; the transaction stands in the house."""
    old = today - timedelta(days=DAYS_KEPT)
    Tally.objects.filter(establishment_id=tenant, day__lt=old).delete()

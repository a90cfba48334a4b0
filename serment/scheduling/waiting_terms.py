"""What somebody who waits wants: closed in the row under a key of the keeper's. Pure otherwise.

Reading it opens nothing of a person: which days suit, for which reason, and nobody's name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from serment.outbox import references
from serment.scheduling.recurrence import Public

EVERY_DAY: Final = frozenset(range(7))
STANDS: Final = timedelta(days=90)
"""How long a wish stands, unless it is left or fulfilled before."""
TICKET_LASTS: Final = timedelta(days=30)
CLOCKS_APART: Final = timedelta(minutes=5)
_LETTERS: Final = 240
"""Every row's terms are as long."""


@dataclass(frozen=True, slots=True)
class Terms:
    """``days``: 0 is Monday; hours by the site's clock, the last one not included."""

    reason: UUID
    mode: str
    since: datetime
    days: frozenset[int] = EVERY_DAY
    from_hour: int = 0
    to_hour: int = 24
    moves: UUID | None = None
    """The visit that would be moved; its person wants it sooner."""
    by_telephone: bool = False
    """The desk calls; no message goes out."""
    counted: bool = False
    language: str = "fr"
    public: Public = Public.EVERYONE
    """Which hours are theirs: those kept for known patients too, if they were known on joining."""

    @property
    def until(self) -> datetime:
        """When the wish ends by itself."""
        return self.since + STANDS

    def suits(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether that hour of the site's clock was asked for."""
        local = at.astimezone(zone)
        return local.weekday() in self.days and self.from_hour <= local.hour < self.to_hour

    def closed(self, wish: UUID) -> bytes:
        """For the row."""
        told = [
            self.reason.hex, self.mode, int(self.since.timestamp()),
            sum(1 << day for day in self.days), self.from_hour, self.to_hour,
            self.moves.hex if self.moves else "", int(self.by_telephone), int(self.counted),
            self.language, int(self.public),
        ]  # fmt: skip
        return references.closed(json.dumps(told).ljust(_LETTERS), wish.bytes)


def window(told: Terms, at: datetime) -> tuple[datetime, datetime]:
    """From when until when the ticket of that moment's month opens an address, with some room for
    clocks that differ."""
    begins = told.since + (at - told.since) // TICKET_LASTS * TICKET_LASTS
    return begins, begins + TICKET_LASTS - CLOCKS_APART


def opened(closed: bytes, wish: UUID) -> Terms:
    """From the row."""
    told = json.loads(references.opened(closed, wish.bytes))
    reason, mode, since, days, first, last, moves, by_telephone, counted, language, *more = told
    return Terms(
        reason=UUID(reason),
        mode=mode,
        since=datetime.fromtimestamp(since, ZoneInfo("UTC")),
        days=frozenset(day for day in range(7) if days >> day & 1),
        from_hour=first,
        to_hour=last,
        moves=UUID(moves) if moves else None,
        by_telephone=bool(by_telephone),
        counted=bool(counted),
        language=language,
        public=Public(*more or [Public.EVERYONE]),  # rows of before tell of no public
    )

"""The instants a row may show: marks that many rows share, never when somebody did something."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from serment.outbox.models import AT_ONCE

WAIT: Final = timedelta(minutes=1)
"""How long a message waits at least, so that whoever undoes what they did stops it too."""


def after(pause: timedelta, now: datetime) -> datetime:
    """The next mark (a whole minute, quarter, day) at least ``pause`` away, at most twice as far:
    the mark is shared, the instant would not be."""
    earliest = now + pause
    return earliest + (AT_ONCE - earliest) % pause

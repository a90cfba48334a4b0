"""What visitors put into addresses and forms, read within bounds: never an exception, never a 500.

Anything unreadable is None; the page then says so or takes its default.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from uuid import UUID

YEAR_MIN, YEAR_MAX = 2000, 2100
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,120}", re.ASCII)


def number(text: str, most: int) -> int | None:
    """A whole number from 0 to ``most``; larger ones are ``most``."""
    return min(int(text), most) if _NUMBER.fullmatch(text) else None


def words(text: str, letters_max: int) -> str:
    """Text without the NUL that PostgreSQL refuses, trimmed and cut."""
    return text.replace("\x00", "").strip()[:letters_max]


def slug(text: str) -> str:
    """A slug, or nothing."""
    return text if _SLUG.fullmatch(text) else ""


def uuid(text: str) -> UUID | None:
    """An id."""
    try:
        return UUID(text)
    except ValueError:
        return None


def day(text: str) -> date | None:
    """A date of this century, ISO 8601."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if YEAR_MIN <= found.year <= YEAR_MAX else None


def local_instant(text: str) -> datetime | None:
    """A wall-clock time of this century, without a zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=None) if YEAR_MIN <= found.year <= YEAR_MAX else None


def instant(text: str) -> datetime | None:
    """An instant of this century with its offset, in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None or not YEAR_MIN <= found.year <= YEAR_MAX:
        return None
    return found.astimezone(UTC)

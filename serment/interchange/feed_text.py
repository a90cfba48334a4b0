"""Busy time → the text of an iCalendar feed (RFC 5545, RFC 7986). Pure, no Django.

Every line is made here of closed words, instants in UTC and marks of hexadecimal letters: there is
nothing in it that could name anybody. Written by hand and read back by the library in the tests: a
year of a full agenda is some thousands of events, which the library takes seconds to write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Protocol

_SINCE: Final = datetime(2020, 1, 1, tzinfo=UTC)
_HEAD: Final = (
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Serment//feed//FR",
    "CALSCALE:GREGORIAN",
    "METHOD:PUBLISH",
    "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
    "X-PUBLISHED-TTL:PT15M",
)


class Event(Protocol):
    """What of an event is told."""

    @property
    def mark(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def cancelled(self) -> bool: ...


def revision(now: datetime) -> int:
    """RFC 5545, 3.8.7.4: of two texts of one event the later one counts; 32 bits until 2088.

    No row says how often a visit was moved, so the moment of asking stands for it.
    """
    return int((now - _SINCE).total_seconds())


def etag(events: Iterable[Event], summary: str) -> str:
    """The same for the same events, whenever they are asked for: weak, as stamps differ."""
    told = hashlib.sha256(summary.encode())
    for event in events:
        told.update("|".join(_lines(event, summary, "")).encode())
    return f'W/"{told.hexdigest()[:32]}"'


def text(events: Iterable[Event], summary: str, now: datetime) -> bytes:
    """The file. ``summary`` is all that a reader is told of any of them."""
    stamps = f"DTSTAMP:{_instant(now)}\r\nSEQUENCE:{revision(now)}"
    lines = [*_HEAD]
    for event in events:
        lines += _lines(event, summary, stamps)
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def _lines(event: Event, summary: str, stamps: str) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{event.mark}@serment.invalid",
        stamps,
        f"DTSTART:{_instant(event.starts_at)}",
        f"DTEND:{_instant(event.ends_at)}",
        f"SUMMARY:{summary}",
        "CLASS:PRIVATE",
        f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}",
        f"TRANSP:{'TRANSPARENT' if event.cancelled else 'OPAQUE'}",
        "END:VEVENT",
    ]


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

"""Asking an outside calendar when its owner is busy: once, bounded, and knowing what it said last.

Knows no database and no keeper, so that many may be asked at once.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from serment.errors import Refused
from serment.interchange import apart, caldav, calendars
from serment.interchange.calendars import CalendarUnreadable
from serment.interchange.fetching import Asked, NotFetched, Rules, fetch, usable
from serment.scheduling import outside_calendars
from serment.scheduling.models import OutsideCalendar

_PAD: Final = 512
_NONCE: Final = 12


class CannotRead(Refused):
    """Cet agenda ne peut pas être lu."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Place:
    """Where a calendar lies, as typed."""

    kind: str
    url: str = field(repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Who keeps it: told in the record of each reading."""
        return (urlsplit(self.url).hostname or "")[:60]

    def asked(self) -> Asked:
        """A request there."""
        return Asked(self.url, user=self.user, password=self.password)


@dataclass(frozen=True, slots=True)
class Read:
    """What a reading found; ``spans`` is None where nothing changed."""

    spans: tuple[calendars.Span, ...] | None
    unread: int
    mark: str


def rules() -> Rules:
    """What this instance may ask."""
    return Rules(inside=bool(settings.CALENDARS_INSIDE))


def read(place: Place, zone: ZoneInfo, now: datetime, mark: str = "") -> Read:
    """Ask it, and work out when its owner is busy. Raises ``CannotRead``."""
    window = outside_calendars.window(now)
    try:
        usable(place.url, rules())
        if place.kind == OutsideCalendar.Kind.CALDAV:
            collection = caldav.read(place.asked(), rules(), window, mark)
            data, mark = collection.data, collection.mark
        else:
            data, mark = _by_address(place, mark)
        if data is None:
            return Read(None, 0, mark)
        found = apart.calendar(data, zone, window)
    except NotFetched as no:
        raise CannotRead(no.fault) from None
    except CalendarUnreadable as unreadable:
        if unreadable.fault != "no_events":
            raise CannotRead(unreadable.fault) from None
        return Read((), 0, mark)  # nothing is left in it: all its time is free again
    return Read(found.spans, len(found.refused), mark)


def _by_address(place: Place, mark: str) -> tuple[bytes | None, str]:
    at = place.asked()
    headers = {"Accept": "text/calendar"} | ({"If-None-Match": mark} if mark else {})
    answer = fetch(Asked(at.url, "GET", at.user, at.password, headers), rules())
    if answer.status == 304 and mark:
        return None, mark
    if answer.status in (401, 403):
        raise NotFetched("refused")
    if answer.status in (404, 410):
        raise NotFetched("no_calendar_there")
    if answer.status != 200:
        raise NotFetched("no_answer")
    return answer.body, answer.headers.get("etag", "")[:200]


def _cipher(place: Place) -> AESGCM:
    """Under the address itself: a CTag may be an address with a name in it."""
    told = f"serment outside calendar 1\0{place.url}\0{place.user}\0{place.password}"
    return AESGCM(hashlib.sha256(told.encode()).digest())


def closed(place: Place, mark: str) -> bytes:
    """What the other side wants to hear next time, as a row keeps it."""
    nonce = os.urandom(_NONCE)
    return nonce + _cipher(place).encrypt(nonce, mark.encode()[:_PAD].ljust(_PAD), None)


def opened(place: Place, blob: bytes) -> str:
    """What ``closed`` closed; empty where it was another address's."""
    try:
        return _cipher(place).decrypt(blob[:_NONCE], blob[_NONCE:], None).decode().rstrip()
    except (InvalidTag, ValueError):
        return ""

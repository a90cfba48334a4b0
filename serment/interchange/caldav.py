"""Reading one CalDAV collection (RFC 4791): has it changed, and what is in it for a window.

Two requests are all that is needed, so they are made here, through ``fetching``: a library that
makes its own connections would have to be kept from those that lead inwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree

from serment.interchange.fetching import Asked, NotFetched, Rules, fetch

_DAV: Final = "{DAV:}"
_CALDAV: Final = "{urn:ietf:params:xml:ns:caldav}"
_SERVER: Final = "{http://calendarserver.org/ns/}"
_MULTI: Final = 207
_XML: Final = {"Content-Type": "application/xml; charset=utf-8"}
_WHAT: Final = b"""<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:" xmlns:s="http://calendarserver.org/ns/"><d:prop>
<d:resourcetype/><d:sync-token/><s:getctag/></d:prop></d:propfind>"""
_QUERY: Final = """<?xml version="1.0" encoding="utf-8"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
<d:prop><c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR">
<c:comp-filter name="VEVENT"><c:time-range start="{start}" end="{end}"/></c:comp-filter>
</c:comp-filter></c:filter></c:calendar-query>"""
# No server has to define entities; a bomb does. Nor to write two bytes a letter, which hide them.
_NEVER: Final = (b"<!DOCTYPE", b"<!ENTITY", b"\0")
# What a whole file around several of them needs no second time.
_OUTER: Final = re.compile(
    r"^(BEGIN:VCALENDAR|END:VCALENDAR|VERSION:.*|PRODID[:;].*|CALSCALE:.*)\r?\n?",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Collection:
    """What was found; ``data`` is None where nothing changed since ``mark``."""

    data: bytes | None
    mark: str


def read(at: Asked, rules: Rules, window: tuple[datetime, datetime], mark: str = "") -> Collection:
    """The collection's events that touch the window, as one calendar. Raises ``NotFetched``."""
    told = _asked(at, rules, "PROPFIND", "0", _WHAT)
    kinds = {one.tag for found in told.iter(f"{_DAV}resourcetype") for one in found}
    if f"{_CALDAV}calendar" not in kinds:
        raise NotFetched("no_collection", for_good=True)
    now_mark = next(_words(told, f"{_DAV}sync-token", f"{_SERVER}getctag"), "")
    if now_mark and now_mark == mark:
        return Collection(None, mark)
    start, end = (one.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") for one in window)
    query = _QUERY.format(start=start, end=end).encode()
    found = _asked(at, rules, "REPORT", "1", query)
    parts = [
        _OUTER.sub("", text.strip() + "\n") for text in _words(found, f"{_CALDAV}calendar-data")
    ]
    whole = "".join(["BEGIN:VCALENDAR\nVERSION:2.0\n", *parts, "END:VCALENDAR\n"])
    return Collection(whole.encode(), now_mark)


def _asked(at: Asked, rules: Rules, method: str, depth: str, body: bytes) -> ElementTree.Element:
    asked = Asked(at.url, method, at.user, at.password, {**_XML, "Depth": depth}, body)
    answer = fetch(asked, rules)
    if answer.status in (401, 403):
        raise NotFetched("refused")
    if answer.status in (404, 405, 410, 501):
        raise NotFetched("no_collection")
    if answer.status != _MULTI:
        raise NotFetched("no_answer")
    if any(sign in answer.body for sign in _NEVER):
        raise NotFetched("unreadable")
    try:
        return ElementTree.fromstring(answer.body)  # noqa: S314 -- no entities: _NEVER
    except ElementTree.ParseError as broken:
        raise NotFetched("unreadable") from broken


def _words(told: ElementTree.Element, *names: str) -> Iterator[str]:
    for name in names:
        for one in told.iter(name):
            if one.text and one.text.strip():
                yield one.text

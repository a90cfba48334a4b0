"""Text of an iCalendar file → one small calendar for each event with all its repetitions. Pure.

Cutting the file before it is parsed keeps one broken event from hiding the others: programs write
calendars that their own parsers refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import available_timezones

FILE_BYTES_MAX = 20 * 1024 * 1024
_KNOWN_ZONES = available_timezones()
_BUSY_PARTS = ("VEVENT", "VFREEBUSY")
_BEGIN = re.compile(r"BEGIN:\s*([A-Z0-9-]+)\s*", re.IGNORECASE)
# What a program writes anew at each export, or when somebody only looked.
_STAMPS = re.compile(r"(DTSTAMP|LAST-MODIFIED|CREATED|SEQUENCE)[;:]", re.IGNORECASE)
_HEAD_LINES = re.compile(r"(METHOD|X-WR-TIMEZONE)[;:]", re.IGNORECASE)


class CalendarUnreadable(Exception):  # noqa: N818 -- a finding about a file, told by ``fault``
    """The file is no calendar; ``fault`` says why."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Group:
    """One event and the entries that change single repetitions of it, as a calendar of its own."""

    line: int
    text: str = field(repr=False)
    identity: str = field(repr=False)
    """The same for the same event in a later file: its UID, else all it says but its stamps."""


@dataclass(slots=True)
class _Block:
    name: str
    line: int
    lines: list[str] = field(default_factory=list)

    def value(self, name: str) -> str:
        """Value of the block's own property."""
        depth = 0
        for line in self.lines:
            upper = line.upper()
            depth += upper.startswith("BEGIN:") - upper.startswith("END:")
            if depth == 1 and upper.startswith((f"{name}:", f"{name};")):
                return line.partition(":")[2].strip()
        return ""


def decoded(data: bytes) -> str:
    """The file's text. Raises ``CalendarUnreadable`` where it holds no calendar."""
    if len(data) > FILE_BYTES_MAX:
        raise CalendarUnreadable("file_too_big")
    if not data.strip():
        raise CalendarUnreadable("empty")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if not re.search(
        r"^\s*BEGIN:\s*V(CALENDAR|EVENT|FREEBUSY)", text, re.IGNORECASE | re.MULTILINE
    ):
        raise CalendarUnreadable("no_calendar")
    return text.replace("\x00", "")


def groups(text: str) -> list[Group]:
    """Events and free-busy parts in the order of the file. Raises ``CalendarUnreadable``.

    Entries with the same UID belong together; zones and the calendar's own zone go with each.
    """
    blocks, heads = _parted(text)
    zones = [block for block in blocks if block.name == "VTIMEZONE"]
    together: dict[str, list[_Block]] = {}
    for block in blocks:
        if block.name in _BUSY_PARTS:
            uid = block.value("UID")
            together.setdefault(uid or f"line {block.line}", []).append(block)
    if not together:
        raise CalendarUnreadable("no_events")
    return [
        Group(same[0].line, _calendar([*_spoken_of(zones, same), *same], heads), _identity(same[0]))
        for same in together.values()
    ]


def _identity(block: _Block) -> str:
    uid = block.value("UID")
    if uid:
        return f"uid {uid}"
    return "\n".join(line for line in block.lines if not _STAMPS.match(line))


def _spoken_of(zones: list[_Block], events: list[_Block]) -> list[_Block]:
    """Zones the events name, each once: one broken zone harms only those that use it.

    What the world calls by this name is known better than any file tells it.
    """
    written = "\n".join(line for event in events for line in event.lines)
    named: dict[str, _Block] = {}
    for zone in zones:
        name = zone.value("TZID").strip('"')
        if name and name not in _KNOWN_ZONES and name in written:
            named.setdefault(name, zone)
    return list(named.values())


def _calendar(blocks: list[_Block], heads: list[str]) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Serment//arrival//FR", *heads]
    for block in blocks:
        lines += block.lines
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _parted(text: str) -> tuple[list[_Block], list[str]]:
    """Zones, events and free-busy parts, whole; and the head lines that matter."""
    blocks: list[_Block] = []
    heads: list[str] = []
    inside: _Block | None = None
    depth = 0
    for number, line in _unfolded(text):
        begin = _BEGIN.fullmatch(line)
        if inside is None:
            if begin and begin[1].upper() in (*_BUSY_PARTS, "VTIMEZONE"):
                inside, depth = _Block(begin[1].upper(), number), 0
            elif _HEAD_LINES.match(line) and line.strip().upper() not in map(str.upper, heads):
                heads.append(line)
        if inside is not None:
            inside.lines.append(line)
            depth += bool(begin) - line.upper().startswith("END:")
            if depth == 0:
                blocks.append(inside)
                inside = None
    if inside is not None:
        raise CalendarUnreadable("cut_off")
    return blocks, heads


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Content lines with the number of their first line; RFC 5545, 3.1."""
    at, whole = 0, ""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line[:1] in (" ", "\t") and whole:
            whole += line[1:]
            continue
        if whole.strip():
            yield at, whole
        at, whole = number, line
    if whole.strip():
        yield at, whole

"""An honest attempt to find a person's other visits from one: join rows by whatever they share.

Two rows are tied when they hold the same value, or sealed bytes or keys that begin alike, or
instants within the same second, a day's midnight too. What is no tie stands below, with its reason.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator

from tests.dump.loot import Table

ROWS_OF_ONE_PERSON_MAX = 100
"""What more rows share is no one person's: nobody of the demo has thirty visits of three rows."""
_PUBLIC_COLUMNS = {
    # When a practitioner is busy the site tells everybody, by design (threat model).
    ("scheduling_appointment", "starts_at"),
    ("scheduling_appointment", "ends_at"),
    ("scheduling_occupancy", "span"),
}
_CLOSED_LISTS = {
    # States, kinds, languages and counts up to nine: said of many people's rows in any practice,
    # however few a small demo holds. Column by column, so that a new one is a tie until it is read.
    # Not the outbox's: two letters, two messages in English, a bouncing mailbox may be one person.
    "scheduling_appointment": {"status"},
    "scheduling_occupancy": {"kind", "exclusive"},
    "identity_account": {"language", "is_active"},
    "identity_staffmember": {"role", "active"},
    "account_emailaddress": {"verified", "primary"},
    "sightings_sighting": {"kind", "facts", "door"},
    "procrastinate_jobs": {
        "queue_name", "task_name", "priority", "status", "attempts", "abort_requested", "args",
        "queueing_lock", "lock",
    },
    "procrastinate_events": {"type"},
    "procrastinate_periodic_defers": {"task_name", "periodic_id"},
}  # fmt: skip
_AT_ONCE = b"2000-01-01 00:00:00+00"
"""A constant of the program (``outbox.models.AT_ONCE``): the same in every row of every site."""
_INSTANT = re.compile(rb"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)?\+00$")
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HEX = b"\\\\x"
_VERSION_DIGITS, _PREFIX_DIGITS = 2, 16
Row = tuple[str, int]


class Linker:
    """The rows of a dump as a graph of shared values."""

    def __init__(self, tables: dict[str, Table]) -> None:
        self._tables = tables
        public = {value for table in tables.values() if table.public for row in table.rows
                  for value in row}  # fmt: skip
        self._values: dict[Row, set[bytes]] = {}
        self._rows: dict[bytes, set[Row]] = defaultdict(set)
        for table in tables.values():
            if table.public:
                continue
            for number, row in enumerate(table.rows):
                values = {one for one in _shared(table, row) if one not in public}
                self._values[table.name, number] = values
                for value in values:
                    self._rows[value].add((table.name, number))

    def visits_of_the_same_person(self, appointment: bytes) -> set[bytes]:
        """Ids of the other appointments that hang together with one."""
        ids = self._tables["scheduling_appointment"].column("id")
        start: Row = ("scheduling_appointment", ids.index(appointment))
        reached, waiting = {start}, deque([start])
        while waiting:
            for value in self._values[waiting.popleft()]:
                rows = self._rows[value]
                if len(rows) <= ROWS_OF_ONE_PERSON_MAX:
                    waiting.extend(rows - reached)
                    reached |= rows
        found = {ids[number] for name, number in reached if name == "scheduling_appointment"}
        return found - {appointment}


def _shared(table: Table, row: list[bytes]) -> Iterator[bytes]:
    """What another row might hold too."""
    closed = _CLOSED_LISTS.get(table.name, set())
    for column, value in zip(table.columns, row, strict=True):
        if (table.name, column) in _PUBLIC_COLUMNS or value in {b"\\N", b"", _HEX}:
            continue
        if column in closed:
            yield from _UUID.findall(value)
            continue
        instant = _INSTANT.match(value)
        if instant:
            if value != _AT_ONCE:
                yield b"at " + instant.group(1)
        elif value.startswith(_HEX):
            digits = value[len(_HEX) :]
            yield b"bytes " + digits[_VERSION_DIGITS : _VERSION_DIGITS + _PREFIX_DIGITS]
            yield b"bytes " + digits[:_PREFIX_DIGITS]
            yield b"end " + digits[-_PREFIX_DIGITS:]
        elif value.isdigit():
            # Numbers count rows: they point within one library's tables and nowhere else.
            yield table.name.split("_")[0].encode() + b" " + value
        else:
            yield from _UUID.findall(value)
            yield value

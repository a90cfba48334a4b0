"""An honest attempt to find a person's other visits from one: join rows by whatever they share.

Two rows are tied when they hold the same value, or sealed bytes or keys that begin alike, or
instants within the same second. Not a tie: what the site itself tells everybody (ids and words of
the public tables, when a practitioner is busy), a whole day, and what more rows share than one
person has visits.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator

from tests.dump.loot import Table

ROWS_OF_ONE_PERSON_MAX = 100
_PUBLIC_COLUMNS = {
    ("scheduling_appointment", "starts_at"),
    ("scheduling_appointment", "ends_at"),
    ("scheduling_occupancy", "span"),
}
_INSTANT = re.compile(rb"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)?\+00$")
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_WORD_OF_A_LIST = re.compile(rb"^([a-z_.]+|\d{1,3})$")
"""A state, a kind, a count: said of many people's rows, however few a small demo holds."""
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
    for column, value in zip(table.columns, row, strict=True):
        if (table.name, column) in _PUBLIC_COLUMNS or value in {b"\\N", b"", _HEX}:
            continue
        instant = _INSTANT.match(value)
        if instant:
            if not instant.group(1).endswith(b" 00:00:00"):
                yield b"at " + instant.group(1)
        elif value.startswith(_HEX):
            digits = value[len(_HEX) :]
            yield b"bytes " + digits[_VERSION_DIGITS : _VERSION_DIGITS + _PREFIX_DIGITS]
            yield b"bytes " + digits[:_PREFIX_DIGITS]
            yield b"end " + digits[-_PREFIX_DIGITS:]
        elif not _WORD_OF_A_LIST.match(value):
            yield from _UUID.findall(value)
            yield value

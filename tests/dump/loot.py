"""A stolen dump, read as a thief reads it: tables, rows, values, and what may be public in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

PUBLIC_TABLES = (
    "directory_", "django_", "auth_", "scheduling_visitreason", "scheduling_weeklyopening",
    "scheduling_openingexception", "scheduling_absence", "scheduling_onlineterms",
    "scheduling_visitretention",
)  # fmt: skip
"""What anybody reads on the site without signing in, the program's own words, and for how long
a house keeps what is over."""

_COPY = re.compile(rb'^COPY public\."?(\w+)"? \((.*)\) FROM stdin;$')


@dataclass(slots=True)
class Table:
    """One table of the dump; rows in the order in which they lie."""

    name: str
    columns: list[str]
    rows: list[list[bytes]] = field(default_factory=list)

    @property
    def public(self) -> bool:
        return self.name.startswith(PUBLIC_TABLES)

    def column(self, name: str) -> list[bytes]:
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


def tables(dump: bytes) -> dict[str, Table]:
    """Every table with its rows."""
    return {table.name: table for table in _tables(dump)}


def _tables(dump: bytes) -> Iterator[Table]:
    current: Table | None = None
    for line in dump.split(b"\n"):
        if current is None:
            found = _COPY.match(line)
            if found:
                columns = [one.strip().strip('"') for one in found.group(2).decode().split(",")]
                current = Table(found.group(1).decode(), columns)
        elif line == b"\\.":
            yield current
            current = None
        else:
            current.rows.append(line.split(b"\t"))


def private_part(dump: bytes) -> bytes:
    """The rows of every table that is not public."""
    return b"\n".join(
        b"\t".join(row) for table in _tables(dump) if not table.public for row in table.rows
    )

"""A practice's patient list → people and refusals, line by line. Pure, no Django.

A refusal names the line, the column's field and a fault, never what stood there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from serment.interchange import patient_values, text_tables
from serment.interchange.patient_columns import fields_of, is_faults_column, is_header
from serment.interchange.patient_values import CellUnusable
from serment.interchange.text_tables import DELIMITERS, Line, TableUnreadable

__all__ = ["Found", "PatientRow", "Refusal", "TableUnreadable", "read"]

HEADER_WITHIN_LINES = 15
"""Some programs print a title above the column names."""
LINES_MAX = 50_000
"""A health centre with twenty thousand patients fits in; what is longer comes in parts."""


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One person: field of the patient file → value, blank ones left out; dates in ISO 8601."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One fault of a line that was not taken; ``other_line`` is the one it repeats."""

    line: int
    field: str
    fault: str
    other_line: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds."""

    rows: tuple[PatientRow, ...]
    halves: tuple[PatientRow, ...]
    """What could be read of the lines that are refused."""
    refused: tuple[Refusal, ...]
    encoding: str
    delimiter: str
    columns: tuple[tuple[str, str], ...]
    """Each column: its header, and the field it is read as; "" where it is left out."""
    empty_lines: int

    @property
    def columns_left_out(self) -> int:
        """How many columns are read as nothing."""
        return sum(not field for _header, field in self.columns)


def read(data: bytes, today: date) -> Found:
    """Read a whole file. Raises ``TableUnreadable`` where it is no patient list at all."""
    text, encoding = text_tables.decoded(data)
    delimiter, header = header_of(text)
    fields = fields_of(header.cells)
    rows: list[PatientRow] = []
    halves: list[PatientRow] = []
    refused: list[Refusal] = []
    empty = taken = 0
    for line in text_tables.lines(text, delimiter):
        if line.number <= header.number:
            continue
        if line.is_empty:
            empty += 1
            continue
        taken += 1
        if taken > LINES_MAX:
            raise TableUnreadable("too_many_lines", line.number)
        if _swallowed(line, delimiter, len(fields)):
            raise TableUnreadable("unclosed_quote", line.number)
        values, faults = _row(line, fields, today)
        (halves if faults else rows).append(PatientRow(line.number, values))
        refused += faults
    once = list(_once(rows, refused))
    return Found(
        rows=tuple(once),
        halves=tuple(halves),
        refused=tuple(sorted(refused, key=lambda refusal: refusal.line)),
        encoding=encoding,
        delimiter=delimiter,
        columns=tuple(
            (cell, field)
            for cell, field in zip(header.cells, fields, strict=True)
            if cell and not is_faults_column(cell)
        ),
        empty_lines=empty,
    )


def header_of(text: str) -> tuple[str, Line]:
    """The delimiter and the line under which most columns are known."""
    best: tuple[int, str, Line] | None = None
    for delimiter in DELIMITERS:
        for line in _first_lines(text, delimiter):
            fields = fields_of(line.cells)
            known = sum(1 for field in fields if field)
            if is_header(fields) and (best is None or known > best[0]):
                best = known, delimiter, line
    if best is None:
        raise TableUnreadable("no_header")
    return best[1], best[2]


def _first_lines(text: str, delimiter: str) -> Iterator[Line]:
    head = "\n".join(text.splitlines()[:HEADER_WITHIN_LINES])
    try:
        yield from text_tables.lines(head, delimiter)
    except TableUnreadable:
        return  # the whole file will be read again, and say what is wrong


def _swallowed(line: Line, delimiter: str, columns: int) -> bool:
    """A cell that holds whole lines of the table: a quotation mark was never closed."""
    return any(
        part.count(delimiter) >= max(2, columns - 1)
        for cell in line.cells
        if "\n" in cell
        for part in cell.splitlines()[1:]
    )


def _row(line: Line, fields: Sequence[str], today: date) -> tuple[dict[str, str], list[Refusal]]:
    """What could be read of a line, and every fault of it."""
    if any(line.cells[len(fields) :]):
        # The cells may all be shifted by one: what else looks wrong would mislead.
        return {}, [Refusal(line.number, "", "too_many_cells")]
    cells = {
        field: cell
        for field, cell in zip(fields, line.cells, strict=False)
        if field and not patient_values.is_nothing(field, cell)
    }
    faults = {field: fault for field, cell in cells.items() if (fault := _fault(cell))}
    found = [(_shown(field), fault) for field, fault in faults.items()]
    usable = {field: cell for field, cell in cells.items() if field not in faults}
    values: dict[str, str] = {}
    unread = {field for field, _fault in found}
    for field, value, fault in _values(usable, today):
        if not fault:
            values[field] = value
        elif fault != "missing" or not ({field} & unread or "full_name" in faults):
            found.append((field, fault))
    once = dict.fromkeys(found)  # two columns of one field may have the same fault
    return values, [Refusal(line.number, field, fault) for field, fault in once]


def _fault(cell: str) -> str:
    if len(cell) > text_tables.CELL_LETTERS_MAX:
        return "too_long"
    return "letters_lost" if "\ufffd" in cell else ""


def _shown(field: str) -> str:
    """The patient file's word for a column."""
    merged = {"name": "family_name", "used_name": "family_name", "full_name": "family_name",
              "mobile": "phone", "address_more": "address", "postcode": "address",
              "city": "address"}  # fmt: skip
    return merged.get(field, field)


_READ = {"birth_date": "birth_date", "sex": "sex", "phone": "phone", "mobile": "phone"}
"""Column → field; the mobile telephone comes last and is the one kept."""


def _values(cells: Mapping[str, str], today: date) -> Iterator[tuple[str, str, str]]:
    """Field, value, fault: where there is a fault there is no value."""
    family, at_birth, given = (_one_line(name) for name in patient_values.names(cells))
    yield "family_name", family, "" if family else "missing"
    yield "given_name", given, "" if given else "missing"
    if at_birth:
        yield "birth_name", at_birth, ""
    for column, field in _READ.items():
        if column in cells:
            yield field, *_read(field, cells[column], today)
    if "email" in cells:
        yield "email", (cells["email"].split(";")[0].split() or [""])[0].strip("<>,"), ""
    if where := patient_values.address(cells):
        yield "address", where, ""
    if "source_reference" in cells:
        yield "source_reference", _one_line(cells["source_reference"]), ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _read(field: str, cell: str, today: date) -> tuple[str, str]:
    """Value and fault, one of them empty."""
    try:
        if field == "birth_date":
            return patient_values.birth_date(cell, today).isoformat(), ""
        read_as = patient_values.sex if field == "sex" else patient_values.phone
        return read_as(cell), ""
    except CellUnusable as unusable:
        return "", unusable.fault


def person_key(values: Mapping[str, str | None]) -> str:
    """Who a line is, written the same way however it was typed.

    Names and birth date; where the date is missing, what else tells two people apart.
    """
    parts = [letters(values.get(field) or "") for field in ("family_name", "given_name")]
    parts.append(values.get("birth_date") or "")
    if not values.get("birth_date"):
        parts += [values.get(field) or "" for field in ("source_reference", "phone", "email")]
    return "|".join(parts)


def letters(text: str) -> str:
    """Letters and digits of any script, without case and accents."""
    return "".join(
        char for char in unicodedata.normalize("NFKD", text) if char.isalnum()
    ).casefold()


def _once(rows: Iterable[PatientRow], refused: list[Refusal]) -> Iterator[PatientRow]:
    """Each person once; what repeats an earlier line is refused and says which."""
    people: dict[str, int] = {}
    references: dict[str, int] = {}
    for row in rows:
        key, reference = person_key(row.values), row.values.get("source_reference", "")
        if key in people:
            refused.append(Refusal(row.line, "family_name", "repeated", people[key]))
            continue
        if reference and reference in references:
            other = references[reference]
            refused.append(Refusal(row.line, "source_reference", "reference_repeated", other))
            continue
        people[key] = row.line
        references[reference] = row.line
        yield row

"""Bytes of a CSV file → rows of text, whatever program wrote it. Pure, no Django.

Practices' exports are Windows-1252 with semicolons, seldom UTF-8, sometimes from DOS. Nothing here
knows what the columns mean.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

FILE_BYTES_MAX = 50 * 1024 * 1024
CELL_LETTERS_MAX = 1_000
CELL_LINES_MAX = 25
"""More lines in one cell than that: a quotation mark was opened and never closed."""

DELIMITERS = (";", ",", "\t", "|")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula, and runs: in a cell given back it stands after a mark."""
MARK = "'"
_ACCENTED = frozenset("éèêëàâäçîïôöùûüœæÉÈÊÀÂÇÎÔÙÛŒ")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MISREAD = ("Ã", "Â", "â€")


class TableUnreadable(Exception):  # noqa: N818 -- a finding about a file, told by ``fault``
    """The file is no table; ``fault`` says why, ``line`` where (0: all of it)."""

    def __init__(self, fault: str, line: int = 0) -> None:
        super().__init__(fault)
        self.fault = fault
        self.line = line


@dataclass(frozen=True, slots=True)
class Line:
    """One row; ``number`` is its first line in the file, from 1."""

    number: int
    cells: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Nothing but blanks."""
        return not any(cell.strip() for cell in self.cells)


def decoded(data: bytes) -> tuple[str, str]:
    """The text and the encoding it was read by. Raises ``TableUnreadable``."""
    if len(data) > FILE_BYTES_MAX:
        raise TableUnreadable("file_too_big")
    if data.startswith(_WORKBOOKS):
        raise TableUnreadable("workbook")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _by(data, "utf-16"), "utf-16"
    if b"\x00" in data:
        raise TableUnreadable("not_text")
    if not data.strip():
        raise TableUnreadable("empty")
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return _one_byte(data)


def _by(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as broken:
        raise TableUnreadable("not_text") from broken


def _one_byte(data: bytes) -> tuple[str, str]:
    """Windows-1252, DOS or Macintosh: the one under which most accents are French ones."""
    read = [
        (data.decode(encoding, errors="replace"), encoding)
        for encoding in ("cp1252", "cp850", "mac-roman")
    ]
    return max(read, key=lambda one: _frenchness(one[0]))


def _frenchness(text: str) -> int:
    good = sum(text.count(letter) for letter in _ACCENTED)
    odd = sum(
        1
        for char in text
        if ord(char) > 127 and char not in _ACCENTED and unicodedata.category(char)[0] in "SCP"
    )
    return good - 2 * odd


def mended(cell: str) -> str:
    """UTF-8 that was once read as Windows-1252 ("HÃ©lÃ¨ne"), turned back; else the cell itself."""
    if not any(sign in cell for sign in _MISREAD):
        return cell
    try:
        return cell.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return cell


def _bare(cell: str) -> str:
    """Without blanks at its ends, nor the mark that an earlier answer put before its sign."""
    bare = cell.strip(" \t\r\n\ufeff\u00a0")
    return bare[1:] if bare.startswith(MARK) and bare[1:].startswith(FORMULA_STARTS) else bare


def inert(cell: str) -> str:
    """The cell as a spreadsheet shows it and never runs it; ``lines`` takes the mark off again."""
    return f"{MARK}{cell}" if cell.startswith(FORMULA_STARTS) else cell


def lines(text: str, delimiter: str) -> Iterator[Line]:
    """Rows in order, cells mended and stripped. Raises ``TableUnreadable``."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 1
    try:
        for cells in reader:
            if any(cell.count("\n") > CELL_LINES_MAX for cell in cells):
                raise TableUnreadable("unclosed_quote", number)
            yield Line(number, tuple(_bare(mended(cell)) for cell in cells))
            number = reader.line_num + 1
    except csv.Error as broken:
        raise TableUnreadable("unclosed_quote", number) from broken

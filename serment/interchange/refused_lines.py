"""Refused lines of a patient list, given back to be mended: same encoding, same delimiter. Pure.

The cells are those of the file, only its spaces at the ends are gone, and what a spreadsheet would
run stands after a mark, which reading takes off again. The column with the faults
comes first, so that a line with a cell too many does not push it away. Nothing is kept: whoever
asks brings the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from serment.interchange import text_tables
from serment.interchange.patient_columns import is_faults_column
from serment.interchange.patients_csv import header_of

_BOM = b"\xef\xbb\xbf"


def written(data: bytes, faults: Mapping[int, str], title: str) -> bytes:
    """The header and the lines of ``faults`` (line → its sentences), headed by ``title``.

    Raises ``TableUnreadable`` where the file is no patient list.
    """
    text, encoding = text_tables.decoded(data)
    delimiter, header = header_of(text)
    ours = {place for place, cell in enumerate(header.cells) if is_faults_column(cell)}
    table = io.StringIO(newline="")
    writer = csv.writer(table, delimiter=delimiter, lineterminator="\r\n")
    for line in text_tables.lines(text, delimiter):
        first = title if line.number == header.number else faults.get(line.number)
        if first is not None:
            kept = [cell for place, cell in enumerate(line.cells) if place not in ours]
            cells = [text_tables.inert(cell) for cell in kept]
            writer.writerow([first, *cells])
    return _encoded(table.getvalue(), "utf-8-sig" if data.startswith(_BOM) else encoding)


def _encoded(text: str, encoding: str) -> bytes:
    """In the file's own encoding; in UTF-8 where that has no sign for a letter of the file."""
    plain = text.replace("\u2019", "'").replace("\u202f", " ").replace("\u00a0", " ")
    for attempt in (text, plain):
        try:
            return attempt.encode(encoding)
        except UnicodeEncodeError:
            continue
    return text.encode("utf-8-sig")

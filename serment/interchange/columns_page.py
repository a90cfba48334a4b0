"""The page of recognised columns, docs/reference/csv-columns.md, written from the tables.

Write it anew: python -m serment.interchange.columns_page > docs/reference/csv-columns.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from serment.interchange import patient_columns, patient_values

_WORDS = {
    "name": "family name in use; beside a *used_name* column, the name at birth",
    "used_name": "family name in use",
    "birth_name": "name at birth",
    "given_name": "given name",
    "full_name": "both names in one cell: capitals are the family's name, else the first word",
    "birth_date": "birth date, day before month",
    "sex": "sex or title",
    "phone": "telephone",
    "mobile": "mobile telephone; kept rather than the other",
    "email": "e-mail address; the first of several",
    "address": "street",
    "address_more": "more of the address",
    "postcode": "postcode",
    "city": "town",
    "source_reference": "number of the file in the former program",
}
_TOP = """# Columns of a patient list

<!-- Written by: python -m serment.interchange.columns_page > docs/reference/csv-columns.md
     A test fails where this page and serment/interchange/patient_columns.py differ. -->

`serment import` and the desk's *Import* page read a CSV file in Windows-1252, UTF-8, UTF-16, DOS or
Macintosh letters, separated by `;`, `,`, a tab or `|`; both are found by themselves. One of the
first 15 lines names the columns: a given name and a family name, or both in one. Case, accents and
signs do not count: `N° DOSSIER` and `n dossier` are one. Of two columns for the same thing the
first counts. A column that is not here is left out, and counted in the report; a social security
number is left out on purpose.
"""
_END = """
Birth dates: `12/03/1961`, `12-3-61`, `12.03.1961`, `1961-03-12`, `12 mars 1961`, `19610312`,
`12031961`, or a day as Excel counts them. A date that is not in the calendar, is to come, or says
`00/00` is refused: somebody has to ask.

A refused line is told with every fault it has, and can be downloaded to be mended: same encoding,
same separator, the faults in a first column headed `À CORRIGER` (`TO CORRECT`), which is left out
when the file comes back.
"""


def page() -> str:
    """The whole page, as Markdown."""
    return "".join([_TOP, "\n", *_columns(), "\n", *_sexes(), _END])


def _columns() -> Iterator[str]:
    yield "| Column | What it is | Headers taken for it |\n|---|---|---|\n"
    for field, names in patient_columns.recognised().items():
        yield f"| `{field}` | {_WORDS[field]} | {', '.join(names)} |\n"


def _sexes() -> Iterator[str]:
    yield "| Sex | Written as |\n|---|---|\n"
    for sex, words in patient_values.SEXES.items():
        yield f"| {sex} | {', '.join(words.split(';'))} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())

"""Loads the shipped reference data into the database: specialties, professions, communes.

Run at set-up and after each upgrade; running it again changes nothing. Only the owner's role may:
no establishment owns these tables, so no web process writes them.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.db import connections, transaction
from psycopg import sql

from serment.directory import data, places, words
from serment.directory.models import Commune, Profession, Specialty

_KEY_COLUMNS = (
    "code", "slug", "searched_as", "bookable", "label_fr", "label_en", "person_fr", "person_en",
    "words_fr", "words_en",
)  # fmt: skip
_FILES = ("specialties.csv", "professions.csv", "communes.csv.gz")
_COMMUNE_COLUMNS = (
    "code", "slug", "name", "folded", "department", "postcodes", "latitude", "longitude",
    "approximate", "population",
)  # fmt: skip


def reference_data(using: str = "owner") -> int:
    """Bring the reference tables up to the shipped files; returns how many rows changed.

    One transaction: readers see the old rows or the new ones. About 35,000 rows in under a second.
    A row that vanished from the files stays: sites may still name it.
    """
    with transaction.atomic(using=using):
        return (
            _upsert(Specialty._meta.db_table, _KEY_COLUMNS, _keys("specialties.csv"), using)
            + _upsert(Profession._meta.db_table, _KEY_COLUMNS, _keys("professions.csv"), using)
            + _upsert(Commune._meta.db_table, _COMMUNE_COLUMNS, _communes(), using)
        )


def reference_data_once(using: str = "owner") -> None:
    """``reference_data``, unless these very files were loaded last, as a comment there tells."""
    mark, table = f"shipped {_digest()}", Commune._meta.db_table
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", [table])
        if cursor.fetchone() == (mark,):
            return
        reference_data(using)
        comment = sql.SQL("COMMENT ON TABLE {} IS {}")
        cursor.execute(comment.format(sql.Identifier(table), sql.Literal(mark)))


def _digest() -> str:
    """Of the files, and of the code that makes rows of them."""
    made_from = [data.raw(name) for name in _FILES]
    made_from += [inspect.getsource(module).encode() for module in (places, words)]
    made_from.append(Path(__file__).read_bytes())
    return hashlib.sha256(b"".join(made_from)).hexdigest()


def _keys(name: str) -> Iterable[Sequence[Any]]:
    for row in data.table(name):
        yield [
            row["code"],
            row["slug"],
            row["searched_as"],
            row["bookable"] == "1",
            row["label_fr"],
            row["label_en"],
            row["person_fr"],
            row["person_en"],
            data.words(row["words_fr"]),
            data.words(row["words_en"]),
        ]


def _communes() -> Iterable[Sequence[Any]]:
    for row in places.communes():
        yield [
            row.code,
            row.slug,
            row.name,
            row.folded,
            row.department,
            list(row.postcodes),
            row.latitude,
            row.longitude,
            row.approximate,
            row.population,
        ]


def _upsert(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], using: str) -> int:
    """COPY into a temporary table, then change only the rows that differ."""
    names = ", ".join(columns)
    news = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
    old_row = ", ".join(f"{table}.{column}" for column in columns)
    new_row = ", ".join(f"excluded.{column}" for column in columns)
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE arriving ON COMMIT DROP AS SELECT {names} FROM {table} LIMIT 0"
        )
        with cursor.copy(f"COPY arriving ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM arriving"
            f" ON CONFLICT (code) DO UPDATE SET {news}"
            f" WHERE ({old_row}) IS DISTINCT FROM ({new_row})"
        )
        changed: int = cursor.rowcount
        cursor.execute("DROP TABLE arriving")
    return changed

"""The shipped reference data: specialties, professions, communes and outlines, as files.

Communes and outlines are built by ``scripts/build_places.py`` and ``scripts/build_outlines.py``;
sources and licences are in ``docs/reference/data-sources.md``.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

_HERE = files(__package__)


def raw(name: str) -> bytes:
    """A shipped file as it lies there."""
    return _HERE.joinpath(name).read_bytes()


def table(name: str) -> Iterator[dict[str, str]]:
    """The rows of a shipped CSV, by column; ``.gz`` is opened on the way."""
    text = gzip.decompress(raw(name)) if name.endswith(".gz") else raw(name)
    yield from csv.DictReader(io.StringIO(text.decode("utf-8"), newline=""))


def outlines() -> dict[str, list[list[list[float]]]]:
    """Rings of [longitude, latitude] in WGS 84, by department or collectivity."""
    document: dict[str, Any] = json.loads(_HERE.joinpath("outlines.json").read_text("utf-8"))
    rings: dict[str, list[list[list[float]]]] = document["outlines"]
    return rings


def words(cell: str) -> list[str]:
    """The words of a cell that separates them by bars."""
    return [word for word in cell.split("|") if word]

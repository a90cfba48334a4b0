"""Lines of a patient list that are probably one person written twice. Pure, no Django.

A finding to look at, never a reason to refuse: twins and homonyms exist. Exact repetitions are
``patients_csv``'s own matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher

from serment.interchange.patients_csv import PatientRow, letters

LIKENESS_MIN = 0.8
TOGETHER_MAX = 20
"""More lines than that under one key say something about the file, not about a person."""


def pairs(rows: Iterable[PatientRow]) -> dict[int, int]:
    """Line → the earlier line that it resembles."""
    together: dict[tuple[str, ...], list[PatientRow]] = {}
    found: dict[int, int] = {}
    for row in rows:
        for key in _keys(row.values):
            others = together.setdefault(key, [])
            if len(others) < TOGETHER_MAX and row.line not in found:
                alike = next((one for one in others if _alike(key, one, row)), None)
                if alike is not None:
                    found[row.line] = alike.line
            others.append(row)
    return found


def _keys(values: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """What two lines of one person have in common, in each of the usual mistakes."""
    family, given = letters(values.get("family_name", "")), letters(values.get("given_name", ""))
    born = values.get("birth_date", "")
    if born:
        yield ("swapped", born, *sorted((family, given)))
        yield ("given", born, given)
        yield ("family", born, family)
    yield ("undated", family, given)
    for way in ("phone", "email"):
        if values.get(way):
            yield (way, values[way].casefold(), given)


def _alike(key: tuple[str, ...], one: PatientRow, other: PatientRow) -> bool:
    kind = key[0]
    if kind == "given":
        return _names_alike(one.values, other.values)
    if kind == "family":
        return _close(one.values["given_name"], other.values["given_name"])
    if kind == "undated":
        return not (one.values.get("birth_date") and other.values.get("birth_date"))
    return True


def _names_alike(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    names = [
        [letters(values[name]) for name in ("family_name", "birth_name") if values.get(name)]
        for values in (one, other)
    ]
    return any(_close(left, right) for left in names[0] for right in names[1])


def _close(one: str, other: str) -> bool:
    left, right = letters(one), letters(other)
    if not left or not right:
        return False
    if min(len(left), len(right)) >= 3 and (left.startswith(right) or right.startswith(left)):
        return True
    return SequenceMatcher(None, left, right).ratio() >= LIKENESS_MIN

"""The table written by hand, and where the declared policy says something else."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.urls import get_resolver

from serment.identity import policy
from tests.house.doors import Route, routes

FILE = Path(__file__).with_name("table.csv")
Table = Mapping[str, Mapping[str, str]]


def by_hand(file: Path = FILE) -> Table:
    """Route → who asks → answer, as somebody wrote it. A route stands once, or `ValueError`: of two
    lines the second would speak for both, and nobody would read that."""
    with file.open(encoding="utf-8", newline="") as read:
        rows = [[cell.strip() for cell in row] for row in csv.reader(read, delimiter=";")]
    head = rows[0]
    named = [row[0] for row in rows[1:]]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise ValueError(f"{file.name} names twice: {', '.join(twice)}")
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows[1:]}


def every_route() -> list[Route]:
    """All of Django's."""
    return list(routes(get_resolver().url_patterns))


def declared(found: Iterable[Route]) -> Table:
    """The same, from what stands beside the views."""
    table = {}
    for one in found:
        door = policy.door_of(one.view)
        if door is not None:
            table[one.name] = {asks: policy.answer(door, asks).value for asks in policy.ASKING}
    return table


def differences(one: Table, two: Table) -> list[str]:
    """Where two tables say something else, or one says nothing."""
    found = []
    for route in sorted(one.keys() | two.keys()):
        ours, theirs = one.get(route, {}), two.get(route, {})
        for asks in sorted(ours.keys() | theirs.keys()):
            if ours.get(asks) != theirs.get(asks):
                found.append(f"{route}, {asks}: {ours.get(asks)} / {theirs.get(asks)}")
    return found

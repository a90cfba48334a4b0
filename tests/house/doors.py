"""Every route of a tree of address patterns, with its name and view; routes nobody declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver

from serment.identity import policy


@dataclass(frozen=True, slots=True)
class Route:
    """One address pattern."""

    name: str
    address: str
    view: Callable[..., Any]


def routes(
    patterns: Iterable[URLPattern | URLResolver], before: str = "", within: str = ""
) -> Iterator[Route]:
    """All of them, included ones too, named as ``reverse`` wants them."""
    for one in patterns:
        address = before + str(one.pattern)
        if isinstance(one, URLResolver):
            inner = f"{within}{one.namespace}:" if one.namespace else within
            yield from routes(one.url_patterns, address, inner)
        else:
            yield Route(f"{within}{one.name or ''}", address, one.callback)


def undeclared(patterns: Iterable[URLPattern | URLResolver]) -> list[str]:
    """Addresses whose view names nobody who may."""
    return [one.address for one in routes(patterns) if policy.door_of(one.view) is None]


def unnamed(patterns: Iterable[URLPattern | URLResolver]) -> list[str]:
    """Addresses without a name, or with another's: no table could speak of them."""
    seen: dict[str, str] = {}
    return [
        one.address
        for one in routes(patterns)
        if one.name.endswith(":")
        or not one.name
        or seen.setdefault(one.name, one.address) != one.address
    ]

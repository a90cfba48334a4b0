"""What packages above give to the outbox, so that it need not know them.

``scheduling`` says what a record is about (``register``); ``identity`` says how a person's row is
loaded (``register_people``). Both do so in ``AppConfig.ready()``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import models


@dataclass(frozen=True, slots=True)
class Facts:
    """What a message may say of an appointment: never a specialty, never a reason.

    ``where`` is a postal address without the site's name, which often names a specialty;
    ``link`` is a path of this site, opened in a browser where the rest stands. ``mode`` is
    ``in_person``, ``video``, or ``either`` where only the sealed details say which was chosen.
    """

    starts_at: datetime
    timezone: str
    with_whom: str
    where: str = ""
    phone: str = ""
    bring: str = ""
    link: str = ""
    mode: str = "in_person"


FactsOf = Callable[[UUID], Facts | None]
"""Record id → its facts, None when the message has lost its object. Called inside the tenant."""

People = Callable[[UUID], models.Model | None]
"""Person id → the row whose sealed ``email`` is written to. Called inside the tenant."""


@dataclass(frozen=True, slots=True)
class Way:
    """How one message goes: by ``mail`` to an address, as a ``letter``, on the list of ``call``s,
    or not at all (``none``); and how little it may say."""

    channel: str
    address: str = field(default="", repr=False)
    neutral: bool = False
    bare: bool = False


WayOf = Callable[[Mapping[str, str]], Way]
"""What a ticket opened of a person (``email``, ``safe_contact``) → how the message goes."""

_facts: dict[str, FactsOf] = {}
_ways: list[WayOf] = []
_people: list[People] = []


def register(kind: str, facts_of: FactsOf) -> None:
    """Say what messages of a kind are about. Registering again replaces."""
    _facts[kind] = facts_of


def register_people(load: People) -> None:
    """Say how the row of a person is loaded. Registering again replaces."""
    _people[:] = [load]


def register_ways(way_of: WayOf) -> None:
    """Say how a person wants to be reached. Registering again replaces."""
    _ways[:] = [way_of]


def way_of(opened: Mapping[str, str]) -> Way:
    """How a message goes to whom these values are of."""
    return _ways[0](opened)


def facts_of(kind: str, record_id: UUID) -> Facts | None:
    """The facts of a record, None when it is gone or nothing was registered for its kind."""
    known = _facts.get(kind)
    return known(record_id) if known else None


def person(person_id: UUID) -> models.Model | None:
    """The row of a person inside the present tenant."""
    return _people[0](person_id) if _people else None

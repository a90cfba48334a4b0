"""What packages above give to the outbox, so that it need not know them.

``scheduling`` says what a record is about (``register``); ``identity`` says how people's rows
are loaded (``register_people``). Both do so in ``AppConfig.ready()``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    until: str = ""
    """Of an hour that is kept: until when, as one says it."""
    sooner: bool = False
    """Of an hour that is kept: whoever takes it gives up a later one they have."""
    outcome: str = ""
    """Of a missed visit: whether it counts."""
    besides: tuple[Facts, ...] = ()
    """Of several visits told of in one message: the others, by when they begin."""
    house_asks: bool = False
    """Whether its house asks questions before some visits: never whether before this one, which
    would tell what for."""


FactsOf = Callable[[UUID], Facts | None]
"""Record id → its facts, None when the message has lost its object. Called inside the tenant."""

FactsOfMany = Callable[[Sequence[UUID]], dict[UUID, Facts]]
"""The same for a whole batch; what has lost its object is left out."""

People = Callable[[Collection[UUID]], dict[UUID, models.Model]]
"""Person ids → the rows whose sealed ``email`` is written to. Called inside the tenant."""


REMINDER = "reminder"
"""How the kinds of messages begin that are reminders."""

OFFER = "offer"
"""An hour kept for one who waits, for a while."""

MISSED = "missed"
"""A visit that is noted as missed, or no longer."""


@dataclass(frozen=True, slots=True)
class Way:
    """How one message goes: by ``mail`` or ``sms`` to an address, as a ``letter``, on the list of
    ``call``s, or not at all (``none``); and how little it may say.

    ``source``: the sealed field the address is in, opened only when it is handed over.
    """

    channel: str
    address: str = field(default="", repr=False)
    neutral: bool = False
    bare: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What shows of a person without opening anything, and what kind of message it is."""

    email: bool
    phone: bool
    texts: bool = False
    """Whether this message could go as an SMS at all."""
    reminder: bool = False


@dataclass(frozen=True, slots=True)
class Ways:
    """How people are reached, as the package that knows their wishes says it."""

    choose: Callable[[str, Asked], Way]
    """What they said (opened; empty where nothing) → how the message goes, the address left out."""
    address: Callable[[Way, str], str]
    """The address within the value that ``Way.source`` opened to."""
    is_mobile: Callable[[str], bool]
    addresses: Callable[[Mapping[str, str]], list[str]]
    """Every address and number that opened values hold."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that stands, as a sweep of reminders asks for it."""

    record: UUID
    starts_at: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class Visits:
    """What reminders ask of the package that knows the visits; each inside the tenant."""

    zones: Callable[[UUID], set[str]]
    """House → the zones of its sites."""
    starting: Callable[[UUID, datetime, datetime], Iterable[Visit]]
    """House, from, until → visits that stand and begin then, a page at a time."""
    to_come: Callable[[UUID, list[UUID], datetime], set[UUID]]
    """House, records, now → those that stand and have not begun."""


Asking = Callable[[Collection[UUID]], Collection[UUID]]
"""Houses → those that ask questions before some of their visits."""

_asking: list[Asking] = []
_visits: list[Visits] = []
_facts: dict[str, FactsOf] = {}
_ways: list[Ways] = []
_people: list[People] = []
_many: dict[FactsOf, FactsOfMany] = {}


def register(kind: str, facts_of: FactsOf, of_many: FactsOfMany | None = None) -> None:
    """Say what messages of a kind are about; ``of_many``: the same for many at once. Registering
    again replaces."""
    _facts[kind] = facts_of
    if of_many is not None:
        _many[facts_of] = of_many


def register_asking(asking: Asking) -> None:
    """Say which houses ask before a visit. Registering again replaces."""
    _asking[:] = [asking]


def asking(houses: Collection[UUID]) -> Collection[UUID]:
    """Those of the houses that ask before some of their visits."""
    return _asking[0](houses) if _asking and houses else ()


def register_people(load: People) -> None:
    """Say how the rows of people are loaded. Registering again replaces."""
    _people[:] = [load]


def register_ways(ways: Ways) -> None:
    """Say how a person wants to be reached. Registering again replaces."""
    _ways[:] = [ways]


def way_of(said: str, asked: Asked) -> Way:
    """How a message goes to whoever said this."""
    return _ways[0].choose(said, asked)


def way_of_no_sms(way: Way, *, is_reminder: bool) -> Way:
    """What is left where a number takes no texts or an address wants no reminders: nothing of a
    reminder; anything else waits at the desk."""
    return replace(way, channel="none" if is_reminder else "letter", address="", source="")


def address_in(way: Way, value: str) -> str:
    """The address, once the field it is in was opened."""
    return _ways[0].address(way, value)


def addresses_in(opened: Mapping[str, str]) -> list[str]:
    """Every address and number that these opened values hold."""
    return _ways[0].addresses(opened)


def is_mobile(number: str) -> bool:
    """Whether a number takes texts."""
    return _ways[0].is_mobile(number)


def register_visits(visits: Visits) -> None:
    """Say how visits are found. Registering again replaces."""
    _visits[:] = [visits]


def zones_of(house: UUID) -> set[str]:
    """The zones of a house's sites."""
    return _visits[0].zones(house) if _visits else set()


def visits_of(house: UUID, since: datetime, until: datetime) -> Iterable[Visit]:
    """Visits of a house that begin then."""
    return _visits[0].starting(house, since, until) if since < until else ()


def to_come(house: UUID, records: list[UUID], now: datetime) -> set[UUID]:
    """Those of these records that stand and have not begun."""
    return _visits[0].to_come(house, records, now)


def facts_of(kind: str, record_id: UUID) -> Facts | None:
    """The facts of a record, None when it is gone or nothing was registered for its kind."""
    return facts_of_many(kind, [record_id]).get(record_id)


def facts_of_many(kind: str, records: Sequence[UUID]) -> dict[UUID, Facts]:
    """The same of a batch; without those that ``facts_of`` would say None of."""
    known = _facts.get(kind.partition(".")[0])
    if known is None:
        return {}
    if known in _many:
        return _many[known](records)
    found = {one: known(one) for one in records}
    return {one: facts for one, facts in found.items() if facts is not None}


def person(person_id: UUID) -> models.Model | None:
    """The row of a person inside the present tenant."""
    return people([person_id]).get(person_id)


def people(person_ids: Collection[UUID]) -> dict[UUID, models.Model]:
    """The rows of many; who has none is left out."""
    return _people[0](person_ids) if _people and person_ids else {}

"""Reveal: ask the keeper for keys, open the sealed values here, keep keys for their lease."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db import models

from serment.disclosure import stirring
from serment.disclosure.actors import Actor
from serment.disclosure.fields import Sealed, SealedValue, sealed_field
from serment.disclosure.lease import Key, LeaseName, Leases
from serment.disclosure.line import AccessFrozen, ask
from serment.keeper.sealing import open_sealed, version_of
from serment.keeper.wire import RevealAnswer, RevealAsk, RevealField, RevealItem

leases = Leases()

_KINDS = {"patientfile": "patient", "staffmember": "staff"}

Opened = dict[UUID, dict[str, str]]


def kind_of(model: type[models.Model]) -> str:
    """The keeper's word for a model's rows: patient, account, staff, else the model's name."""
    name = model._meta.model_name or ""
    return _KINDS.get(name, name)


@dataclass(frozen=True, slots=True)
class Closed:
    """One sealed value to open."""

    record: UUID
    kind: str
    field: Sealed
    sealed: bytes

    def lease_name(self, actor: Actor, purpose: str) -> LeaseName:
        """What its key is kept under."""
        return (
            actor.capability,
            actor.session or "-",
            purpose,
            self.record.bytes,
            f"{self.kind}.{self.field.name}",
            version_of(self.sealed),
        )


def closed_values(
    objs: Iterable[models.Model], fields: Sequence[str]
) -> tuple[Opened, list[Closed]]:
    """Empty answers for all, and what there is to open; a row given twice is opened once."""
    opened: Opened = {}
    closed: list[Closed] = []
    for obj in objs:
        if obj.pk in opened:
            continue
        opened[obj.pk] = dict.fromkeys(fields, "")
        for name in fields:
            value = getattr(obj, name)
            if isinstance(value, SealedValue):
                field = sealed_field(type(obj), name)
                closed.append(Closed(obj.pk, kind_of(type(obj)), field, value.sealed))
    return opened, closed


def open_values(
    actor: Actor,
    purpose: str,
    objs: Iterable[models.Model],
    fields: Sequence[str],
    *,
    errand: bytes = b"",
    recipient: str = "",
) -> Opened:
    """Open the fields; recorded durably first unless this session's lease still runs."""
    opened, closed = closed_values(objs, fields)
    if errand:
        keys, _seconds = _fetch(actor, purpose, closed, errand, recipient)
    else:
        keys = _leased(actor, purpose, closed)
    for one, key in zip(closed, keys, strict=True):
        opened[one.record][str(one.field.name)] = open_sealed(*key, one.sealed)
    return opened


def _leased(actor: Actor, purpose: str, closed: list[Closed]) -> list[Key]:
    """The keys in order: those a lease still runs for from memory, the others asked for."""
    names = [one.lease_name(actor, purpose) for one in closed]
    as_of = stirring.mark()
    leases.begin_anew(as_of)
    held = leases.get_all(names)
    missing = [place for place, key in enumerate(held) if key is None]
    try:
        fetched, seconds = _fetch(actor, purpose, [closed[place] for place in missing], b"")
    except AccessFrozen:
        leases.end(actor.capability)  # nor does what was open before
        raise
    if stirring.mark() == as_of:  # what was answered before a freeze is not kept after it
        leases.put_all(zip([names[place] for place in missing], fetched, strict=True), seconds)
    new = iter(fetched)
    return [next(new) if key is None else key for key in held]


def _fetch(
    actor: Actor, purpose: str, missing: list[Closed], errand: bytes, recipient: str = ""
) -> tuple[list[Key], int]:
    """Keys in order, and how long they may be used again; recorded durably first."""
    if not missing:
        return [], 0
    groups = [list(group) for _record, group in groupby(missing, key=lambda one: one.record)]
    items = [
        RevealItem(
            group[0].record.bytes,
            group[0].kind,
            [
                RevealField(str(one.field.name), one.field.zone, version_of(one.sealed))
                for one in group
            ],
        )
        for group in groups
    ]
    answer = ask(
        "reveal", actor, RevealAnswer, RevealAsk(items),
        purpose=purpose, errand=errand, recipient=recipient,
    )  # fmt: skip
    found = [
        key
        for group, keys in zip(groups, answer.keys, strict=True)
        for _one, key in zip(group, keys, strict=True)
    ]
    return found, answer.lease

"""Reveal: ask the keeper for keys, open the sealed values here, keep keys for their lease."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db import models

from serment.disclosure.actors import Actor
from serment.disclosure.fields import Sealed, SealedValue, sealed_field
from serment.disclosure.lease import Key, LeaseName, Leases
from serment.disclosure.line import ask
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
) -> Opened:
    """Open the fields; recorded durably first unless this session's lease still runs."""
    opened, closed = closed_values(objs, fields)
    keys: dict[Closed, Key] = {}
    missing: list[Closed] = []
    for one in closed:
        leased = None if errand else leases.get(one.lease_name(actor, purpose))
        if leased is None:
            missing.append(one)
        else:
            keys[one] = leased
    if missing:
        fetched, seconds = _fetch(actor, purpose, missing, errand)
        for one, key in fetched.items():
            keys[one] = key
            if not errand:
                leases.put(one.lease_name(actor, purpose), key, seconds)
    for one in closed:
        opened[one.record][str(one.field.name)] = open_sealed(*keys[one], one.sealed)
    return opened


def _fetch(
    actor: Actor, purpose: str, missing: list[Closed], errand: bytes
) -> tuple[dict[Closed, Key], int]:
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
    answer = ask("reveal", actor, RevealAnswer, RevealAsk(items), purpose=purpose, errand=errand)
    found = {
        one: key
        for group, keys in zip(groups, answer.keys, strict=True)
        for one, key in zip(group, keys, strict=True)
    }
    return found, answer.lease

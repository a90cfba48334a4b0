"""A recorded disclosure as a value: what history and perimeters are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from serment.keeper import wire, words

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

NOT_FIELDS: Final = words.NOT_FIELDS


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """Fields of one record in a disclosure. ``replaced``: a write over an earlier value."""

    record: UUID
    kind: str
    fields: tuple[str, ...]
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One recorded access as a patient or a practice reads it; ``records`` is what was opened."""

    seq: int
    at: datetime
    kind: str
    actor_kind: str
    actor_id: UUID
    role: str
    establishment: UUID | None
    purpose: str
    fields: tuple[str, ...]
    client: str
    process: str
    session: str
    evidence: str
    subject: UUID | None
    person: UUID | None
    person_kind: str
    records: tuple[OpenedRecord, ...]
    erased: bool = False
    """Erased: person, subject and records are keyed tags that name nobody."""
    recipient: str = ""
    """Whom it was handed to outside of Serment: a provider's name; empty where it stayed."""
    relation: str = ""
    """Of another account of a patient, to who acts for the person: as what it did this."""


def disclosure_of(row: wire.DisclosureRow) -> Disclosure:
    """A row of the keeper's index as a value."""
    return Disclosure(
        seq=row.seq,
        at=instant_of(row.at),
        kind=row.kind,
        actor_kind=row.actor_kind,
        actor_id=UUID(bytes=row.actor),
        role=row.role,
        establishment=wire.uuid_of(row.establishment),
        purpose=row.purpose,
        fields=tuple(sorted({name for item in row.items for name in item.fields})),
        client=row.client,
        process=row.process,
        session=row.session,
        evidence=row.evidence,
        subject=wire.uuid_of(row.subject),
        person=wire.uuid_of(row.person),
        person_kind=row.person_kind,
        records=tuple(_record_of(item) for item in row.items),
        erased=row.erased,
        recipient=row.recipient,
        relation=row.relation,
    )


def _record_of(item: wire.Item) -> OpenedRecord:
    record = UUID(bytes=item.record or bytes(16))  # what concerns no record has none
    return OpenedRecord(record, item.kind, tuple(item.fields), any(item.before))


def microseconds(instant: datetime) -> int:
    """An instant as the keeper counts it: whole microseconds since 1970, UTC."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant_of(microseconds: int) -> datetime:
    """The keeper's count as an instant in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)

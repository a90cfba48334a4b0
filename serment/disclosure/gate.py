"""The gate: the one way personal data is sealed, opened, found, and its openings told.

Everything here is a call to the keeper, which records before it answers. Errors: NotYours (not
there or not yours, indistinguishable), SessionEnded, KeeperUnavailable, Unusable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

import msgspec
from django.db import models

from serment.disclosure import opening
from serment.disclosure.actors import SYSTEM, Actor, ActorKind
from serment.disclosure.fields import SealedValue, sealed_field
from serment.disclosure.line import NotYours, ask
from serment.disclosure.oversight import backup, drive_clock, health, window
from serment.disclosure.purposes import Purpose
from serment.disclosure.told import Disclosure, OpenedRecord, disclosure_of, microseconds
from serment.keeper import wire
from serment.keeper.words import SUBJECTS_MAX

__all__ = [
    "Disclosure", "Errand", "Hits", "OpenedRecord", "alias", "backup", "close_session", "delete",
    "drive_clock", "errand", "errand_of", "files_behind", "files_behind_openable",
    "files_behind_with_ticket", "files_of", "find", "health", "history", "link", "open_session",
    "records_of", "reveal", "reveal_openable", "reveal_with_ticket", "seal", "seal_and_sign",
    "seal_and_sign_each", "seal_many", "sign", "window",
]  # fmt: skip

Values = Mapping[str, str | None]
Errand = wire.MintErrand
"""What a ticket is for; ``errand_of`` makes it, the keeper signs it."""

CARE_UNTIL = "care_until"
"""A model that has it makes a care relation between its establishment and its person till then."""

VISIT = "visit"
"""A model that has it, (start, end, site) or None: its person stands on that site's sheets."""

ASKED_APART_MAX = 64
"""Calls spent on one batch of which something cannot be opened; what is left then stays closed."""

One = TypeVar("One")
Answers = TypeVar("Answers")

WORKER = Actor(kind="worker", id=UUID(int=1), client="worker")


class Hits(list[UUID]):
    """Ids that ``find`` gave, those the establishment knows first; ``more``: others match too."""

    def __init__(self, ids: Iterable[UUID] = (), *, more: bool = False) -> None:
        super().__init__(ids)
        self.more = more


def seal(
    actor: Actor, purpose: Purpose, obj: models.Model, values: Values, *,
    subject: UUID, tenant: UUID | None,
) -> None:  # fmt: skip
    """Seal values into ``obj`` (not saved). ``None`` or ``""`` clears a field."""
    seal_many(actor, purpose, [(obj, values, subject)], tenant=tenant)


def seal_many(
    actor: Actor,
    purpose: Purpose,
    batch: Sequence[tuple[models.Model, Values, UUID]],
    *,
    tenant: UUID | None,
) -> None:
    """Seal many records of one tenant, 200 a request; no object is touched unless all succeed."""
    answers: list[list[bytes | None]] = []
    for start in range(0, len(batch), SUBJECTS_MAX):
        items = [_seal_item(*entry) for entry in batch[start : start + SUBJECTS_MAX]]
        answer = ask(
            "seal", actor, wire.SealAnswer, wire.SealAsk(items), purpose=purpose, tenant=tenant
        )
        answers.extend(answer.sealed)
    for (obj, values, _subject), sealed in zip(batch, answers, strict=True):
        _set_sealed(obj, values, sealed)


def seal_and_sign(
    actor: Actor, purpose: Purpose, obj: models.Model, values: Values, errand: Errand, *,
    subject: UUID, tenant: UUID | None,
) -> bytes:  # fmt: skip
    """``seal``, and the ticket of an ``errand_of`` the same record: one answer, one sync."""
    (ticket,) = seal_and_sign_each(
        actor, purpose, obj, values, [errand], subject=subject, tenant=tenant
    )
    return ticket


def seal_and_sign_each(
    actor: Actor, purpose: Purpose, obj: models.Model, values: Values, errands: Sequence[Errand],
    *, subject: UUID, tenant: UUID | None,
) -> list[bytes]:  # fmt: skip
    """``seal_and_sign`` for a few errands, one for each message that may follow."""
    parts = [
        wire.Part(
            "seal",
            purpose,
            None if tenant is None else tenant.bytes,
            wire.raw(wire.SealAsk([_seal_item(obj, values, subject)])),
        ),
        *(wire.Part("errand", body=wire.raw(errand)) for errand in errands),
    ]
    sealed, *signed = ask("batch", actor, wire.BatchAnswer, wire.BatchAsk(parts)).bodies
    (row,) = msgspec.msgpack.decode(sealed, type=wire.SealAnswer).sealed
    _set_sealed(obj, values, row)
    return [msgspec.msgpack.decode(one, type=wire.Token32).token for one in signed]


def _set_sealed(obj: models.Model, values: Values, sealed: list[bytes | None]) -> None:
    for name, one in zip(values, sealed, strict=True):
        setattr(obj, name, None if one is None else SealedValue(one))


def _seal_item(obj: models.Model, values: Values, subject: UUID) -> wire.SealItem:
    sealed: list[wire.SealValue] = []
    for name, value in values.items():
        field = sealed_field(type(obj), name)
        former = getattr(obj, name)
        before = hashlib.sha256(former.sealed).digest() if isinstance(former, SealedValue) else b""
        sealed.append(wire.SealValue(name, field.zone, value or None, field.search, before))
    until: datetime | None = getattr(obj, CARE_UNTIL, None)
    related_until = 0 if until is None else microseconds(until)
    told: tuple[datetime, datetime, UUID] | None = getattr(obj, VISIT, None)
    visit = () if told is None else (microseconds(told[0]), microseconds(told[1]), told[2].bytes)
    kind = opening.kind_of(type(obj))
    return wire.SealItem(obj.pk.bytes, kind, subject.bytes, sealed, related_until, *visit)


def reveal(
    actor: Actor, purpose: Purpose, objs: Sequence[models.Model], fields: Sequence[str]
) -> dict[UUID, dict[str, str]]:
    """Open these fields of at most 200 subjects' records; an empty field gives ``""``."""
    return opening.open_values(actor, purpose, objs, fields)


def reveal_openable(
    actor: Actor, purpose: Purpose, objs: Sequence[models.Model], fields: Sequence[str]
) -> dict[UUID, dict[str, str]]:
    """``reveal`` of those that open; the erased, the frozen and the missing are left out alike."""
    return _openable(lambda some: reveal(actor, purpose, some, fields), objs)


def reveal_with_ticket(
    ticket: bytes,
    objs: Sequence[models.Model],
    fields: Sequence[str],
    purpose: Purpose,
    actor: Actor = WORKER,
    recipient: str = "",
) -> dict[UUID, dict[str, str]]:
    """Open what an errand ticket names; ``purpose`` must be the ticket's.

    As the worker, or as who is signed in and reads it: the record says which. ``recipient``: the
    provider outside of Serment that it is handed to next; a perimeter is asked by that name.
    """
    return opening.open_values(actor, purpose, objs, fields, errand=ticket, recipient=recipient)


def find(
    actor: Actor, purpose: Purpose, kind: Literal["patient", "account", "staff"], text: str, *,
    tenant: UUID | None,
) -> Hits:  # fmt: skip
    """At most ten record ids of the actor's own establishment; the hits are recorded."""
    asked = wire.FindAsk(kind, text[:200])
    answer = ask("find", actor, wire.Found, asked, purpose=purpose, tenant=tenant)
    return Hits(_ids(answer), more=answer.more)


def records_of(actor: Actor, subject_or_account: UUID, kind: str = "appointment") -> list[UUID]:
    """Ids of a subject's records of one kind; an account's include its linked files'. Recorded."""
    asked = wire.IdAsk(subject_or_account.bytes, kind)
    return _ids(ask("records_of", actor, wire.Ids, asked, purpose=_listing_purpose(actor)))


def files_behind(actor: Actor, purpose: Purpose, records: Sequence[UUID]) -> dict[UUID, UUID]:
    """The patient file behind each record (≤ 200); recorded like any opening."""
    return _files_behind(actor, purpose, records, b"")


def files_behind_openable(
    actor: Actor, purpose: Purpose, records: Sequence[UUID]
) -> dict[UUID, UUID]:
    """``files_behind`` without the records that the keeper no longer knows."""
    return _openable(lambda some: files_behind(actor, purpose, some), records)


def _openable(
    opened: Callable[[Sequence[One]], dict[UUID, Answers]], wanted: Sequence[One]
) -> dict[UUID, Answers]:
    """The keeper refuses a batch whole: what is refused is halved until it stands alone.

    What opened is leased, so a page shown again asks for what is closed and nothing else.
    """
    found: dict[UUID, Answers] = {}
    waiting = [wanted]
    for _call in range(ASKED_APART_MAX):
        if not waiting:
            break
        some = waiting.pop()
        try:
            found |= opened(some)
        except NotYours:
            half = len(some) // 2
            waiting += [some[half:], some[:half]] if half else []
    return found


def files_behind_with_ticket(
    ticket: bytes, records: Sequence[UUID], purpose: Purpose
) -> dict[UUID, UUID]:
    """The same for a worker whose ticket names fields of the patient file."""
    return _files_behind(WORKER, purpose, records, ticket)


def _files_behind(
    actor: Actor, purpose: Purpose, records: Sequence[UUID], errand: bytes
) -> dict[UUID, UUID]:
    if not records:
        return {}
    asked = wire.IdsAsk([record.bytes for record in records])
    answer = ask("files_behind", actor, wire.Ids, asked, purpose=purpose, errand=errand)
    return dict(zip(records, _ids(answer), strict=True))


def link(
    actor: Actor, *, account: UUID, patient_file: UUID, relation: str = "self", ticket: bytes = b""
) -> None:
    """Let an account act for a patient file; the relation lies in the keeper only.

    ``ticket``: an errand for the field ``link`` that staff of the file's house signed; a patient
    brings it, once.
    """
    asked = wire.LinkAsk(account.bytes, patient_file.bytes, relation)
    purpose = Purpose.ADMINISTRATION if ticket else ""
    ask("link", actor, wire.Nothing, asked, purpose=purpose, errand=ticket)


def files_of(actor: Actor, account: UUID, house: UUID | None = None) -> list[UUID]:
    """The patient files the actor's own account acts for. Recorded, once within the lease.

    Of somebody the actor acts for: where they see a visit, and the one of ``house``.
    """
    asked, purpose = wire.IdAsk(account.bytes), _listing_purpose(actor)
    return _ids(ask("files_of", actor, wire.Ids, asked, purpose=purpose, tenant=house))


def _listing_purpose(actor: Actor) -> Purpose:
    """Patients list their own; staff, the visits of whoever is at the desk."""
    return Purpose.SELF if actor.kind == "patient" else Purpose.RECEPTION


def alias(email: str) -> str:
    """The keyed alias under which the sign-in library knows an address. The asking is counted."""
    asked = wire.TextAsk(email.strip())
    return ask("alias", SYSTEM, wire.Text, asked, purpose=Purpose.SIGN_IN).text


def open_session(
    kind: ActorKind, id: UUID, role: str, establishment: UUID | None, hours: float,  # noqa: A002
    session: str = "",
) -> bytes:  # fmt: skip
    """Mint the capability of a sign-in; put it into ``Actor.capability``."""
    actor = Actor(kind, id, role, establishment, session)
    return ask("open_session", actor, wire.Token32, wire.OpenSession(hours)).token


def close_session(capability: bytes) -> None:
    """Sign out: the capability opens nothing from now on."""
    opening.leases.end(capability)
    ask("close_session", SYSTEM, wire.Token32, wire.Token32(capability))


def errand(
    actor: Actor, record: UUID, fields: Sequence[str], purpose: Purpose,
    not_before: datetime, not_after: datetime,
) -> bytes:  # fmt: skip
    """A ticket for later work: fields of the record, or of its patient as ``patient.email``."""
    return sign(actor, errand_of(record, fields, purpose, not_before, not_after))


def sign(actor: Actor, errand: Errand) -> bytes:
    """The ticket of an ``errand_of``."""
    return ask("errand", actor, wire.Token32, errand).token


def errand_of(
    record: UUID, fields: Sequence[str], purpose: Purpose,
    not_before: datetime, not_after: datetime,
) -> Errand:  # fmt: skip
    """An errand's terms, to be signed in one round trip with a sealing."""
    return Errand(
        record.bytes, list(fields), purpose, microseconds(not_before), microseconds(not_after)
    )


def delete(actor: Actor, purpose: Purpose, obj: models.Model) -> None:
    """Record a deletion and make the record unopenable; deleting the row is the caller's."""
    asked = wire.IdAsk(obj.pk.bytes, opening.kind_of(type(obj)))
    ask("delete", actor, wire.Nothing, asked, purpose=purpose)


def history(
    actor: Actor, subject: UUID, limit: int = 50, before: int | None = None
) -> list[Disclosure]:
    """Who opened an account's, file's or record's data, newest first; ``before`` is a seq.

    The asking is itself recorded.
    """
    asked = wire.HistoryAsk(subject.bytes, limit, before)
    answer = ask("history", actor, wire.Disclosures, asked, purpose=Purpose.TRANSPARENCY)
    return [disclosure_of(row) for row in answer.rows]


def _ids(answer: wire.Ids) -> list[UUID]:
    return [UUID(bytes=one) for one in answer.ids]

"""What bounds opening: relations, freezes, alarms, and grants two people approve.

Errors as of the gate; the keeper records each act before it takes effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from serment.disclosure import stirring
from serment.disclosure.actors import Actor
from serment.disclosure.line import ask
from serment.disclosure.purposes import Purpose
from serment.disclosure.told import Disclosure, disclosure_of, instant_of, microseconds
from serment.keeper import wire
from serment.keeper.policy import asks

Frozen = Literal[
    "session", "actor", "client", "process", "exports", "subject", "incident", "evidence"
]
GrantKind = Literal["bulk", "budget", "erase", "unfreeze", "role"]


@dataclass(frozen=True, slots=True)
class FreezeOn:
    """One freeze; ``by_person`` is False where the keeper set it itself."""

    what: str
    value: str
    at: datetime
    until: datetime | None
    by_person: bool
    why: str
    by: UUID | None = None
    """The member of staff who set it, told to the officers of their establishment."""


@dataclass(frozen=True, slots=True)
class GrantState:
    """A grant as its approvers see it; ``digest`` is what they approve."""

    kind: str
    purpose: str
    fields: tuple[str, ...]
    proposed_by: UUID
    at: datetime
    not_after: datetime
    persons: int
    digest: bytes
    approved_by: tuple[UUID, ...]
    good: bool
    revoked: bool
    target: UUID | None = None
    """Whose budget it raises, or who gets ``role``."""
    factor: int = 1
    role: str = ""
    good_from: datetime | None = None
    """From when it may be used with the approvals it has; None: it needs one more."""
    used: datetime | None = None
    solo: bool = False
    """Nobody else is there who could approve: time takes the second person's place."""
    final_on: datetime | None = None
    """Of an erasure: when no copy holds the keys any more."""
    lapsed: tuple[UUID, ...] = ()
    """Who approved and is no officer here any more: it counts no longer."""


def relation_of(
    record: UUID, not_before: datetime, not_after: datetime, fields: Sequence[str] = ()
) -> asks.RelateAsk:
    """The terms of a care relation; ``fields`` (``patient.phone``) for the continuity sheet."""
    return asks.RelateAsk(
        record.bytes, microseconds(not_before), microseconds(not_after), list(fields)
    )


def relate(actor: Actor, relation: asks.RelateAsk) -> bytes:
    """A care relation between a record's establishment and its person; the continuity ticket."""
    return ask("relate", actor, wire.Token32, relation).token


def freeze(
    actor: Actor, what: Frozen, value: str, why: str, *, until: datetime | None = None,
    establishment: UUID | None = None,
) -> None:  # fmt: skip
    """Stop a session, a person, a client, a process, an establishment's exports or a file.

    Of an incident or evidence nothing is forgotten meanwhile: the operator's to freeze, under a
    name, for one ``establishment`` or for all.
    """
    end = None if until is None else microseconds(until)
    of = None if establishment is None else establishment.bytes
    ask("freeze", actor, wire.Nothing, asks.FreezeAsk(what, value, why.strip()[:500], end, of))
    stirring.stir()


def unfreeze(actor: Actor, what: Frozen, value: str, why: str) -> None:
    """Lift a freeze; nobody lifts one on themselves."""
    ask("unfreeze", actor, wire.Nothing, asks.UnfreezeAsk(what, value, why.strip()[:500]))


def freezes(actor: Actor) -> list[FreezeOn]:
    """What is frozen, the latest first; for officers and the operator. The asking is recorded."""
    answer = ask("freezes", actor, asks.FreezeList, wire.Nothing(), purpose=Purpose.INCIDENT)
    return [
        FreezeOn(
            row.what,
            row.value,
            instant_of(row.at),
            None if row.until is None else instant_of(row.until),
            row.human,
            row.why,
            wire.uuid_of(row.by),
        )
        for row in answer.rows
    ]


def alarms(actor: Actor, limit: int = 100, before: int | None = None) -> list[Disclosure]:
    """Budgets passed, glass broken, sessions frozen: newest first; ``before`` is a seq."""
    wanted = asks.AlarmsAsk(limit, before)
    answer = ask("alarms", actor, wire.Disclosures, wanted, purpose=Purpose.INCIDENT)
    return [disclosure_of(row) for row in answer.rows]


def propose_grant(
    actor: Actor, kind: GrantKind, *, not_after: datetime, purpose: str = "",
    fields: Sequence[str] = (), subjects: Sequence[UUID] = (), target: UUID | None = None,
    factor: int = 1,
) -> tuple[bytes, bytes]:  # fmt: skip
    """Propose and close a grant: its token, for who will use it, and its digest, to approve.

    ``fields`` as ``patient.email``; ``target`` is whose budget is raised, ``factor`` by how much.
    """
    wanted = asks.ProposeAsk(
        kind, purpose, list(fields), microseconds(not_after),
        None if target is None else target.bytes, factor,
    )  # fmt: skip
    return _proposed(actor, wanted, subjects)


def _proposed(
    actor: Actor, wanted: asks.ProposeAsk, subjects: Sequence[UUID]
) -> tuple[bytes, bytes]:
    token = ask("grant_propose", actor, wire.Token32, wanted).token
    for start in range(0, len(subjects), asks.SUBJECTS_A_CALL):
        part = [one.bytes for one in subjects[start : start + asks.SUBJECTS_A_CALL]]
        ask("grant_add", actor, wire.Nothing, asks.AddAsk(token, part))
    return token, ask("grant_close", actor, wire.Token32, asks.GrantAsk(token)).token


def propose_role(actor: Actor, member: UUID, role: str, *, not_after: datetime) -> bytes:
    """That a colleague gets, or by another role loses, an officer's role: the digest to approve.

    Proposed by an officer. When ``GrantState.good``, ``passkeys.give_role`` carries it out, once.
    """
    wanted = asks.ProposeAsk(
        "role", not_after=microseconds(not_after), target=member.bytes, role=role
    )
    return _proposed(actor, wanted, ())[1]


def approve_grant(actor: Actor, digest: bytes) -> GrantState:
    """One officer's approval of exactly what this digest stands for."""
    return _grant(ask("grant_approve", actor, asks.GrantRow, asks.DigestAsk(digest)))


def revoke_grant(actor: Actor, digest: bytes) -> None:
    """The grant allows nothing from now on."""
    ask("grant_revoke", actor, wire.Nothing, asks.DigestAsk(digest))


def persons_of(actor: Actor, digest: bytes) -> list[UUID]:
    """The first fifty persons a grant is about; for officers. The asking is recorded."""
    answer = ask(
        "grant_subjects", actor, wire.Ids, asks.DigestAsk(digest), purpose=Purpose.ADMINISTRATION
    )
    return [UUID(bytes=one) for one in answer.ids]


def erase_granted(actor: Actor, digest: bytes) -> None:
    """Erase whom two approved to erase, once. TwoNeeded where they did not."""
    ask("grant_erase", actor, _Erased, asks.DigestAsk(digest), purpose=Purpose.ADMINISTRATION)
    stirring.stir()


def set_solo(actor: Actor, establishment: UUID, *, solo: bool = True) -> None:
    """The operator says that a practice has nobody who could approve beside one person."""
    ask("solo", actor, wire.Nothing, asks.SoloAsk(establishment.bytes, solo))


class _Erased(wire.Body, forbid_unknown_fields=False):
    """When it was asked and ends; the grant's row says it."""


def is_solo(actor: Actor) -> bool:
    """Is the actor's house a practice of one, as its operator said?"""
    wanted = wire.Nothing()
    return ask("grants", actor, asks.GrantList, wanted, purpose=Purpose.ADMINISTRATION).solo


def grants(actor: Actor) -> list[GrantState]:
    """The establishment's grants that have not ended, for its officers."""
    answer = ask("grants", actor, asks.GrantList, wire.Nothing(), purpose=Purpose.ADMINISTRATION)
    return [_grant(row) for row in answer.rows]


def _grant(row: asks.GrantRow) -> GrantState:
    return GrantState(
        row.kind, row.purpose, tuple(row.fields), UUID(bytes=row.by), instant_of(row.at),
        instant_of(row.not_after), row.count, row.digest,
        tuple(UUID(bytes=one) for one in row.approved_by), row.good, row.revoked,
        UUID(bytes=row.target) if row.target else None, row.factor, row.role,
        instant_of(row.good_from) if row.good_from else None,
        instant_of(row.used) if row.used else None, row.solo,
        instant_of(row.final_on) if row.final_on else None,
        tuple(UUID(bytes=one) for one in row.lapsed),
    )  # fmt: skip

"""Acting for somebody else: mandates at the keeper, which alone knows who acts for whom.

Errors are the gate's: NotYours for what is not there or not the actor's to do, Unusable past a
bound (too many people for one person, too many persons for one account).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from serment.disclosure.actors import Actor
from serment.disclosure.line import ask
from serment.disclosure.purposes import Purpose
from serment.disclosure.told import instant_of, microseconds
from serment.keeper import wire
from serment.keeper.acting import asks

OFFERED, ENDED, BARRED, NAMED = asks.OFFERED, asks.ENDED, asks.BARRED, asks.NAMED


@dataclass(frozen=True, slots=True)
class Acting:
    """One mandate: ``record`` is the relation that tells of it, ``person`` whom it is over.

    ``account`` is who acts; told to the person acted for, and to nobody else. ``mine``: the asker
    acts; else somebody acts for the asker, or for a file of the asker's establishment.
    """

    record: UUID
    person: UUID
    relation: str
    scopes: frozenset[str]
    since: datetime
    until: datetime | None
    state: str
    mine: bool
    account: UUID | None
    offered_until: datetime | None
    shut_by: UUID | None = None
    """Who of the asker's establishment ended it, or shut its file."""

    def stands(self, now: datetime) -> bool:
        """Does it open anything at this instant?"""
        return not self.state and (self.until is None or now < self.until)


def let(
    actor: Actor, person: UUID, relation: str, scopes: Collection[str], record: UUID,
    until: datetime | None = None, account: UUID | None = None,
) -> None:  # fmt: skip
    """Act for a person one just made up, or name somebody (``NAMED``); as Serment, ``account``."""
    _act_for(actor, person, relation, scopes, record, until, None, account)


def offer(
    actor: Actor, person: UUID, relation: str, scopes: Collection[str], record: UUID,
    until: datetime | None, offered_until: datetime,
) -> bytes:  # fmt: skip
    """Offer it to whoever accepts with the token by ``offered_until``."""
    return _act_for(actor, person, relation, scopes, record, until, offered_until, None)


def _act_for(
    actor: Actor, person: UUID, relation: str, scopes: Collection[str], record: UUID,
    until: datetime | None, offered_until: datetime | None, account: UUID | None,
) -> bytes:  # fmt: skip
    wanted = asks.ActForAsk(
        person.bytes,
        relation,
        sorted(scopes),
        record.bytes,
        0 if until is None else microseconds(until),
        0 if offered_until is None else microseconds(offered_until),
        None if account is None else account.bytes,
    )
    answer = ask("act_for", actor, wire.Token32, wanted, purpose=Purpose.ADMINISTRATION)
    return answer.token


def accept(actor: Actor, token: bytes) -> Acting:
    """Take an offer up: from now on the actor acts for that person."""
    asked = wire.Token32(token)
    answer = ask("act_accept", actor, asks.ActingRows, asked, purpose=Purpose.ADMINISTRATION)
    return _acting(answer.rows[0])


def of(actor: Actor, subject: UUID) -> list[Acting]:
    """Of one's own account, for whom it acts and who acts for it; of a file, who acts for it."""
    purpose = Purpose.SELF if actor.kind == "patient" else Purpose.RECEPTION
    asked = asks.ActingAsk(subject.bytes)
    answer = ask("acting", actor, asks.ActingRows, asked, purpose=purpose)
    return [_acting(row) for row in answer.rows]


def end(actor: Actor, subject: UUID, record: UUID) -> None:
    """From now on who acted by this mandate over ``subject`` reaches nothing of it."""
    asked = asks.EndActingAsk(subject.bytes, record.bytes)
    ask("act_end", actor, wire.Nothing, asked, purpose=Purpose.ADMINISTRATION)


def reopen(actor: Actor, file: UUID, record: UUID) -> None:
    """What was shut of this file is open again: by who shut it, or a practitioner."""
    asked = asks.EndActingAsk(file.bytes, record.bytes, reopen=True)
    ask("act_end", actor, wire.Nothing, asked, purpose=Purpose.ADMINISTRATION)


def until(actor: Actor, file: UUID, record: UUID, ends_at: datetime | None) -> None:
    """Staff: the mandate over this file holds until then."""
    instant = 0 if ends_at is None else microseconds(ends_at)
    asked = asks.ActUntilAsk(file.bytes, record.bytes, instant)
    ask("act_until", actor, wire.Nothing, asked, purpose=Purpose.ADMINISTRATION)


def keep(actor: Actor, visit: UUID, *, kept: bool = True) -> None:
    """Close a visit to all who act for its person, or open it to them again."""
    asked = asks.KeepAsk(visit.bytes, kept)
    ask("keep", actor, wire.Nothing, asked, purpose=Purpose.ADMINISTRATION)


def _acting(row: asks.ActingRow) -> Acting:
    return Acting(
        record=UUID(bytes=row.record),
        person=UUID(bytes=row.person),
        relation=row.relation,
        scopes=frozenset(row.scopes),
        since=instant_of(row.since),
        until=instant_of(row.until) if row.until else None,
        state=row.state,
        mine=row.acts,
        account=UUID(bytes=row.account) if row.account else None,
        offered_until=instant_of(row.offer_until) if row.offer_until else None,
        shut_by=UUID(bytes=row.shut_by) if row.shut_by else None,
    )

"""Erasing a person: keys destroyed now, in every copy by a date that can be told.

``erase`` destroys every zone's key but the audit key: nothing sealed for the subject opens, no
search finds it, no new key is made. What still holds the old keys is an earlier copy of the store;
its keys are wrapped in an epoch, and the epoch's secret is destroyed once every backup made in it
has expired (``epochs``). The audit key keeps the record of who opened what for as long as the
record is owed, and longer while evidence is held.
"""

from __future__ import annotations

from typing import Final

import msgspec

from serment.keeper.house import House, NoAccess
from serment.keeper.keys import AUDIT
from serment.keeper.leaves import Access
from serment.keeper.policy.evidence import kept_for
from serment.keeper.root_key.vault import Epoch, Forgotten, Vault
from serment.keeper.store import RecordRow
from serment.keeper.unlocking import MICROSECONDS_A_DAY, Terms
from serment.keeper.wire import (
    ActorWire,
    Body,
    IdAsk,
    Item,
    Request,
    Word,
)
from serment.keeper.words import KIND_WRITE, ZONES

DESTROYED: Final = tuple(zone for zone in ZONES if zone != AUDIT)
SLACK: Final = MICROSECONDS_A_DAY
KEEPER: Final = ActorWire(kind="system", id=bytes(16))


class Erasure(msgspec.Struct, array_like=True, frozen=True):
    """One erasure (instants in µs, 0: not yet). ``epoch``: in which the keys were last wrapped."""

    subject: bytes
    kind: str
    tenant: bytes
    epoch: int
    asked: int
    gone: int
    audit_until: int
    audit_gone: int = 0
    audit_epoch: int = 0


class ErasureState(Body):
    """op ``erasure_state``; instants in µs, 0: not yet. ``waiting``: why the audit key stays."""

    asked: int
    gone: int
    final: bool
    final_on: int
    audit_until: int
    audit_gone: int
    waiting: Word


async def erase(house: House, ask: Request, peer: int) -> Body:
    """op ``erase``: the record of it first, then the keys; asked twice, it is done once.

    By the operator, who is the keeper's own system user; officers carry out a grant
    (``policy.carrying``).
    """
    return await erase_person(house, ask, peer, msgspec.msgpack.decode(ask.body, type=IdAsk).id)


async def erase_person(house: House, ask: Request, peer: int, subject: bytes) -> ErasureState:
    """Erase a person, once. Raises NoAccess for whom there is none of."""
    row = house.store.record(subject)
    tag = house.store.subject_tag(subject)
    async with house.erasing:
        if house.store.is_erased(tag):
            return _told(house, _erasure(house, tag))
        if row is None or row.subject != subject:
            raise NoAccess
        for one in _of_one_person(house, row):
            await _erase(house, ask, peer, one)
    return _told(house, _erasure(house, tag))


def _of_one_person(house: House, row: RecordRow) -> list[RecordRow]:
    """The file and those joined to it that are not erased yet; itself the last of them."""
    others = sorted(house.joined.all_of(row.subject) - {row.subject})
    rows = [house.store.record(file) for file in others]
    tag = house.store.subject_tag
    return [one for one in rows if one and not house.store.is_erased(tag(one.subject))] + [row]


async def _erase(house: House, ask: Request, peer: int, row: RecordRow) -> None:
    subject, tag, now = row.subject, house.store.subject_tag(row.subject), house.now()
    begun = Erasure(
        subject, row.kind, row.tenant, house.vault.epoch_number(), now, 0,
        now + house.terms.record,
    )  # fmt: skip
    with house.store.gathered():
        house.store.put_erasure(tag, begun)
    await _record(house, ask, peer, begun)
    destroy(house, tag, begun)


async def erasure_state(house: House, ask: Request, _peer: int) -> Body:
    """op ``erasure_state``: asked when, the live key gone when, final when, and what waits."""
    subject = msgspec.msgpack.decode(ask.body, type=IdAsk).id
    return _told(house, _erasure(house, house.store.subject_tag(subject)))


def _erasure(house: House, tag: bytes) -> Erasure:
    body = house.store.erasure(tag)
    if body is None:
        raise NoAccess
    return msgspec.msgpack.decode(body, type=Erasure)


async def _record(house: House, ask: Request, peer: int, begun: Erasure) -> None:
    gone = Item(begun.subject, begun.kind, ["erased"])
    access = Access(begun.subject, begun.tenant, [gone], KIND_WRITE, begun.kind)
    await house.recorder.record(ask, peer, [access])


def destroy(house: House, tag: bytes, begun: Erasure) -> None:
    """Destroy every key but the audit key: in the vault's memory, the store, and this process."""
    done = msgspec.structs.replace(
        begun, gone=house.now(), epoch=max(begun.epoch, house.vault.epoch_number())
    )
    with house.vault.changing() as contents:
        row = msgspec.msgpack.encode(done)
        contents.forgotten.append(Forgotten(tag, False, done.epoch, row))
    with house.store.transaction():
        house.store.drop_subject_keys(tag, DESTROYED)
        records = house.store.drop_search_of(tag)
        house.store.put_erasure(tag, done)
    house.keys.forget(tag, DESTROYED)
    for record in records:
        house.search.drop(record)
    for forget in house.forgetters:
        forget()
    house.store.flush()


def destroy_audit(house: House, tag: bytes, erased: Erasure) -> None:
    """The record is owed no longer: audit key, disclosures, and what tied records to a person."""
    done = msgspec.structs.replace(
        erased, audit_gone=house.now(), audit_epoch=house.vault.epoch_number()
    )
    with house.vault.changing() as contents:
        row = msgspec.msgpack.encode(done)
        contents.forgotten.append(Forgotten(tag, True, done.audit_epoch, row))
    with house.store.transaction():
        house.store.drop_subject_keys(tag, (AUDIT,))
        house.store.drop_records_of(tag)
        house.store.drop_links_of(erased.subject)
        house.store.put_erasure(tag, done)
    house.keys.forget(tag, (AUDIT,))
    house.index.forget(tag)
    house.store.flush()


async def end_begun(house: House) -> None:
    """At a start: an erasure that was begun and not ended is recorded and ended now."""
    for tag, body in list(house.store.erasures()):
        erased = msgspec.msgpack.decode(body, type=Erasure)
        if not erased.gone:
            await _record(house, by_keeper(house, erased.tenant), 0, erased)
            destroy(house, tag, erased)


async def end_audit_keys(house: House) -> None:
    """Destroy the audit keys whose time is over and that no evidence holds."""
    for tag, body in list(house.store.erasures()):
        erased = msgspec.msgpack.decode(body, type=Erasure)
        if not erased.gone or erased.audit_gone or waiting(house, erased):
            continue
        named = Item(tag, "erased", ["audit_key"])
        await house.recorder.record(
            by_keeper(house, erased.tenant), 0, [Access(None, erased.tenant, [named], KIND_WRITE)]
        )
        destroy_audit(house, tag, erased)


def by_keeper(house: House, tenant: bytes) -> Request:
    """The envelope of what the keeper does by itself, on schedule."""
    return Request(
        id=bytes(16), op="tend", actor=KEEPER, purpose="administration", client="keeper",
        process="keeper", tenant=tenant,
    )  # fmt: skip


def waiting(house: House, erased: Erasure) -> str:
    """Why the audit key cannot be destroyed now; empty where it can."""
    now = house.now()
    kept = kept_for(house.store, erased.tenant, now)
    return kept or ("retention" if now < erased.audit_until else "")


def final_on(vault: Vault, terms: Terms, epoch: int, now: int) -> tuple[bool, int]:
    """Whether no copy holds keys of an epoch any more, and since or from when (µs).

    An epoch ends by its age; its secret goes once every backup made in it has expired. A day is
    added, so that a keeper that was stopped for less keeps its word.
    """
    for number, at in vault.contents.destroyed:
        if number == epoch:
            return True, at
    for one in vault.contents.epochs:
        if one.number == epoch:
            return False, max(_end_of(one, terms) + terms.backup + SLACK, now)
    return True, 0


def _end_of(epoch: Epoch, terms: Terms) -> int:
    """When an epoch ended or will: a keeper that was down a little ends it within the slack."""
    planned = epoch.since + terms.epoch
    if epoch.ended > planned + SLACK:
        return epoch.ended
    return min(epoch.ended or planned, planned)


def _told(house: House, erased: Erasure) -> ErasureState:
    final, on = final_on(house.vault, house.terms, erased.epoch, house.now())
    return ErasureState(
        erased.asked, erased.gone, final and bool(erased.gone), on, erased.audit_until,
        erased.audit_gone, "" if erased.audit_gone else waiting(house, erased),
    )  # fmt: skip

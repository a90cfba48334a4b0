"""Acts about who may go on: relate, freeze and unfreeze, read the alarms.

Each is recorded before it takes effect, and stored before it is recorded as done.
"""

from __future__ import annotations

import os
from typing import Final
from uuid import UUID

import msgspec

from serment.keeper.house import NOBODY, AskUnusable, House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.policy.admitting import admit_first
from serment.keeper.policy.asks import (
    AlarmsAsk,
    FreezeAsk,
    FreezeList,
    FreezeRow,
    RelateAsk,
    UnfreezeAsk,
)
from serment.keeper.policy.evidence import EVIDENCE, Kept, all_kept, keep
from serment.keeper.policy.freezes import Freeze, What
from serment.keeper.policy.relations import DAY_US, RELATION_DAYS_MAX, Window
from serment.keeper.rights import OFFICERS, Capability, Errand, Reach, check
from serment.keeper.store import RecordRow
from serment.keeper.telling import told
from serment.keeper.tokens import TOKEN_BYTES, window_fits
from serment.keeper.wire import Body, Disclosures, Item, Nothing, Request, Token32
from serment.keeper.words import KIND_QUERY, KIND_WRITE
from serment.keeper.writing import kind_of

_UUID_VALUES: Final = EVIDENCE | {What.ACTOR, What.SUBJECT, What.ESTABLISHMENT_EXPORTS}
_OPERATORS_ONLY: Final = EVIDENCE | {What.CLIENT, What.PROCESS}


async def relate(house: House, ask: Request, peer: int) -> Body:
    """op ``relate``: booking makes a care relation between establishment and person.

    By the patient concerned, by staff of the establishment, or by Serment itself. What staff make
    counts on their budget when it is made. The answer is a continuity ticket where fields are
    named, empty otherwise.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=RelateAsk)
    days = (wanted.not_after - wanted.not_before) / DAY_US
    if not 0 < days <= RELATION_DAYS_MAX:
        raise AskUnusable
    reach = Reach(house, ask, check(house, ask, peer))
    row = house.store.record(wanted.record)
    if row is None or row.tenant == NOBODY:
        raise NoAccess
    if ask.actor.kind != "system" and not reach.opens(row):
        raise NoAccess
    if wanted.fields:
        _must_sign(house, reach, row, wanted)
    admitted = await admit_first(house, ask, peer, [row])
    window = Window(wanted.not_before, wanted.not_after)
    made = Item(wanted.record, row.kind, ["relation"])
    kind = kind_of(house, row.subject)
    access = Access(
        row.subject, row.tenant, [made], KIND_WRITE, kind, counted=row.subject in admitted.counted
    )
    with house.recorder.together():
        house.standing.relations.make(
            house.store.subject_tag(row.tenant), house.store.subject_tag(row.subject), window
        )
        ticket = _continuity_ticket(house, wanted)
        leaves = house.recorder.prepare(ask, peer, [access, *admitted.alarms])
    await house.recorder.write(leaves)
    await admitted.turn()
    return Token32(ticket)


def _must_sign(house: House, reach: Reach, row: RecordRow, wanted: RelateAsk) -> None:
    """A ticket is signed by whoever could open the file themselves, as short as any other."""
    if not reach.signs(row, "continuity", wanted.fields):
        raise NoAccess
    if not window_fits(house.now(), row.kind, "continuity", wanted.not_before, wanted.not_after):
        raise AskUnusable


def _continuity_ticket(house: House, wanted: RelateAsk) -> bytes:
    if not wanted.fields:
        return b""
    ticket = os.urandom(TOKEN_BYTES)
    errand = Errand(wanted.record, wanted.fields, "continuity", wanted.not_before, wanted.not_after)
    house.store.put_token("errand", ticket, wanted.not_after, errand)
    return ticket


async def freeze(house: House, ask: Request, peer: int) -> Body:
    """op ``freeze``: by an officer within the own establishment, or by the operator."""
    wanted = msgspec.msgpack.decode(ask.body, type=FreezeAsk)
    establishment = _officers_establishment(house, ask, peer)
    tag = tag_of(house, wanted.what, wanted.value, establishment)
    if wanted.what in EVIDENCE:
        kept = Kept(
            wanted.what, wanted.establishment, house.now(), wanted.value, wanted.until, wanted.why
        )
        return await _keep(house, ask, peer, wanted, kept)
    if wanted.establishment is not None:
        raise AskUnusable
    await house.recorder.record(ask, peer, [_decided(establishment, "freeze", wanted)])
    held = Freeze(
        wanted.what, wanted.value, establishment, ask.actor.id,
        house.now(), wanted.until, wanted.why,
    )  # fmt: skip
    with house.store.transaction():
        house.standing.freezes.set(tag, held)
    return Nothing()


async def _keep(
    house: House, ask: Request, peer: int, wanted: FreezeAsk | UnfreezeAsk, kept: Kept | None
) -> Body:
    """Evidence frozen or free, and the record of it, in one commit."""
    act, reach = ("unfreeze", None) if kept is None else ("freeze", kept.establishment)
    with house.recorder.together():
        keep(house.store, UUID(wanted.value).bytes, kept)
        leaves = house.recorder.prepare(ask, peer, [_decided(reach, act, wanted)])
    await house.recorder.write(leaves)
    return Nothing()


async def unfreeze(house: House, ask: Request, peer: int) -> Body:
    """op ``unfreeze``: by an officer of the establishment it belongs to, or the operator his own.

    Nobody lifts a freeze on themselves. A freeze the keeper set is its establishment's to lift.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=UnfreezeAsk)
    establishment = _officers_establishment(house, ask, peer)
    tag = tag_of(house, wanted.what, wanted.value, establishment)
    if wanted.what in EVIDENCE:
        if not any(one.value in (wanted.value, "") for one in all_kept(house.store)):
            raise NoAccess
        return await _keep(house, ask, peer, wanted, None)
    tags = [
        one
        for one in (tag, tag_of(house, wanted.what, wanted.value, None))
        if (held := house.standing.freezes.get(one)) and held.establishment == establishment
    ]
    if not tags:
        raise NoAccess
    if wanted.what == What.ACTOR and wanted.value == str(UUID(bytes=ask.actor.id)):
        raise NoAccess
    await house.recorder.record(ask, peer, [_decided(establishment, "unfreeze", wanted)])
    with house.store.transaction():
        for one in tags:
            house.standing.freezes.lift(one)
    return Nothing()


async def freezes(house: House, ask: Request, peer: int) -> Body:
    """op ``freezes``: what is frozen, for officers and the operator."""
    establishment = _officers_establishment(house, ask, peer)
    await house.recorder.record(ask, peer, [Access(None, establishment or NOBODY, [], KIND_QUERY)])
    rows = [
        FreezeRow(
            one.what,
            one.value,
            one.at,
            one.until,
            one.human,
            one.establishment,
            one.why,
            one.by if establishment is not None else None,
        )
        for one in house.standing.freezes.all()
        if establishment in (None, one.establishment)
    ]
    rows += [
        FreezeRow(
            one.what, one.value, one.at, one.until, True, one.establishment,
            # Of all houses at once: that it stands concerns each, the operator's words maybe not.
            one.why if establishment in (None, one.establishment) else "",
        )
        for one in all_kept(house.store)
        if establishment is None or one.establishment in (None, establishment)
    ]  # fmt: skip
    return FreezeList(sorted(rows, key=lambda row: -row.at))


async def alarms(house: House, ask: Request, peer: int) -> Body:
    """op ``alarms``: the alarms of an establishment, or of all for the operator, newest first."""
    wanted = msgspec.msgpack.decode(ask.body, type=AlarmsAsk)
    establishment = _officers_establishment(house, ask, peer)
    await house.recorder.record(ask, peer, [Access(None, establishment or NOBODY, [], KIND_QUERY)])
    tag = None if establishment is None else house.store.subject_tag(establishment)
    rows = house.index.alarms(tag, wanted.before, wanted.limit)
    return Disclosures([told(house, seq, body, {}) for seq, body in rows])


def tag_of(house: House, what: str, value: str, establishment: bytes | None) -> bytes:
    """The tag under which a freeze lies; AskUnusable for what cannot be frozen by this officer."""
    if what not in tuple(What) or not value:
        raise AskUnusable
    kind = What(what)
    if kind in _OPERATORS_ONLY and establishment is not None:
        raise NoAccess
    raw = value.encode()
    if kind in _UUID_VALUES:
        try:
            raw = UUID(value).bytes
        except ValueError as wrong:
            raise AskUnusable from wrong
    if kind is What.PROCESS:
        raw = value.rpartition("-")[2].encode()
    if kind is What.SUBJECT and establishment is not None:
        row = house.store.record(raw)
        if row is None or row.tenant != establishment:
            raise NoAccess
    if kind is What.ESTABLISHMENT_EXPORTS and establishment not in (None, raw):
        raise NoAccess
    return house.standing.frozen_tag(kind, raw, establishment)


def _officers_establishment(house: House, ask: Request, peer: int) -> bytes | None:
    """The establishment an officer acts for; None for the operator, who acts for all."""
    if ask.actor.kind == "operator":
        return None
    capability: Capability | None = check(house, ask, peer)
    if capability is None or capability.kind != "staff" or capability.role not in OFFICERS:
        raise NoAccess
    return capability.establishment


def _decided(establishment: bytes | None, act: str, wanted: FreezeAsk | UnfreezeAsk) -> Access:
    item = Item(b"", "policy", [f"{act}.{wanted.what}"])
    return Access(None, establishment or NOBODY, [item], KIND_WRITE, note=wanted.why)

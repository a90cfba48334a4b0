"""Acts on mandates: given or offered, accepted, listed; what is kept from them (``ending``: ended).

A person lets others act for their account; establishments do so for files of theirs, having seen a
proof; and whoever makes a new person up acts for that person, of whom nothing was there before. So
declaring oneself somebody's parent opens nothing. Each act is a leaf of the person acted for.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from serment.keeper.acting import shutting
from serment.keeper.acting.asks import (
    NAMED,
    OFFERED,
    SCOPES,
    ActForAsk,
    ActingAsk,
    ActingRow,
    ActingRows,
    KeepAsk,
)
from serment.keeper.acting.mandates import (
    BY_SELF,
    NOBODY_COUNTS,
    of_persons,
    over_shared_files,
    persons_of,
    write,
)
from serment.keeper.acting.standing import files_of, stands
from serment.keeper.house import NOBODY, AskUnusable, House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.listing import record_listing
from serment.keeper.policy.admitting import admit
from serment.keeper.rights import Capability, Reach, check
from serment.keeper.store import LinkRow, RecordRow
from serment.keeper.wire import Body, IdAsk, Item, Nothing, Request, Token32
from serment.keeper.words import FILES_AN_ACCOUNT_MAX, KIND_WRITE
from serment.keeper.writing import kind_of

RELATIONS_MAX: Final = 12
"""Who acts, or was asked to act, for one person."""

OFFER_US: Final = 31 * 86_400_000_000
_TOKEN_BYTES: Final = 32
_BY_DESK: Final = frozenset({"parent", "guardian", "helper"})
_OF_MADE_UP: Final = frozenset({"parent", "guardian"})


async def act_for(house: House, ask: Request, peer: int) -> Body:
    """op ``act_for``: let an account act for a person, or offer that to who brings the token."""
    wanted = msgspec.msgpack.decode(ask.body, type=ActForAsk)
    capability, now = check(house, ask, peer), house.now()
    if set(wanted.scopes) - set(SCOPES) or wanted.offer_until > now + OFFER_US:
        raise AskUnusable
    if 0 < wanted.until <= now or 0 < wanted.offer_until <= now:
        raise AskUnusable
    person = house.store.record(wanted.subject)
    if person is None or not _gives(house, ask, capability, wanted, person, peer):
        raise NoAccess
    if sum(_counts(one, now) for one in house.store.links(file=wanted.subject)) >= RELATIONS_MAX:
        raise AskUnusable
    token = os.urandom(_TOKEN_BYTES) if wanted.offer_until else b""
    account = _account(ask, wanted, token)
    _room_for(house, account)
    link = LinkRow(
        account, wanted.subject, now, wanted.relation, wanted.until, " ".join(wanted.scopes),
        wanted.record, OFFERED if token else "", wanted.offer_until,
    )  # fmt: skip
    admitted = NOBODY_COUNTS
    if ask.actor.kind == "staff":
        admitted = await admit(house, ask, peer, [person])
    await write(house, ask, peer, person, "acting", link, admitted=admitted)
    return Token32(token)


def _counts(link: LinkRow, now: int) -> bool:
    """Does it take up one of the places: does it stand, or may it still be accepted?"""
    return stands(link, now) or (link.state == OFFERED and now < link.offer_until)


def _gives(
    house: House, ask: Request, capability: Capability | None, wanted: ActForAsk,
    person: RecordRow, peer: int,
) -> bool:  # fmt: skip
    """Is it this actor's to say who acts for this person?"""
    reach = Reach(house, ask, capability)
    if ask.actor.kind == "system":
        made = house.made.by(peer, person.record, house.now())
        return wanted.account is not None and made and reach.creates_for(person)
    if capability is None or wanted.account is not None:
        return False
    if capability.kind == "staff":
        offered = bool(wanted.offer_until) and wanted.relation in _BY_DESK
        return offered and person.kind == "patient" and reach.opens(person)
    if person.record == capability.id:
        named = wanted.relation == NAMED and not wanted.scopes
        return named != bool(wanted.offer_until) and wanted.relation in BY_SELF
    fresh = reach.creates_for(person) and _is_made_up(house, person)
    return fresh and not wanted.offer_until and wanted.relation in _OF_MADE_UP


def _is_made_up(house: House, person: RecordRow) -> bool:
    """Somebody without an account, for whom nobody ever acted: once said, a scope and an end are a
    desk's to change."""
    return person.kind == "dependant" and not house.store.links(file=person.record)


def _account(ask: Request, wanted: ActForAsk, token: bytes) -> bytes:
    """Whose link it is; an offer lies under its token's digest, a name under a number of nobody."""
    if token:
        return _of_offer(token)
    if wanted.account is not None:
        return wanted.account
    return os.urandom(16) if wanted.relation == NAMED else ask.actor.id


def _of_offer(token: bytes) -> bytes:
    return hashlib.sha256(b"offer" + token).digest()[:16]


def _room_for(house: House, account: bytes) -> None:
    if len(house.store.links(account=account)) >= FILES_AN_ACCOUNT_MAX:
        raise AskUnusable


async def act_accept(house: House, ask: Request, peer: int) -> Body:
    """op ``act_accept``: the offer of this token is the asker's from now on; it serves once."""
    token = msgspec.msgpack.decode(ask.body, type=Token32).token
    capability, now = check(house, ask, peer), house.now()
    found = house.store.links(account=_of_offer(token))
    offer = next((one for one in found if one.state == OFFERED and now < one.offer_until), None)
    person = None if offer is None else house.store.record(offer.file)
    if capability is None or offer is None or person is None:
        raise NoAccess
    if capability.id in persons_of(house, offer.file):
        raise AskUnusable  # nobody acts for themself
    if shutting.is_shut(house, capability.id, offer.file):
        raise AskUnusable  # whom a house shut out is not let in again by another's offer
    _room_for(house, capability.id)
    link = msgspec.structs.replace(offer, account=capability.id, at=now, state="", offer_until=0)
    taker = capability.id
    await write(
        house, ask, peer, person, "acting", link, instead_of=offer,
        unless=lambda: shutting.is_shut(house, taker, offer.file),
    )  # fmt: skip
    return ActingRows([_row(link, taker)])


async def acting(house: House, ask: Request, peer: int) -> Body:
    """op ``acting``: for whom one's account acts, and who acts for it; of a file, who acts for it.

    What ended stays told to the person and to the establishment, an offer until it is too late.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=ActingAsk)
    capability = check(house, ask, peer)
    if capability is None or not _may_list(house, ask, capability, wanted.id):
        raise NoAccess
    mine = capability.id if capability.kind == "patient" else b""
    links = of_persons(house, persons_of(house, wanted.id) | files_of(house, wanted.id))
    if mine:
        now = house.now()
        links += over_shared_files(house, mine)
        links += [one for one in house.store.links(account=mine) if stands(one, now)]
    rows = [_row(one, mine) for one in links if _is_told(house, one)]
    listed = [(_owner(house, one), Item(one.record, "relation", ["listed"])) for one in rows]
    named = IdAsk(wanted.id, "relation")
    await record_listing(house, ask, peer, capability, named, listed)
    return ActingRows(rows)


def _may_list(house: House, ask: Request, capability: Capability, subject: bytes) -> bool:
    if capability.kind == "patient":
        return capability.id == subject
    row = house.store.record(subject)
    return row is not None and row.kind == "patient" and Reach(house, ask, capability).opens(row)


def _is_told(house: House, link: LinkRow) -> bool:
    return link.state != OFFERED or house.now() < link.offer_until


def _owner(house: House, row: ActingRow) -> RecordRow:
    known = house.store.record(row.person)
    return known or RecordRow(row.person, row.person, NOBODY, "", row.person)


def _row(link: LinkRow, reader: bytes) -> ActingRow:
    acts = bool(reader) and link.account == reader
    known = b"" if acts or not reader or link.state == OFFERED else link.account
    return ActingRow(
        link.record, link.file, link.relation, link.scopes.split(), link.at, link.until,
        link.state, acts, known, link.offer_until, b"" if reader else link.by,
    )  # fmt: skip


async def keep(house: House, ask: Request, peer: int) -> Body:
    """op ``keep``: close a visit to all who act for its person, or open it to them again."""
    wanted = msgspec.msgpack.decode(ask.body, type=KeepAsk)
    capability = check(house, ask, peer)
    row = house.store.record(wanted.record)
    reach = Reach(house, ask, capability)
    if row is None or row.kind != "appointment" or not reach.keeps(row):
        raise NoAccess
    marked = Item(row.record, row.kind, ["kept" if wanted.kept else "kept_no_more"])
    access = Access(row.subject, row.tenant, [marked], KIND_WRITE, kind_of(house, row.subject))
    await house.recorder.record(ask, peer, [access])
    with house.store.transaction():
        house.store.add_record(msgspec.structs.replace(row, kept=wanted.kept))
    return Nothing()


ACTS: Final[dict[str, Callable[[House, Request, int], Awaitable[Body]]]] = {
    "act_for": act_for,
    "act_accept": act_accept,
    "acting": acting,
    "keep": keep,
}

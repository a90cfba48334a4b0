"""Acts that mint and revoke: sessions' capabilities, errand tickets, the sign-in alias."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Sequence

import msgspec

from serment.keeper import ticket_seals
from serment.keeper.house import NOBODY, AskUnusable, House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.passkeys.rows import Member, member
from serment.keeper.peers import kin_of
from serment.keeper.policy.admitting import admit_first, admit_sign_in
from serment.keeper.rights import Capability, Errand, Reach, check
from serment.keeper.wire import Body, Item, MintErrand, OpenSession, Request, Text, TextAsk, Token32
from serment.keeper.words import (
    CLAIMED,
    CLOSING_TICKET_SOONEST,
    CLOSING_TICKET_WIDTH_MAX,
    ERRAND_AHEAD_MAX,
    ERRAND_WIDTH_MAX,
    FIXED_IDS,
    KIND_SEARCH,
    KIND_SESSION,
    KIND_WRITE,
    NAME_TICKET_MAX,
    PURPOSES,
    SESSION_HOURS_MAX,
    SESSIONS_AN_ACTOR_MAX,
)
from serment.keeper.writing import kind_of

TOKEN_BYTES = 32


async def open_session(house: House, ask: Request, peer: int) -> Body:
    """op ``open_session``: mint a capability from a sign-in the web process vouches for.

    Whom the keeper knows to have left, or in another role, nobody vouches for.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=OpenSession)
    if wanted.hours > SESSION_HOURS_MAX[ask.actor.kind]:
        raise AskUnusable
    if ask.actor.kind == "staff" and ask.actor.establishment is None:
        raise AskUnusable
    if ask.actor.establishment == NOBODY or ask.actor.id in FIXED_IDS.values():
        raise AskUnusable
    counts, alarms = await admit_sign_in(house, ask, peer)
    known = member(house.store, ask.actor.id) if ask.actor.kind == "staff" else None
    if known is not None and (known.ended_at or not _is(known, ask)):
        raise NoAccess
    return Token32(await mint(house, ask, peer, wanted.hours, counts=counts, alarms=alarms))


def _is(known: Member, ask: Request) -> bool:
    return (known.role, known.establishment) == (ask.actor.role, ask.actor.establishment)


async def mint(
    house: House, ask: Request, peer: int, hours: float, *, evidence: str = CLAIMED,
    passkey: bytes = b"", counts: bool = False, alarms: Sequence[Access] = (),
) -> bytes:  # fmt: skip
    """A capability for the actor of the request, on record.

    Its leaf has no subject: a perimeter shows who signed in through what, a person's list of
    openings does not. One person's oldest session ends where too many live.
    """
    token = os.urandom(TOKEN_BYTES)
    expires = house.now() + int(hours * 3_600_000_000)
    held = Capability(
        ask.actor.kind, ask.actor.id, ask.actor.role, ask.actor.establishment, ask.session,
        evidence, expires, passkey,
    )  # fmt: skip
    signed_in = Item(ask.actor.id, ask.actor.kind, ["session"])
    with house.recorder.together():
        ended = house.store.put_capability(token, expires, held, _owner(ask), SESSIONS_AN_ACTOR_MAX)
        house_of = ask.actor.establishment or NOBODY
        access = Access(None, house_of, [signed_in], KIND_SESSION, counted=counts)
        leaves = house.recorder.prepare(ask, peer, [access, *alarms])
    for name in ended:
        house.end_session(name)
    await house.recorder.write(leaves)
    return token


def _owner(ask: Request) -> bytes:
    """Whose session it is, kind included."""
    return ask.actor.kind.encode() + b"\0" + ask.actor.id


async def close_session(house: House, ask: Request, _peer: int) -> Body:
    """op ``close_session``: the capability opens nothing from now on."""
    token = msgspec.msgpack.decode(ask.body, type=Token32).token
    house.end_session(house.store.tag("capability", token))
    with house.store.transaction():
        house.store.drop_token("capability", token)
    return Token32(b"")


async def mint_errand(house: House, ask: Request, peer: int) -> Body:
    """op ``errand``: what a person signs for work done later without them.

    What staff sign for strangers counts like an opening, once: what a ticket opens counts nowhere.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=MintErrand)
    reach = Reach(house, ask, check(house, ask, peer))
    row = house.store.record(wanted.record)
    if row is None or not reach.signs(row, wanted.purpose, wanted.fields):
        raise NoAccess
    if not ticket_seals.may_sign(reach, row, wanted.fields):
        raise NoAccess
    terms = wanted.purpose, wanted.not_before, wanted.not_after
    if wanted.purpose not in PURPOSES or not window_fits(house.now(), row.kind, *terms):
        raise AskUnusable
    admitted = await admit_first(house, ask, peer, [row])
    token = os.urandom(TOKEN_BYTES)
    errand = Errand(
        wanted.record, wanted.fields, wanted.purpose, wanted.not_before, wanted.not_after,
        signed=house.now(),
    )  # fmt: skip
    minted = Item(wanted.record, row.kind, ["errand"])
    kind = kind_of(house, row.subject)
    access = Access(
        row.subject, row.tenant, [minted], KIND_WRITE, kind,
        counted=row.subject in admitted.counted,
    )  # fmt: skip
    with house.recorder.together():
        house.store.put_token("errand", token, wanted.not_after, errand)
        leaves = house.recorder.prepare(ask, peer, [access, *admitted.alarms])
    await house.recorder.write(leaves)
    await admitted.turn()
    return Token32(token)


def window_fits(now: int, kind: str, purpose: str, not_before: int, not_after: int) -> bool:
    """A ticket is short and soon; the names of staff stay readable as long as the record, and an
    account that nobody used for years has its address opened to say that it closes."""
    width, ahead = ERRAND_WIDTH_MAX, ERRAND_AHEAD_MAX
    if kind == "staff" and purpose == "transparency":
        width = ahead = NAME_TICKET_MAX
    elif kind == "account" and purpose == "message" and not_before > now + CLOSING_TICKET_SOONEST:
        width, ahead = CLOSING_TICKET_WIDTH_MAX, NAME_TICKET_MAX
    return 0 < not_after - not_before <= width and not_after <= now + ahead


async def alias(house: House, ask: Request, peer: int) -> Body:
    """op ``alias``: the keyed name of an e-mail address, the same each time, never reversed.

    Whoever asks can compare it with the rows of sign-in, so the asking is counted: one leaf,
    durable beforehand and without a subject, for fifty aliases of a process within a minute.
    """
    text = msgspec.msgpack.decode(ask.body, type=TextAsk).text.strip().casefold()
    wait = house.aliases.wait_seconds(kin_of(ask.process))
    if wait is None:
        raise AskUnusable
    await asyncio.sleep(wait)
    if not house.aliases.covered(peer):
        counted = Item(NOBODY, "account", ["alias"])
        await house.recorder.record(ask, peer, [Access(None, NOBODY, [counted], KIND_SEARCH)])
        house.aliases.cover(peer)
    digest = house.store.tag("alias", text.encode())
    return Text(f"t-{hmac.digest(digest, b'alias', 'sha256').hex()[:32]}@sealed.invalid")

"""Sensitive acts: signed for one by one, with a passkey, over the digest of what is asked.

Where nobody of a role ever had a passkey that counted, they go on as they did; from the first one
on they need the signature, and nothing that is claimed takes that back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from serment.keeper.house import AskUnusable, House, NoAccess
from serment.keeper.leaves import Leaf
from serment.keeper.passkeys import rows
from serment.keeper.passkeys.acts import (
    UNTIL_SECOND_US,
    AssertionNeeded,
    challenge,
    decided,
    enrol,
    enrol_another,
    is_signed,
    passkeys,
    row_of,
    sign_in,
)
from serment.keeper.passkeys.asks import AssertedAsk, PasskeyAsk, StaffAsk, digest_of
from serment.keeper.passkeys.challenges import Purpose, What
from serment.keeper.passkeys.proving import proved, told
from serment.keeper.passkeys.rows import VERSION, Member, Passkey
from serment.keeper.peers import kin_of
from serment.keeper.policy import deciding as freezing
from serment.keeper.policy import glass, granting, trustee
from serment.keeper.policy.asks import ReviewAsk
from serment.keeper.policy.grants import Grant
from serment.keeper.rights import OFFICERS, Capability, staff_of
from serment.keeper.wire import Body, Nothing, Request
from serment.keeper.words import VERIFIED

Act = Callable[[House, Request, int], Awaitable[Body]]
Signed = Callable[[House, Request, int, Passkey], Awaitable[Body]]


async def asserted(house: House, ask: Request, peer: int) -> Body:
    """op ``asserted``: one sensitive act, with a signature over ``digest_of`` it.

    The record of the act says ``verified``, whatever the session was opened with.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=AssertedAsk)
    part = wanted.part
    if part.op not in _SENSITIVE and part.op not in _SIGNED:
        raise AskUnusable
    who = staff_of(house, ask, peer)
    purpose = Purpose(What.ACT, kin_of(ask.process), who.id, digest_of(part))
    by = await proved(house, ask, peer, wanted.assertion, purpose)
    if (by.actor, by.establishment) != (who.id, who.establishment):
        raise NoAccess
    inner = msgspec.structs.replace(
        ask, op=part.op, purpose=part.purpose, tenant=part.tenant, body=part.body
    )
    if by.settled(house.now()):
        inner.evidence = VERIFIED
    elif part.op != "enrol" and rows.must_assert(house.store, who, house.now()):
        raise NoAccess
    if part.op in _SIGNED:
        return await _SIGNED[part.op](house, inner, peer, by)
    return await _SENSITIVE[part.op](house, inner, peer)


def _sensitive(act: Act) -> Act:
    """The act asked without a signature: refused to whoever could give one."""

    async def guarded(house: House, ask: Request, peer: int) -> Body:
        if ask.actor.kind == "staff":
            who = staff_of(house, ask, peer)
            if rows.must_assert(house.store, who, house.now()):
                raise AssertionNeeded
        return await act(house, ask, peer)

    return guarded


async def _unsigned(_house: House, _ask: Request, _peer: int) -> Body:
    """What is nothing without a signature."""
    raise AssertionNeeded


async def _vouch(house: House, ask: Request, peer: int, by: Passkey) -> Body:
    """op ``vouch``: a second person says whose passkey it is; it counts from now on.

    By somebody of the same establishment whose own counts; for an officer's, by an officer. Nobody
    hastens a key in the place of one with which its owner decided: pages that lie stop the former
    in its owner's name, so one officer's word for the next would make them two the same day.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=PasskeyAsk)
    row, now = rows.passkey(house.store, wanted.passkey), house.now()
    if row is None or not row.live or row.establishment != by.establishment:
        raise NoAccess
    if row.actor == by.actor or not by.settled(now) or row.settled(now):
        raise NoAccess
    if (row.role in trustee.DECIDING or by.role == trustee.TRUSTEE) and by.role not in OFFICERS:
        raise NoAccess
    known = rows.member(house.store, row.actor)
    if known is not None and known.begins > now:
        raise NoAccess
    if decided(house, row.actor, row.role):
        raise NoAccess
    vouched = msgspec.structs.replace(row, settles_at=now, vouched_by=by.actor)
    with house.recorder.together():
        rows.put_passkey(house.store, vouched)
        leaves = house.recorder.prepare(ask, peer, told(vouched, "passkey_vouched"))
    await house.recorder.write(leaves)
    return row_of(house, vouched)


async def _revoke(house: House, ask: Request, peer: int) -> Body:
    """op ``revoke``: one's own at once, a colleague's by an officer; its sessions end with it."""
    wanted = msgspec.msgpack.decode(ask.body, type=PasskeyAsk)
    who = staff_of(house, ask, peer)
    row = rows.passkey(house.store, wanted.passkey)
    if row is None or not row.live or row.establishment != who.establishment:
        raise NoAccess
    if row.actor != who.id and (who.role not in OFFICERS or _must_sign(house, ask, who)):
        raise NoAccess
    with house.recorder.together():
        gone = msgspec.structs.replace(row, revoked_at=house.now())
        rows.put_passkey(house.store, gone)
        ended = rows.end_sessions(house.store, row.actor, row.name)
        leaves = house.recorder.prepare(ask, peer, told(row, "passkey_revoked"))
    await _end(house, ended, leaves)
    return row_of(house, gone)


def _must_sign(house: House, ask: Request, who: Capability) -> bool:
    """Was it asked without a signature that it needs?"""
    return ask.evidence != VERIFIED and rows.must_assert(house.store, who, house.now())


async def _end_staff(house: House, ask: Request, peer: int) -> Body:
    """op ``end_staff``: somebody has left; nothing of theirs opens anything from now on."""
    wanted = msgspec.msgpack.decode(ask.body, type=StaffAsk)
    known = _colleague(house, ask, peer, wanted.actor)
    now = house.now()
    with house.recorder.together():
        left = msgspec.structs.replace(known, ended_at=now)
        rows.put_member(house.store, left)
        for row in rows.passkeys_of(house.store, known.actor):
            if row.live:
                rows.put_passkey(house.store, msgspec.structs.replace(row, revoked_at=now))
        ended = rows.end_sessions(house.store, known.actor)
        leaves = house.recorder.prepare(ask, peer, told(left, "staff_ended"))
    granting.raise_all(house)
    await _end(house, ended, leaves)
    return Nothing()


async def _staff_role(house: House, ask: Request, peer: int) -> Body:
    """op ``staff_role``: the role of a colleague from now on, back again where they had left.

    An officer's role is given and taken on a grant that two approved, which is used up by it, or
    by the operator. Raises GrantNeeded.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=StaffAsk)
    if not wanted.role:
        raise AskUnusable
    known = _colleague(house, ask, peer, wanted.actor)
    if not trustee.fits(known, wanted.role):
        raise NoAccess
    on = granting.role_granted(house, known, wanted.role)
    if on is None and ask.actor.kind != "operator" and _concerns_officers(known, wanted.role):
        raise granting.GrantNeeded
    with house.recorder.together():
        if on is not None:
            granting.use_up(house, *on)
        begins = _begins(house, ask, known, on)
        now = msgspec.structs.replace(known, role=wanted.role, ended_at=0, begins=begins)
        rows.put_member(house.store, now)
        for row in rows.passkeys_of(house.store, known.actor):
            settles = max(row.settles_at, begins) if row.live else row.settles_at
            rows.put_passkey(
                house.store, msgspec.structs.replace(row, role=wanted.role, settles_at=settles)
            )
        ended = rows.end_sessions(house.store, known.actor)
        leaves = house.recorder.prepare(ask, peer, told(now, "staff_role"))
    granting.raise_all(house)
    await _end(house, ended, leaves)
    return Nothing()


def _begins(house: House, ask: Request, known: Member, on: tuple[bytes, Grant] | None) -> int:
    """From when a key of theirs counts: at once only of whom the operator or a signed grant named.

    To be given the role one has hastens nothing; nor does a grant from before any officer's key
    counted, beside an officer who has one.
    """
    if ask.actor.kind == "operator" or is_signed(on):
        return 0
    anew = on is not None and on[1].role in OFFICERS
    if anew and rows.has_other_officer(house.store, known.establishment, known.actor):
        return max(known.begins, house.now() + UNTIL_SECOND_US)
    return known.begins


def _concerns_officers(known: Member, role: str) -> bool:
    """Does somebody become one of those who approve for all, or stop being one?"""
    given = role in trustee.DECIDING and (role != known.role or bool(known.ended_at))
    return given or (known.role in OFFICERS and role != known.role)


async def _role_or_sign(house: House, ask: Request, peer: int) -> Body:
    """op ``staff_role`` without a signature: where two signed for the grant, that is enough."""
    wanted = msgspec.msgpack.decode(ask.body, type=StaffAsk)
    known = _colleague(house, ask, peer, wanted.actor)
    signed = granting.role_granted(house, known, wanted.role) is not None
    return await (_staff_role if signed else _sensitive(_staff_role))(house, ask, peer)


async def _review_or_sign(house: House, ask: Request, peer: int) -> Body:
    """op ``glass_review`` without a signature: to worry is never made hard, to put it to rest is.

    Pages that lie could else accept in an officer's name what they themselves had opened.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=ReviewAsk)
    freely = not glass.puts_to_rest(house, wanted)
    return await (glass.review if freely else _sensitive(glass.review))(house, ask, peer)


def _colleague(house: House, ask: Request, peer: int, actor: bytes) -> Member:
    """A member of staff that an officer, or the operator, may decide about; never oneself."""
    known = rows.member(house.store, actor)
    record = house.store.record(actor)
    if known is None and record is not None and record.kind == "staff":
        known = Member(VERSION, actor, record.tenant, "")
    if known is None:
        raise NoAccess
    if ask.actor.kind == "operator":
        house.standing.must_stand(ask, peer, house.now())
        return known
    who = staff_of(house, ask, peer)
    if who.role not in OFFICERS or who.establishment != known.establishment or who.id == actor:
        raise NoAccess
    return known


async def _end(house: House, ended: list[bytes], leaves: list[Leaf]) -> None:
    """In memory at once, durable with the leaves that say so."""
    for name in ended:
        house.end_session(name)
    await house.recorder.write(leaves)


_SENSITIVE: Final[dict[str, Act]] = {
    "grant_approve": granting.approve,
    "grant_revoke": granting.revoke,
    "unfreeze": freezing.unfreeze,
    "end_staff": _end_staff,
    "staff_role": _staff_role,
    "revoke": _revoke,
    "glass_review": glass.review,
}
_SIGNED: Final[dict[str, Signed]] = {"vouch": _vouch, "enrol": enrol_another}

ACTS: Final[dict[str, Act]] = {
    "challenge": challenge,
    "enrol": enrol,
    "assert": sign_in,
    "passkeys": passkeys,
    "asserted": asserted,
    "vouch": _unsigned,
    **{op: _sensitive(act) for op, act in _SENSITIVE.items()},
    # Ending is never made hard: it opens nothing, and takes no role's need to sign away.
    "revoke": _revoke,
    "grant_revoke": granting.revoke,
    "end_staff": _end_staff,
    "staff_role": _role_or_sign,
    "glass_review": _review_or_sign,
}
"""Over the desk's own: what it answers where no signature came along."""

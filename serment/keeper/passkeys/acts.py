"""Acts of those who hold a passkey: be challenged, enrol, sign in, read which ones there are."""

from __future__ import annotations

from typing import Final

import msgspec

from serment.keeper.house import NOBODY, AskUnusable, House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.passkeys import rows
from serment.keeper.passkeys.asks import (
    ChallengeAnswer,
    ChallengeAsk,
    EnrolAsk,
    PasskeyList,
    PasskeyRow,
    PasskeysAsk,
    SignedIn,
    SignInAsk,
)
from serment.keeper.passkeys.challenges import LIVE_US, Purpose, What
from serment.keeper.passkeys.proving import (
    alarm,
    handle_of,
    made,
    name_of,
    proved,
    site_of,
    told,
)
from serment.keeper.passkeys.rows import VERSION, Member, Passkey
from serment.keeper.peers import kin_of
from serment.keeper.policy.granting import GrantNeeded, role_granted, use_up
from serment.keeper.policy.grants import Grant
from serment.keeper.policy.trustee import DECIDING, TRUSTEE
from serment.keeper.rights import OFFICERS, Capability, staff_of
from serment.keeper.tokens import mint
from serment.keeper.wire import ActorWire, Body, Request
from serment.keeper.words import CLAIMED, DAY, KIND_QUERY, SESSION_HOURS_MAX, VERIFIED

PASSKEYS_MAX: Final = 10
"""Of one person, not counting the revoked."""

UNTIL_SETTLED_US: Final = DAY
"""A first passkey proves a claim only: for a day whoever it was taken from may say so."""


UNTIL_SECOND_US: Final = 3 * DAY
"""An officer beside another whom neither two officers nor the operator named: as long as in a
practice of one what takes two. A manager and pages that lie would be two on the next day. As long
for the next key of somebody who decides, in the place of one that counted: pages that lie stop
that one in their name and make another."""


class AssertionNeeded(NoAccess):
    """This needs your passkey."""


async def challenge(house: House, ask: Request, peer: int) -> Body:
    """op ``challenge``: for a sign-in nobody is asked who they are; else a session is needed."""
    wanted = msgspec.msgpack.decode(ask.body, type=ChallengeAsk)
    site, kin, now = site_of(house), kin_of(ask.process), house.now()
    if wanted.what not in tuple(What) or bool(wanted.digest) != (wanted.what == What.ACT):
        raise AskUnusable
    if (wanted.what == What.SIGN_IN) != (ask.actor.kind == "system"):
        raise NoAccess
    own: list[Passkey] = []
    actor = b""
    if ask.actor.kind != "system":
        actor = staff_of(house, ask, peer).id
        own = [one for one in rows.passkeys_of(house.store, actor) if one.live]
    asked = Purpose(What(wanted.what), kin, actor, wanted.digest)
    return ChallengeAnswer(
        house.passkeys.challenges.issue(asked, now),
        site.name,
        handle_of(house, actor) if actor else b"",
        [one.credential for one in own],
        LIVE_US // 1_000_000,
    )


async def enrol(house: House, ask: Request, peer: int) -> Body:
    """op ``enrol``: a person's first passkey; ``claimed`` for a day unless somebody vouches.

    For three, where it takes the place of one with which they decided. A trustee's begins then:
    the officer they are there to second hastens nothing by vouching for it.
    """
    who = staff_of(house, ask, peer)
    if any(one.live for one in rows.passkeys_of(house.store, who.id)):
        raise AssertionNeeded
    now = house.now()
    if not decided(house, who.id, who.role):
        return await _enrol(house, ask, peer, now + UNTIL_SETTLED_US)
    begins = now + UNTIL_SECOND_US if who.role == TRUSTEE else 0
    return await _enrol(house, ask, peer, now + UNTIL_SECOND_US, begins)


def decided(house: House, actor: bytes, role: str) -> bool:
    """Had somebody whose role decides a key that counted?"""
    own = rows.passkeys_of(house.store, actor)
    return role in DECIDING and any(one.settled(house.now()) for one in own)


async def enrol_another(house: House, ask: Request, peer: int, by: Passkey) -> Body:
    """op ``enrol`` signed with a passkey one has: the new one is worth what that one is."""
    return await _enrol(house, ask, peer, max(house.now(), by.settles_at))


async def _enrol(house: House, ask: Request, peer: int, settles_at: int, begins: int = 0) -> Body:
    wanted = msgspec.msgpack.decode(ask.body, type=EnrolAsk)
    who = staff_of(house, ask, peer)
    fresh = await made(house, wanted, Purpose(What.ENROL, kin_of(ask.process), who.id))
    member, on = _member(house, staff_of(house, ask, peer))
    member = msgspec.structs.replace(member, begins=max(member.begins, begins))
    row = Passkey(
        VERSION, name_of(house, fresh.credential), fresh.credential, fresh.key, member.actor,
        member.establishment, member.role, wanted.label, house.now(),
        max(settles_at, member.begins),
    )  # fmt: skip
    own = [one for one in rows.passkeys_of(house.store, who.id) if one.live]
    if len(own) >= PASSKEYS_MAX or rows.passkey(house.store, row.name) is not None:
        raise AskUnusable
    with house.recorder.together():
        if on is not None:
            use_up(house, *on)
        rows.put_member(house.store, member)
        rows.put_passkey(house.store, row)
        rows.put_count(house.store, row.name, fresh.count)
        said = told(row, "passkey_enrolled")
        if member.role in OFFICERS and member.begins > house.now():
            said.append(alarm(member.establishment, "officer_by_word"))
        leaves = house.recorder.prepare(ask, peer, said)
    await house.recorder.write(leaves)
    return row_of(house, row)


def _member(house: House, who: Capability) -> tuple[Member, tuple[bytes, Grant] | None]:
    """The member of staff of this session: known, and in the role the keeper knows of; and the
    grant that this uses up.

    Where two officers can sign, nobody becomes a further one but by both: the pages' word that
    somebody is one makes no key of theirs count. Where one can, a second by that word begins
    after three days, and vouching hastens nothing. Raises GrantNeeded.
    """
    known = rows.member(house.store, who.id)
    if known is not None:
        if known.ended_at or (known.role, known.establishment) != (who.role, who.establishment):
            raise NoAccess
        return known, None
    record = house.store.record(who.id)
    if record is None or (record.kind, record.tenant) != ("staff", who.establishment):
        raise NoAccess
    new = Member(VERSION, who.id, record.tenant, who.role)
    two = who.role == TRUSTEE or (
        who.role in OFFICERS and rows.can_sign_for_two(house.store, record.tenant, house.now())
    )
    on = role_granted(house, new, who.role) if two or who.role in OFFICERS else None
    if two and on is None:
        raise GrantNeeded
    by_word = who.role in OFFICERS and not is_signed(on)
    if by_word and rows.has_other_officer(house.store, record.tenant, who.id):
        new = msgspec.structs.replace(new, begins=house.now() + UNTIL_SECOND_US)
    return new, on


def is_signed(on: tuple[bytes, Grant] | None) -> bool:
    """Did everybody who approved the role sign for it? What is claimed the pages may invent."""
    return on is not None and all(one.evidence == VERIFIED for one in on[1].approvals)


async def sign_in(house: House, ask: Request, peer: int) -> Body:
    """op ``assert``: the session of whoever signed; person, house and role are the passkey's."""
    wanted = msgspec.msgpack.decode(ask.body, type=SignInAsk)
    if wanted.hours > SESSION_HOURS_MAX["staff"]:
        raise AskUnusable
    purpose = Purpose(What.SIGN_IN, kin_of(ask.process))
    by = await proved(house, ask, peer, wanted.assertion, purpose)
    evidence = VERIFIED if by.settled(house.now()) else CLAIMED
    known = rows.member(house.store, by.actor)
    if known is None or known.ended_at:
        raise NoAccess
    theirs = msgspec.structs.replace(
        ask,
        actor=ActorWire("staff", by.actor, by.role, by.establishment),
        session=wanted.session,
        evidence=evidence,
    )
    house.standing.must_stand(theirs, peer, house.now())
    token = await mint(house, theirs, peer, wanted.hours, evidence=evidence, passkey=by.name)
    return SignedIn(token, by.actor, by.establishment, by.role, evidence)


async def passkeys(house: House, ask: Request, peer: int) -> Body:
    """op ``passkeys``: one's own; or those of the establishment, that colleagues vouch for."""
    wanted = msgspec.msgpack.decode(ask.body, type=PasskeysAsk)
    who = staff_of(house, ask, peer)
    here = who.establishment or NOBODY
    await house.recorder.record(ask, peer, [Access(None, here, [], KIND_QUERY)])
    staff_of(house, ask, peer)
    found = rows.passkeys_at(house.store, here)
    return PasskeyList([row_of(house, one) for one in found if wanted.house or one.actor == who.id])


def row_of(house: House, row: Passkey) -> PasskeyRow:
    """As an answer gives it: without the key."""
    return PasskeyRow(
        row.name, row.actor, row.role, row.label, row.enrolled_at, row.settles_at,
        row.vouched_by or None, row.revoked_at, row.live and row.settled(house.now()),
    )  # fmt: skip

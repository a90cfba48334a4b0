"""Acts on grants: propose, add persons, close, approve by two, revoke, and use when opening."""

from __future__ import annotations

import os
from typing import Final

import msgspec

from serment.keeper.erasure import final_on
from serment.keeper.house import AskUnusable, House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.passkeys.rows import Member
from serment.keeper.policy import approvers
from serment.keeper.policy.asks import (
    AddAsk,
    DigestAsk,
    GrantAsk,
    GrantList,
    GrantRow,
    ProposeAsk,
)
from serment.keeper.policy.budgets import DAY_US, Key, Scope
from serment.keeper.policy.freezes import What
from serment.keeper.policy.grants import (
    GRANT_DAYS_MAX,
    SUBJECTS_MAX,
    Approval,
    Grant,
    GrantKind,
    digest_of,
)
from serment.keeper.policy.subjects import count, covers, put_subject, subjects_of
from serment.keeper.policy.trustee import (
    TRUSTEE,
    alone_since,
    may_approve,
    may_refuse,
    waits_alone,
)
from serment.keeper.rights import OFFICERS, Capability, check, staff_of
from serment.keeper.store import RecordRow
from serment.keeper.wire import Body, Item, Nothing, Request, Token32
from serment.keeper.words import KIND_QUERY, KIND_WRITE, PURPOSES


class GrantNeeded(NoAccess):
    """This needs two people's approval first."""


TOKEN_BYTES: Final = 32


async def propose(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_propose``: what would be allowed; nothing is, until it is closed and approved."""
    wanted = msgspec.msgpack.decode(ask.body, type=ProposeAsk)
    capability = staff_of(house, ask, peer)
    now = house.now()
    if wanted.kind not in tuple(GrantKind) or not now < wanted.not_after <= now + _LONGEST:
        raise AskUnusable
    if wanted.kind == GrantKind.BULK and (wanted.purpose not in PURPOSES or not wanted.fields):
        raise AskUnusable
    if wanted.kind == GrantKind.BUDGET and (wanted.target is None or wanted.factor < 2):
        raise AskUnusable
    if (wanted.kind == GrantKind.ROLE) != bool(wanted.role):
        raise AskUnusable
    if wanted.kind == GrantKind.ROLE:
        _must_be_colleague(house, capability, wanted)
    grant = Grant(
        wanted.kind, capability.establishment or b"", wanted.purpose, sorted(set(wanted.fields)),
        ask.actor.id, now, wanted.not_after, target=wanted.target or b"", factor=wanted.factor,
        role=wanted.role,
    )  # fmt: skip
    token = os.urandom(TOKEN_BYTES)
    await _record(house, ask, peer, grant, "grant_proposed")
    _keep(house, _tag(house, token), grant)
    return Token32(token)


def _must_be_colleague(house: House, who: Capability, wanted: ProposeAsk) -> None:
    """A role is proposed by an officer, for a member of staff of the same establishment."""
    record = house.store.record(wanted.target or b"")
    if who.role not in OFFICERS or record is None:
        raise NoAccess
    if (record.kind, record.tenant) != ("staff", who.establishment):
        raise NoAccess
    if wanted.role == TRUSTEE and not house.standing.is_solo(record.tenant):
        raise NoAccess


async def add(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_add``: persons of the own establishment, before the grant is closed."""
    wanted = msgspec.msgpack.decode(ask.body, type=AddAsk)
    capability = staff_of(house, ask, peer)
    grant = _own(house, capability, wanted.grant)
    if grant.closed or grant.by != ask.actor.id:
        raise NoAccess
    rows = [house.store.record(subject) for subject in wanted.subjects]
    if any(row is None or row.tenant != grant.establishment for row in rows):
        raise NoAccess
    tag = _tag(house, wanted.grant)
    with house.store.transaction():
        for subject in wanted.subjects:
            put_subject(house, tag, subject)
        if count(house, tag) > SUBJECTS_MAX:
            raise AskUnusable
    return Nothing()


async def close(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_close``: fix what is allowed; the digest that approvers have to name."""
    wanted = msgspec.msgpack.decode(ask.body, type=GrantAsk)
    grant = _own(house, staff_of(house, ask, peer), wanted.grant)
    if grant.closed or grant.by != ask.actor.id:
        raise NoAccess
    tag = _tag(house, wanted.grant)
    persons = count(house, tag)
    if grant.kind in (GrantKind.BULK, GrantKind.ERASE) and not persons:
        raise AskUnusable
    digest = digest_of(grant, subjects_of(house, tag), tag)
    closed = msgspec.structs.replace(grant, count=persons, digest=digest)
    # Closed before the sync, in the same commit: nobody is added while the record is written.
    with house.recorder.together():
        house.standing.rows.put(approvers.TABLE, tag, closed)
        leaves = house.recorder.prepare(ask, peer, [_said(closed, "grant_closed")])
    await house.recorder.write(leaves)
    return Token32(digest)


async def approve(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_approve``: by an officer of the establishment; two different ones make it good.

    In a practice of one the second is its trustee, where it has one, who signs.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=DigestAsk)
    capability = staff_of(house, ask, peer)
    tag, grant = by_digest(house, capability, wanted.digest)
    if grant.revoked or not grant.may_approve(ask.actor.id):
        raise NoAccess
    if not may_approve(house, ask, capability, grant):
        raise NoAccess
    await _record(house, ask, peer, grant, "grant_approved")
    check(house, ask, peer)
    _, grant = by_digest(house, capability, wanted.digest)
    approved = grant.approved_by(Approval(ask.actor.id, house.now(), ask.evidence))
    _keep(house, tag, approved)
    if approved.kind == GrantKind.BUDGET and is_good(house, approved):
        raise_budget(house, approved)
    return _row(house, approved)


async def revoke(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_revoke``: by who proposed it or by an officer; it allows nothing from now on.

    Where nobody else approves, whoever works there may stop it: they were told for that.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=DigestAsk)
    capability = staff_of(house, ask, peer)
    _, grant = by_digest(house, capability, wanted.digest)
    solo = house.standing.is_solo(grant.establishment)
    if ask.actor.id != grant.by and capability.role not in OFFICERS and not solo:
        raise NoAccess
    if not may_refuse(house, ask, capability):
        raise NoAccess
    await _record(house, ask, peer, grant, "grant_revoked")
    tag, grant = by_digest(house, capability, wanted.digest)
    _keep(house, tag, msgspec.structs.replace(grant, revoked=True))
    if grant.kind == GrantKind.BUDGET:
        raise_all(house)
    return Nothing()


async def listed(house: House, ask: Request, peer: int) -> Body:
    """op ``grants``: the establishment's grants that are not over, for its officers; where nobody
    else approves, for all who may stop one."""
    capability = staff_of(house, ask, peer)
    solo = house.standing.is_solo(capability.establishment or b"")
    if capability.role not in OFFICERS and not solo:
        raise NoAccess
    asked = Access(None, capability.establishment or b"", [], KIND_QUERY)
    await house.recorder.record(ask, peer, [asked])
    return GrantList(
        [
            _row(house, grant)
            for _name, grant in approvers.grants(house)
            if grant.establishment == capability.establishment and grant.not_after > house.now()
        ],
        solo,
    )


def granted(house: House, ask: Request, rows: list[tuple[RecordRow, list[str]]]) -> None:
    """Raise NoAccess unless the request's grant covers every person and field. Asked again after
    the sync: a grant revoked meanwhile opens nothing."""
    grant = approvers.grant_at(house, _tag(house, ask.grant))
    if grant is None or grant.kind != GrantKind.BULK or not is_good(house, grant):
        raise NoAccess
    if not _may_use(ask, grant):
        raise NoAccess
    if ask.purpose != grant.purpose or house.standing.exports_frozen(
        grant.establishment, house.now()
    ):
        raise NoAccess
    tag, allowed = _tag(house, ask.grant), set(grant.fields)
    for row, fields in rows:
        if any(f"{row.kind}.{field}" not in allowed for field in fields):
            raise NoAccess
        if row.tenant != grant.establishment or not covers(house, tag, row.subject):
            raise NoAccess


def _may_use(ask: Request, grant: Grant) -> bool:
    """The worker, or somebody of the house: what patients open is on no budget that slows it."""
    if ask.actor.kind == "staff":
        return ask.actor.establishment == grant.establishment
    return ask.actor.kind == "worker"


def knew_approvers(house: House, ask: Request) -> bool:
    """Did the keeper itself check who approved the request's grant? A claim can be invented."""
    grant = approvers.grant_at(house, _tag(house, ask.grant))
    return grant is not None and all(one.evidence == "verified" for one in grant.approvals)


def is_good(house: House, grant: Grant) -> bool:
    """Is it closed, approved as it has to be, and not over?"""
    alone = waits_alone(house, grant.establishment)
    return grant.good(house.now(), solo=alone, since=alone_since(house, grant.establishment))


def role_granted(house: House, member: Member, role: str) -> tuple[bytes, Grant] | None:
    """The grant, and its tag, on which this colleague may have this role from now on."""
    for tag, grant in approvers.grants(house):
        mine = grant.establishment == member.establishment and grant.target == member.actor
        if grant.kind == GrantKind.ROLE and mine and grant.role == role and is_good(house, grant):
            return tag, grant
    return None


def is_to_be_erased(house: House, ask: Request, subject: bytes) -> bool:
    """Does an erasure of this person, that somebody else asked for, wait for its officers? They
    read whose it is; whoever asks alone would choose whom to read."""
    return any(
        grant.kind == GrantKind.ERASE
        and grant.establishment == ask.actor.establishment
        and grant.by != ask.actor.id
        and grant.closed
        and not (grant.revoked or grant.used)
        and covers(house, tag, subject)
        for tag, grant in approvers.grants(house)
        if house.now() <= grant.not_after
    )


def use_up(house: House, tag: bytes, grant: Grant) -> None:
    """It was carried out; inside the caller's gathering."""
    house.standing.rows.put(approvers.TABLE, tag, msgspec.structs.replace(grant, used=house.now()))


def raise_budget(house: House, grant: Grant) -> None:
    """Let an approved raise count; also called for each at start."""
    house.standing.budgets.raise_to(_raised(house, grant), grant.factor, grant.not_after)


def _raised(house: House, grant: Grant) -> Key:
    return Key(Scope.ACTOR, house.standing.tag(What.ACTOR, grant.target))


def raise_all(house: House) -> None:
    """The raises that are good, and no other: at a start, as three days go by in a practice of
    one, and where one was revoked or an approver has left."""
    house.standing.budgets.lower_all()
    for _name, grant in approvers.grants(house):
        if grant.kind == GrantKind.BUDGET and is_good(house, grant):
            raise_budget(house, grant)


_LONGEST: Final = GRANT_DAYS_MAX * DAY_US


def _own(house: House, capability: Capability, token: bytes) -> Grant:
    grant = approvers.grant_at(house, _tag(house, token))
    if grant is None or grant.establishment != capability.establishment:
        raise NoAccess
    return grant


def _tag(house: House, token: bytes) -> bytes:
    return house.store.tag("grant", token)


def by_digest(house: House, capability: Capability, digest: bytes) -> tuple[bytes, Grant]:
    """The establishment's closed grant that has this digest; approvers never hold its token."""
    for tag, grant in approvers.grants(house):
        if grant.digest == digest and grant.establishment == capability.establishment:
            return tag, grant
    raise NoAccess


def _keep(house: House, tag: bytes, grant: Grant) -> None:
    with house.store.transaction():
        house.standing.rows.put(approvers.TABLE, tag, grant)


async def _record(house: House, ask: Request, peer: int, grant: Grant, act: str) -> None:
    await house.recorder.record(ask, peer, [_said(grant, act)])


def _said(grant: Grant, act: str) -> Access:
    item = Item(b"", "policy", [f"{act}.{grant.kind}"], after=[grant.digest])
    return Access(None, grant.establishment, [item], KIND_WRITE)


def _final_on(house: House, grant: Grant) -> int:
    if grant.kind != GrantKind.ERASE:
        return 0
    at = grant.used or house.now()
    return final_on(house.vault, house.terms, house.vault.epoch_number(), at)[1]


def _row(house: House, grant: Grant) -> GrantRow:
    solo = waits_alone(house, grant.establishment)
    since = alone_since(house, grant.establishment) if solo else 0
    return GrantRow(
        grant.kind, grant.establishment, grant.purpose, grant.fields, grant.by, grant.at,
        grant.not_after, grant.count, grant.digest, [one.by for one in grant.approvals],
        is_good(house, grant), grant.revoked, grant.target, grant.factor, grant.role,
        grant.good_from(solo=solo, since=since), grant.used, solo,
        _final_on(house, grant), grant.lapsed,
    )  # fmt: skip

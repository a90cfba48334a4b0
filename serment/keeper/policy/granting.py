"""Acts on grants: propose, add persons, close, approve by two, revoke, and use when opening."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import msgspec

from serment.keeper.house import AskUnusable, House, NoAccess
from serment.keeper.passkeys.rows import Member
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
from serment.keeper.recorder import Access
from serment.keeper.rights import OFFICERS, Capability, check
from serment.keeper.store import RecordRow
from serment.keeper.wire import Body, Item, Nothing, Request, Token32
from serment.keeper.words import KIND_QUERY, KIND_WRITE, PURPOSES


class GrantNeeded(NoAccess):
    """This needs two people's approval first."""


_TABLE: Final = "bulk_grant"
TOKEN_BYTES: Final = 32


async def propose(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_propose``: what would be allowed; nothing is, until it is closed and approved."""
    wanted = msgspec.msgpack.decode(ask.body, type=ProposeAsk)
    capability = _staff(house, ask, peer)
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


async def add(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_add``: persons of the own establishment, before the grant is closed."""
    wanted = msgspec.msgpack.decode(ask.body, type=AddAsk)
    capability = _staff(house, ask, peer)
    grant = _own(house, capability, wanted.grant)
    if grant.closed or grant.by != ask.actor.id:
        raise NoAccess
    rows = [house.store.record(subject) for subject in wanted.subjects]
    if any(row is None or row.tenant != grant.establishment for row in rows):
        raise NoAccess
    tag = _tag(house, wanted.grant)
    with house.store.transaction():
        for subject in wanted.subjects:
            _put_subject(house, tag, subject)
        if _count(house, tag) > SUBJECTS_MAX:
            raise AskUnusable
    return Nothing()


async def close(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_close``: fix what is allowed; the digest that approvers have to name."""
    wanted = msgspec.msgpack.decode(ask.body, type=GrantAsk)
    grant = _own(house, _staff(house, ask, peer), wanted.grant)
    if grant.closed or grant.by != ask.actor.id:
        raise NoAccess
    tag = _tag(house, wanted.grant)
    count = _count(house, tag)
    if grant.kind in (GrantKind.BULK, GrantKind.ERASE) and not count:
        raise AskUnusable
    digest = digest_of(grant, _subjects(house, tag))
    closed = msgspec.structs.replace(grant, count=count, digest=digest)
    await _record(house, ask, peer, closed, "grant_closed")
    _keep(house, tag, closed)
    return Token32(digest)


async def approve(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_approve``: by an officer of the establishment; two different ones make it good."""
    wanted = msgspec.msgpack.decode(ask.body, type=DigestAsk)
    capability = _staff(house, ask, peer)
    tag, grant = _by_digest(house, capability, wanted.digest)
    if capability.role not in OFFICERS or grant.revoked or not grant.may_approve(ask.actor.id):
        raise NoAccess
    await _record(house, ask, peer, grant, "grant_approved")
    check(house, ask, peer)
    _, grant = _by_digest(house, capability, wanted.digest)
    approved = grant.approved_by(Approval(ask.actor.id, house.now(), ask.evidence))
    _keep(house, tag, approved)
    if approved.kind == GrantKind.BUDGET and is_good(house, approved):
        raise_budget(house, approved)
    return _row(house, approved)


async def revoke(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_revoke``: by who proposed it or by an officer; it allows nothing from now on."""
    wanted = msgspec.msgpack.decode(ask.body, type=DigestAsk)
    capability = _staff(house, ask, peer)
    _, grant = _by_digest(house, capability, wanted.digest)
    if ask.actor.id != grant.by and capability.role not in OFFICERS:
        raise NoAccess
    await _record(house, ask, peer, grant, "grant_revoked")
    tag, grant = _by_digest(house, capability, wanted.digest)
    _keep(house, tag, msgspec.structs.replace(grant, revoked=True))
    return Nothing()


async def listed(house: House, ask: Request, peer: int) -> Body:
    """op ``grants``: the establishment's grants that are not over, for its officers."""
    capability = _staff(house, ask, peer)
    if capability.role not in OFFICERS:
        raise NoAccess
    asked = Access(None, capability.establishment or b"", [], KIND_QUERY)
    await house.recorder.record(ask, peer, [asked])
    return GrantList(
        [
            _row(house, grant)
            for _name, grant in house.standing.rows.all(_TABLE, Grant)
            if grant.establishment == capability.establishment and grant.not_after > house.now()
        ]
    )


def granted(house: House, ask: Request, rows: list[tuple[RecordRow, list[str]]]) -> None:
    """Raise NoAccess unless the request's grant covers every person and field. Asked again after
    the sync: a grant revoked meanwhile opens nothing."""
    grant = house.standing.rows.get(_TABLE, _tag(house, ask.grant), Grant)
    if grant is None or grant.kind != GrantKind.BULK or not is_good(house, grant):
        raise NoAccess
    if ask.purpose != grant.purpose or house.standing.exports_frozen(
        grant.establishment, house.now()
    ):
        raise NoAccess
    tag, allowed = _tag(house, ask.grant), set(grant.fields)
    for row, fields in rows:
        if any(f"{row.kind}.{field}" not in allowed for field in fields):
            raise NoAccess
        if row.tenant != grant.establishment or not _covers(house, tag, row.subject):
            raise NoAccess


def knew_approvers(house: House, ask: Request) -> bool:
    """Did the keeper itself check who approved the request's grant? A claim can be invented."""
    grant = house.standing.rows.get(_TABLE, _tag(house, ask.grant), Grant)
    return grant is not None and all(one.evidence == "verified" for one in grant.approvals)


def is_good(house: House, grant: Grant) -> bool:
    """Is it closed, approved as it has to be, and not over?"""
    return grant.good(house.now(), solo=house.standing.is_solo(grant.establishment))


def role_granted(house: House, member: Member, role: str) -> tuple[bytes, Grant] | None:
    """The grant, and its tag, on which this colleague may have this role from now on."""
    for tag, grant in house.standing.rows.all(_TABLE, Grant):
        mine = grant.establishment == member.establishment and grant.target == member.actor
        if grant.kind == GrantKind.ROLE and mine and grant.role == role and is_good(house, grant):
            return tag, grant
    return None


def use_up(house: House, tag: bytes, grant: Grant) -> None:
    """It was carried out; inside the caller's gathering."""
    house.standing.rows.put(_TABLE, tag, msgspec.structs.replace(grant, used=house.now()))


def raise_budget(house: House, grant: Grant) -> None:
    """Let an approved raise count; also called for each at start."""
    key = Key(Scope.ACTOR, house.standing.tag(What.ACTOR, grant.target))
    house.standing.budgets.raise_to(key, grant.factor, grant.not_after)


def raise_all(house: House) -> None:
    """At start: the raises that are good."""
    for _name, grant in house.standing.rows.all(_TABLE, Grant):
        if grant.kind == GrantKind.BUDGET and is_good(house, grant):
            raise_budget(house, grant)


_LONGEST: Final = GRANT_DAYS_MAX * DAY_US


def _staff(house: House, ask: Request, peer: int) -> Capability:
    capability = check(house, ask, peer)
    if capability is None or capability.kind != "staff" or capability.establishment is None:
        raise NoAccess
    return capability


def _own(house: House, capability: Capability, token: bytes) -> Grant:
    grant = house.standing.rows.get(_TABLE, _tag(house, token), Grant)
    if grant is None or grant.establishment != capability.establishment:
        raise NoAccess
    return grant


def _tag(house: House, token: bytes) -> bytes:
    return house.store.tag("grant", token)


def _by_digest(house: House, capability: Capability, digest: bytes) -> tuple[bytes, Grant]:
    """The establishment's closed grant that has this digest; approvers never hold its token."""
    for tag, grant in house.standing.rows.all(_TABLE, Grant):
        if grant.digest == digest and grant.establishment == capability.establishment:
            return tag, grant
    raise NoAccess


def _keep(house: House, tag: bytes, grant: Grant) -> None:
    with house.store.transaction():
        house.standing.rows.put(_TABLE, tag, grant)


async def _record(house: House, ask: Request, peer: int, grant: Grant, act: str) -> None:
    item = Item(b"", "policy", [f"{act}.{grant.kind}"], after=[grant.digest])
    await house.recorder.record(ask, peer, [Access(None, grant.establishment, [item], KIND_WRITE)])


def _put_subject(house: House, tag: bytes, subject: bytes) -> None:
    name = house.store.subject_tag(subject)
    house.store.database.execute(
        "INSERT OR IGNORE INTO grant_subject VALUES (?, ?, ?)",
        (tag, name, house.store.close_raw(subject, tag + name)),
    )


def _subjects(house: House, tag: bytes) -> Iterator[bytes]:
    for name, body in house.store.database.execute(
        "SELECT subject, body FROM grant_subject WHERE tag = ?", (tag,)
    ):
        yield house.store.open_body(body, tag + name)


def _count(house: House, tag: bytes) -> int:
    (count,) = house.store.database.execute(
        "SELECT count(*) FROM grant_subject WHERE tag = ?", (tag,)
    ).fetchone()
    return int(count)


def _covers(house: House, tag: bytes, subject: bytes) -> bool:
    found = house.store.database.execute(
        "SELECT 1 FROM grant_subject WHERE tag = ? AND subject = ?",
        (tag, house.store.subject_tag(subject)),
    ).fetchone()
    return found is not None


def _row(house: House, grant: Grant) -> GrantRow:
    return GrantRow(
        grant.kind, grant.establishment, grant.purpose, grant.fields, grant.by, grant.at,
        grant.not_after, grant.count, grant.digest, [one.by for one in grant.approvals],
        is_good(house, grant), grant.revoked, grant.target, grant.factor, grant.role,
        grant.good_from(solo=house.standing.is_solo(grant.establishment)), grant.used,
    )  # fmt: skip

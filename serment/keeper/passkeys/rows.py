"""Passkeys and members of staff in the keeper's store: named by keyed tags, closed like the rest.

A revoked passkey stays as a row: that somebody once had one never stops being known, or taking it
away would open what only it may ask for. Writes belong into ``store.gathered()``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from serment.keeper.rights import OFFICERS, Capability
from serment.keeper.store import Store

VERSION: Final = 1


class Passkey(msgspec.Struct, array_like=True, frozen=True):
    """One credential. Instants in µs; whose it is decides, never what a request says."""

    version: int
    name: bytes
    credential: bytes
    key: bytes
    actor: bytes
    establishment: bytes
    role: str
    label: str
    enrolled_at: int
    settles_at: int
    vouched_by: bytes = b""
    revoked_at: int = 0

    def settled(self, now: int) -> bool:
        """Is what it signs verified? Of a revoked one: was it ever?"""
        return self.settles_at <= (self.revoked_at or now)

    @property
    def live(self) -> bool:
        """Does it still sign?"""
        return not self.revoked_at


class Member(msgspec.Struct, array_like=True, frozen=True):
    """A member of staff whose role the keeper knows itself; ``ended_at`` 0: still there.

    ``begins``: before that instant no key of theirs counts. Of an officer whom the pages alone
    named beside another.
    """

    version: int
    actor: bytes
    establishment: bytes
    role: str
    ended_at: int = 0
    begins: int = 0


def passkey(store: Store, name: bytes) -> Passkey | None:
    """One by the keeper's own name of it."""
    return next(iter(_opened(store, store.passkey_rows("name", name))), None)


def passkeys_of(store: Store, actor: bytes) -> list[Passkey]:
    """A person's, the latest first."""
    return _opened(store, store.passkey_rows("owner", store.tag("staff", actor)))


def passkeys_at(store: Store, establishment: bytes) -> list[Passkey]:
    """An establishment's, the latest first."""
    return _opened(store, store.passkey_rows("establishment", store.subject_tag(establishment)))


def put_passkey(store: Store, row: Passkey) -> None:
    """Insert or replace."""
    store.put_passkey(
        row.name,
        store.tag("staff", row.actor),
        store.subject_tag(row.establishment),
        store.close_body(row, b"passkey" + row.name),
    )


def _opened(store: Store, rows: Iterable[tuple[bytes, bytes]]) -> list[Passkey]:
    found = [
        msgspec.msgpack.decode(store.open_body(body, b"passkey" + name), type=Passkey)
        for name, body in rows
    ]
    return sorted(found, key=lambda row: -row.enrolled_at)


def count_of(store: Store, name: bytes) -> int:
    """The last count an authenticator told; 0 where it never did."""
    body = store.passkey_count(name)
    return 0 if body is None else int.from_bytes(store.open_body(body, b"count" + name), "big")


def put_count(store: Store, name: bytes, count: int) -> None:
    """Remember the count of this use."""
    store.put_passkey_count(name, store.close_raw(count.to_bytes(4, "big"), b"count" + name))


def member(store: Store, actor: bytes) -> Member | None:
    """What the keeper knows of a member of staff."""
    tag = store.tag("staff", actor)
    body = store.staff_row(tag)
    if body is None:
        return None
    return msgspec.msgpack.decode(store.open_body(body, b"staff" + tag), type=Member)


def put_member(store: Store, row: Member) -> None:
    """Insert or replace."""
    tag = store.tag("staff", row.actor)
    store.put_staff_row(tag, store.close_body(row, b"staff" + tag))


def must_assert(store: Store, who: Capability, now: int) -> bool:
    """Must they sign a sensitive act? Where a passkey of theirs or of their role ever counted.

    Officers are one role here: who can sign for one of them signs for no other.
    """
    roles = OFFICERS if who.role in OFFICERS else {who.role}
    return any(
        row.settled(now)
        for row in passkeys_at(store, who.establishment or b"")
        if row.actor == who.id or row.role in roles
    )


def can_sign_for_two(store: Store, establishment: bytes, now: int) -> bool:
    """Did passkeys of two different officers ever count here?"""
    rows = passkeys_at(store, establishment)
    return len({row.actor for row in rows if row.role in OFFICERS and row.settled(now)}) > 1


def has_other_officer(store: Store, establishment: bytes, actor: bytes) -> bool:
    """Did an officer here ever make a passkey, beside this person?"""
    rows = passkeys_at(store, establishment)
    return any(row.actor != actor and row.role in OFFICERS for row in rows)


def end_sessions(store: Store, actor: bytes, name: bytes | None = None) -> list[bytes]:
    """Forget a person's capabilities, or those that one passkey minted; their tags."""
    owner = store.tag("owner", b"staff\0" + actor)
    ended = [
        tag
        for tag, body in store.sessions_of(owner)
        if name is None
        or msgspec.msgpack.decode(store.open_body(body, tag), type=Capability).passkey == name
    ]
    store.drop_sessions(ended)
    return ended

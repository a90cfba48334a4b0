"""Grants: what two people approve before it happens. Pure state; the acts are in ``deciding``.

A grant is proposed with everything it allows, then closed (its digest is fixed), then approved by
two different people who saw that digest. Nothing can be added after it was closed. In a solo
practice, which has no second person, one approval and 72 hours take the second one's place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

APPROVALS: Final = 2
SOLO_DELAY_US: Final = 72 * 3_600_000_000
GRANT_DAYS_MAX: Final = 31
SUBJECTS_MAX: Final = 1_000_000


class GrantKind(StrEnum):
    """What may be granted."""

    BULK = "bulk"
    BUDGET = "budget"
    ERASE = "erase"
    UNFREEZE = "unfreeze"
    ROLE = "role"


CARRIED_OUT: Final = frozenset({GrantKind.ERASE, GrantKind.ROLE})
"""What is done once: the grant is used up by it."""

OF_ONE_PERSON: Final = frozenset({GrantKind.BUDGET, GrantKind.ROLE})
"""What a member of staff gets: that person approves none of it."""


class Approval(msgspec.Struct, array_like=True, frozen=True):
    """Who approved, when, on what evidence, and the leaf that says so."""

    by: bytes
    at: int
    evidence: str


class Grant(msgspec.Struct, array_like=True, frozen=True):
    """One grant. ``fields`` as ``kind.field``; ``digest`` is empty until it is closed."""

    kind: str
    establishment: bytes
    purpose: str
    fields: list[str]
    by: bytes
    at: int
    not_after: int
    count: int = 0
    digest: bytes = b""
    target: bytes = b""
    factor: int = 1
    approvals: list[Approval] = []
    revoked: bool = False
    role: str = ""
    used: int = 0
    """When it was carried out (µs, 0: not yet)."""
    lapsed: list[bytes] = []
    """Whose approval counts no more: they have left, or have another role (``approvers``)."""

    @property
    def closed(self) -> bool:
        """Is what it allows fixed?"""
        return bool(self.digest)

    def good(self, now: int, *, solo: bool, since: int = 0) -> bool:
        """May it be used at this instant?"""
        if self.revoked or self.used or not self.closed or now > self.not_after:
            return False
        begins = self.good_from(solo=solo, since=since)
        return bool(begins) and now >= begins

    def good_from(self, *, solo: bool, since: int = 0) -> int:
        """From when it may be used with the approvals it has (µs); 0: it needs one more.

        ``since``: from when on nobody seconds a practice of one; its 72 hours begin no sooner.
        """
        if len(self.approvals) >= APPROVALS:
            return self.approvals[APPROVALS - 1].at
        if not solo or not self.approvals:
            return 0
        return max(self.approvals[0].at, since) + SOLO_DELAY_US

    def may_approve(self, who: bytes) -> bool:
        """Nobody approves what is for themselves."""
        return self.kind not in OF_ONE_PERSON or who != self.target

    def approved_by(self, approval: Approval) -> Grant:
        """With one more approval; the same person's second one changes nothing, and that of
        somebody who had left and came back counts anew."""
        if any(one.by == approval.by for one in self.approvals):
            return self
        lapsed = [one for one in self.lapsed if one != approval.by]
        return msgspec.structs.replace(self, approvals=[*self.approvals, approval], lapsed=lapsed)


def digest_of(grant: Grant, subjects: Iterable[bytes], nonce: bytes) -> bytes:
    """What approvers approve: everything the grant allows, of whom, and who proposed it when, in
    one hash. ``nonce`` is this proposal's alone: a word given to it is given to no other like it.

    ``subjects`` are 16-byte ids; their order does not count.
    """
    running = hashlib.sha256(b"serment grant 2")
    terms = (
        grant.kind, grant.establishment, grant.purpose, sorted(grant.fields), grant.not_after,
        grant.target, grant.factor, grant.role, grant.by, grant.at, nonce,
    )  # fmt: skip
    head = msgspec.msgpack.encode(terms)
    running.update(len(head).to_bytes(4, "big") + head)
    for subject in sorted(subjects):
        running.update(subject)
    return running.digest()

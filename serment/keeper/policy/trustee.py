"""The outside trustee of a practice of one: whose signature takes the place of the 72 hours.

Named like an officer, on a grant that waited its 72 hours; of no other role in the house, so that
nothing of a patient's opens for them. They approve after an officer did, never first, and only
with a passkey that counts. Where none of theirs is live any more, the 72 hours are back, counted
from that instant: who ends a trusteeship hastens nothing.
"""

from __future__ import annotations

from typing import Final

from serment.keeper.house import House
from serment.keeper.passkeys import rows
from serment.keeper.passkeys.rows import Member, Passkey
from serment.keeper.policy.grants import Grant
from serment.keeper.rights import OFFICERS, Capability
from serment.keeper.wire import Request
from serment.keeper.words import VERIFIED

TRUSTEE: Final = "trustee"
DECIDING: Final = OFFICERS | {TRUSTEE}
"""Roles that nobody is given but on what was approved."""


def waits_alone(house: House, establishment: bytes) -> bool:
    """Does time take the second person's place here: a practice of one whom nobody seconds?"""
    return house.standing.is_solo(establishment) and not _live(house, establishment)


def alone_since(house: House, establishment: bytes) -> int:
    """When the last trustee was gone (µs); 0 where there never was one."""
    return max((one.revoked_at for one in _counted(house, establishment)), default=0)


def may_approve(house: House, ask: Request, who: Capability, grant: Grant) -> bool:
    """An officer; or the trustee with a signature, once somebody of the house has approved."""
    if who.role in OFFICERS:
        return True
    return bool(grant.approvals) and _signs(house, ask, who)


def may_refuse(house: House, ask: Request, who: Capability) -> bool:
    """A trustee refuses with a signature, as they approve; of others this asks nothing."""
    return who.role != TRUSTEE or _signs(house, ask, who)


def fits(known: Member, role: str) -> bool:
    """Nobody turns trustee beside another role, and no trustee into something else: it ends."""
    return TRUSTEE not in (known.role, role) or known.role in ("", role)


def _signs(house: House, ask: Request, who: Capability) -> bool:
    known = rows.member(house.store, who.id)
    return (
        ask.evidence == VERIFIED
        and house.standing.is_solo(who.establishment or b"")
        and known is not None
        and (known.role, known.establishment) == (TRUSTEE, who.establishment)
        and not known.ended_at
    )


def _live(house: House, establishment: bytes) -> bool:
    return any(one.live for one in _counted(house, establishment))


def _counted(house: House, establishment: bytes) -> list[Passkey]:
    """Passkeys of trustees of this house that ever counted."""
    now = house.now()
    return [
        one
        for one in rows.passkeys_at(house.store, establishment)
        if one.role == TRUSTEE and one.settled(now)
    ]

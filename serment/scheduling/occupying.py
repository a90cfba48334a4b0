"""Taking and giving back time: the few statements that write ``occupancy``.

All must run inside a transaction that stands in the claimant's establishment. Who is first is
decided by the exclusion constraint and by nothing before it. ``ON CONFLICT DO NOTHING`` also keeps
two simultaneous claims from waiting for each other until one is shot as a deadlock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from serment import ids
from serment.directory.pipeline import Statement, together
from serment.scheduling import wall_clock
from serment.scheduling.availability import Need

# A hold nobody came back for gives way to whoever asks next.
_DROP_EXPIRED = """
DELETE FROM scheduling_occupancy
WHERE establishment_id = %(tenant)s AND claimant_id = %(claimant)s
  AND span && tstzrange(%(from)s, %(to)s) AND kind = 'hold' AND expires_at <= %(now)s
"""

# Waits for a rival's transaction to end; inserts nothing if the rival took the time.
_CLAIM = """
INSERT INTO scheduling_occupancy
  (id, establishment_id, claimant_id, span, kind, exclusive, expires_at, appointment_id,
   companion_of)
VALUES (%(id)s, %(tenant)s, %(claimant)s, tstzrange(%(from)s, %(to)s), %(kind)s,
        %(exclusive)s, %(expires)s, %(appointment)s, %(companion)s)
ON CONFLICT DO NOTHING
RETURNING id
"""

_DROP_HOLD = """
DELETE FROM scheduling_occupancy
WHERE id = %(id)s AND establishment_id = %(tenant)s AND claimant_id = %(claimant)s
  AND kind = 'hold'
"""

_GET_UP = """
DELETE FROM scheduling_seat
WHERE establishment_id = %(tenant)s AND appointment_id = %(appointment)s
"""

_RELEASE = """
DELETE FROM scheduling_occupancy
WHERE establishment_id = %(tenant)s AND appointment_id = %(appointment)s
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """Time wanted on one claimant, buffers included."""

    tenant: UUID
    claimant: UUID
    starts_at: datetime
    ends_at: datetime

    def values(self) -> dict[str, Any]:
        """As the statements name them."""
        return {
            "tenant": self.tenant,
            "claimant": self.claimant,
            "from": self.starts_at,
            "to": self.ends_at,
        }


def take(
    claim: Claim,
    now: datetime,
    *,
    kind: str,
    exclusive: bool = True,
    expires_at: datetime | None = None,
    appointment_id: UUID | None = None,
    companion_of: UUID | None = None,
    row_id: UUID | None = None,
) -> UUID | None:
    """Take the time; the row's id, or None where somebody else has it."""
    values = claim.values() | {
        "id": row_id or ids.new_id(),
        "now": now,
        "kind": kind,
        "exclusive": exclusive,
        "expires": expires_at,
        "appointment": appointment_id,
        "companion": companion_of,
    }
    _dropped, claimed = together([(_DROP_EXPIRED, values), (_CLAIM, values)])
    return claimed[0][0] if claimed else None


def take_needed(
    needs: Sequence[Need],
    claim: Claim,
    now: datetime,
    *,
    kind: str,
    expires_at: datetime | None = None,
    appointment_id: UUID | None = None,
    companion_of: UUID | None = None,
) -> bool:
    """Take one of each kind needed for the same time; False where there is none left.

    Those seen free are asked for first, in the order of the house; one that a rival took meanwhile
    gives way to the next.
    """
    block = wall_clock.minute_of(claim.starts_at), wall_clock.minute_of(claim.ends_at)
    for need in needs:
        free = need.free(block)
        others = [one for one in need.claimants if one not in free]
        if not any(
            take(
                replace(claim, claimant=one),
                now,
                kind=kind,
                expires_at=expires_at,
                appointment_id=appointment_id,
                companion_of=companion_of,
            )
            for one in [*free, *others]
        ):
            return False
    return True


def drop_hold(claimant: UUID, tenant: UUID, hold_id: UUID | None) -> Statement:
    """The statement that gives a hold back; none is given back where there is none."""
    return _DROP_HOLD, {"id": hold_id, "tenant": tenant, "claimant": claimant}


def release(tenant: UUID, appointment_id: UUID) -> None:
    """Free all time that an appointment takes, and its seat in a group."""
    values = {"tenant": tenant, "appointment": appointment_id}
    together([(_RELEASE, values), (_GET_UP, values)])

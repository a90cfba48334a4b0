"""Who keeps a slot while filling a form: at most one hold per account, whatever it does at once.

``Occupancy`` has no person in it. A holder row names an account by a keyed tag, which says nothing
without the web's own secret, and lives only as long as the hold: the row of time taken goes, and
the database takes the holder with it (foreign key). So no tag ever lies beside an appointment.

All must run inside a transaction. What one account does at once happens one after the other: each
act takes the account's lock first, and keeps it until its transaction ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from serment.directory import tenancy
from serment.directory.pipeline import Rows, Statement, together
from serment.disclosure import Actor
from serment.scheduling import occupying, wall_clock
from serment.scheduling.availability import Span
from serment.scheduling.occupying import Claim

SETTING = "serment.holder"
HOLD_MINUTES = 10
_SALT = "serment.scheduling.holders"

_LOCK = "SELECT pg_advisory_xact_lock(%s)"
_NAME = f"SELECT set_config('{SETTING}', %s, true)"

# The span is seen where the hold lies in the establishment in which the transaction stands.
_HELD = """
SELECT h.establishment_id, h.claimant_id, h.occupancy_id, h.expires_at, lower(o.span),
       upper(o.span), ARRAY(
         SELECT c.claimant_id FROM scheduling_occupancy c
         WHERE c.companion_of = h.occupancy_id AND c.establishment_id = h.establishment_id
       )
FROM scheduling_holder h
LEFT JOIN scheduling_occupancy o
  ON o.id = h.occupancy_id AND o.establishment_id = h.establishment_id
WHERE h.tag = %(tag)s
"""

_KEEP = """
INSERT INTO scheduling_holder (tag, establishment_id, claimant_id, occupancy_id, expires_at)
VALUES (%(tag)s, %(tenant)s, %(claimant)s, %(occupancy)s, %(expires)s)
ON CONFLICT (tag) DO UPDATE
SET establishment_id = excluded.establishment_id, claimant_id = excluded.claimant_id,
    occupancy_id = excluded.occupancy_id, expires_at = excluded.expires_at
"""

# The time of the account's hold on this claimant, if it has one there.
_DROP_ON = """
DELETE FROM scheduling_occupancy
WHERE establishment_id = %(tenant)s AND claimant_id = %(claimant)s AND kind = 'hold'
  AND id = (SELECT occupancy_id FROM scheduling_holder WHERE tag = %(tag)s)
RETURNING establishment_id, claimant_id, id, expires_at, lower(span), upper(span)
"""

# All that the account keeps where the transaction stands.
_MINE = """
SELECT o.claimant_id, lower(o.span), upper(o.span)
FROM scheduling_holder h
JOIN scheduling_occupancy o ON o.establishment_id = h.establishment_id
  AND (o.id = h.occupancy_id OR o.companion_of = h.occupancy_id)
WHERE h.tag = %(tag)s
"""

_SWEEP = "DELETE FROM scheduling_holder WHERE expires_at <= %(now)s"


@dataclass(frozen=True, slots=True)
class Held:
    """The hold of an account; ``starts_at`` and ``ends_at`` only in its own establishment."""

    tenant: UUID
    claimant: UUID
    occupancy: UUID
    expires_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    companions: Sequence[UUID] = ()
    """Rooms kept with it."""

    def keeps(self, claim: Claim, now: datetime) -> bool:
        """Whether this very time is still kept."""
        mine = (self.tenant, self.claimant, self.starts_at, self.ends_at)
        wanted = (claim.tenant, claim.claimant, claim.starts_at, claim.ends_at)
        return mine == wanted and self.expires_at > now


def tag_of(actor: Actor) -> bytes:
    """The account as its holder row names it; the key is derived from the web's own secret."""
    return salted_hmac(_SALT, actor.id.hex, algorithm="sha256").digest()


def stand(tag: bytes, *, lock: bool = True) -> list[Statement]:
    """Statements that take the account's lock and let its holder row, and no other, be seen."""
    named: Statement = (_NAME, [tag.hex()])
    return [_lock(tag), named] if lock else [named]


def held_statement(tag: bytes, *, lock: bool = True) -> Statement:
    """Asks for the account's hold; ``held`` reads the rows."""
    return _HELD + ("FOR UPDATE OF h" if lock else ""), {"tag": tag}


def held(rows: Rows) -> Held | None:
    """The hold, from the rows of a ``held_statement``."""
    return Held(*rows[0]) if rows else None


def judged_at(kept: Held | None, claim: Claim, now: datetime) -> datetime:
    """The moment by which a slot's notice is judged: for whoever keeps it, when they took it.

    What is said to be kept must not be refused because its notice ran out meanwhile. A slot that
    has begun is late for everybody.
    """
    if kept is None or not kept.keeps(claim, now) or claim.starts_at <= now:
        return now
    return min(now, kept.expires_at - timedelta(minutes=HOLD_MINUTES))


def mine_statements(tag: bytes) -> list[Statement]:
    """Ask for every stretch of time the account keeps in this establishment, by claimant; the rows
    of the last statement say it."""
    return [*stand(tag, lock=False), (_MINE, {"tag": tag})]


def mine(tag: bytes) -> dict[UUID, set[Span]]:
    """The same, as minutes by claimant; the transaction stands in the house."""
    *_stand, rows = together(mine_statements(tag))
    found: dict[UUID, set[Span]] = {}
    for claimant, start, end in rows:
        span = wall_clock.minute_of(start), wall_clock.minute_of(end)
        found.setdefault(claimant, set()).add(span)
    return found


def drop_on(tag: bytes, tenant: UUID, claimant: UUID) -> Statement:
    """The statement that gives back what the account holds on this claimant; its rows say what
    it held, for ``held``."""
    return _DROP_ON, {"tag": tag, "tenant": tenant, "claimant": claimant}


def keep(tag: bytes, claim: Claim, occupancy: UUID, expires_at: datetime) -> None:
    """Name the account's hold, in the place of any it had."""
    values: dict[str, Any] = {
        "tag": tag,
        "tenant": claim.tenant,
        "claimant": claim.claimant,
        "occupancy": occupancy,
        "expires": expires_at,
    }
    together([(_KEEP, values)])


def give_back(former: Held) -> None:
    """Free the time of a hold, in its own establishment; whoever removes it just now may."""
    with tenancy.inside(former.tenant):
        together([occupying.drop_hold(former.claimant, former.tenant, former.occupancy)])


def _lock(tag: bytes) -> Statement:
    return _LOCK, [int.from_bytes(tag[:8], "big", signed=True)]


def sweep(now: datetime) -> None:
    """Forget who kept what is kept no longer; the worker alone sees the rows of all accounts."""
    with transaction.atomic():
        together([(_SWEEP, {"now": now})])

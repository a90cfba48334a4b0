"""What a patient has to come already, recognised when asked for again, and bounded; what they
missed, where the house has a rule about that.

The keeper tells which visits are the account's; nothing in the database does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import ngettext

from serment.directory import tenancy
from serment.directory.pipeline import Rows, Statement
from serment.disclosure import Actor, gate
from serment.scheduling import missed_limit, refusals
from serment.scheduling.cancelling import STANDING
from serment.scheduling.missed import COUNTED
from serment.scheduling.missed_limit import Limit, Rule, Visit

WITH_ONE_MAX = 3
"""Visits to come that one account may have with one practitioner, wherever they receive."""
IN_ALL_MAX = 12

_TO_COME = """
SELECT a.id, a.role_id = %(role)s AND a.starts_at = %(starts_at)s,
       r.practitioner_id = asked.practitioner_id, a.starts_at, a.status = 'noshow',
       t.missed_max, t.missed_months
FROM scheduling_appointment a
JOIN directory_practitionerrole r ON r.id = a.role_id
JOIN directory_practitionerrole asked ON asked.id = %(role)s
LEFT JOIN scheduling_onlineterms t
  ON t.establishment_id = asked.establishment_id AND t.missed_max > 0
WHERE a.id = ANY(%(records)s) AND a.starts_at > %(now)s AND a.status = ANY(%(standing)s)
   OR a.id = ANY(%(own)s) AND a.establishment_id = t.establishment_id
      AND a.status = 'noshow' AND a.missed = ANY(%(counted)s) AND a.starts_at > %(since)s
"""


@dataclass(frozen=True, slots=True)
class ToCome:
    """What the rows say about the time asked for."""

    this_one: UUID | None
    with_practitioner: int
    in_all: int
    limit: Limit | None = None
    """By what the person who comes missed in that house, where it has a rule."""

    def check(self, *, whoever: bool = False) -> None:
        """Raises ``AlreadyYours`` for the very same visit, ``AskedToCall`` after missed ones,
        ``TooMany`` at the bound. ``whoever``: who will come is not said yet."""
        if self.this_one is not None:
            raise refusals.AlreadyYours(self.this_one)
        if self.limit is not None and not whoever:
            raise refusals.AskedToCall(self.limit)
        if self.with_practitioner >= WITH_ONE_MAX:
            raise refusals.TooMany(
                ngettext(
                    "Vous avez déjà %(count)d rendez-vous à venir chez ce soignant. Annulez-le pour"
                    " en prendre un autre, ou téléphonez au cabinet.",
                    "Vous avez déjà %(count)d rendez-vous à venir chez ce soignant. Annulez-en un"
                    " pour en prendre un autre, ou téléphonez au cabinet.",
                    WITH_ONE_MAX,
                )
                % {"count": WITH_ONE_MAX}
            )
        if self.in_all >= IN_ALL_MAX:
            raise refusals.TooMany(
                ngettext(
                    "Vous avez déjà %(count)d rendez-vous à venir. Annulez-le pour en prendre un"
                    " autre, ou téléphonez au cabinet.",
                    "Vous avez déjà %(count)d rendez-vous à venir. Annulez-en un pour en prendre un"
                    " autre, ou téléphonez au cabinet.",
                    IN_ALL_MAX,
                )
                % {"count": IN_ALL_MAX}
            )


def statements(
    actor: Actor, role_id: UUID, starts_at: datetime, now: datetime, persons: Sequence[UUID] = ()
) -> list[Statement]:
    """Ask what the account has to come; the rows of the last one are what ``to_come`` wants.

    ``persons``: whose visits count, where it is not the account's own alone; the first is who
    comes, and only what they missed is asked. Leaves the transaction standing before these records.
    Two bookings at once count each other only where the caller holds the account's lock
    (``holders``).
    """
    own, *others = [gate.records_of(actor, one) for one in persons or (actor.id,)]
    records = [*own, *(record for some in others for record in some)]
    values = {
        "role": role_id,
        "starts_at": starts_at,
        "now": now,
        "records": records,
        "standing": [str(status) for status in STANDING],
        "own": own,
        "counted": [str(one) for one in COUNTED],
        "since": now - missed_limit.YEAR,
    }
    return [
        ("SELECT set_config(%s, %s, true)", [tenancy.RECORDS, ",".join(map(str, records))]),
        (_TO_COME, values),
    ]


def to_come(rows: Rows, now: datetime) -> ToCome:
    """From the rows of ``statements``."""
    coming = [row for row in rows if not row[4]]
    missed = [row for row in rows if row[4]]
    rule = Rule(*missed[0][5:]) if missed else None
    return ToCome(
        this_one=next((row[0] for row in coming if row[1]), None),
        with_practitioner=sum(row[2] for row in coming),
        in_all=len(coming),
        limit=missed_limit.limit([Visit(row[0], row[3]) for row in missed], rule, now),
    )

"""What a patient has to come already: recognised when asked for again, and bounded.

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
from serment.scheduling import refusals
from serment.scheduling.cancelling import STANDING

WITH_ONE_MAX = 3
"""Visits to come that one account may have with one practitioner, wherever they receive."""
IN_ALL_MAX = 12

_TO_COME = """
SELECT a.id, a.role_id = %(role)s AND a.starts_at = %(starts_at)s,
       r.practitioner_id = asked.practitioner_id
FROM scheduling_appointment a
JOIN directory_practitionerrole r ON r.id = a.role_id
JOIN directory_practitionerrole asked ON asked.id = %(role)s
WHERE a.id = ANY(%(records)s) AND a.starts_at > %(now)s AND a.status = ANY(%(standing)s)
"""


@dataclass(frozen=True, slots=True)
class ToCome:
    """What the rows say about the time asked for."""

    this_one: UUID | None
    with_practitioner: int
    in_all: int

    def check(self) -> None:
        """Raises ``AlreadyYours`` for the very same visit, ``TooMany`` at the bound."""
        if self.this_one is not None:
            raise refusals.AlreadyYours(self.this_one)
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

    ``persons``: whose visits count, where it is not the account's own alone. Leaves the transaction
    standing before these records. Two bookings at once count each other only where the caller holds
    the account's lock (``holders``).
    """
    whose = persons or (actor.id,)
    records = [record for one in whose for record in gate.records_of(actor, one)]
    values = {
        "role": role_id,
        "starts_at": starts_at,
        "now": now,
        "records": records,
        "standing": [str(status) for status in STANDING],
    }
    return [
        ("SELECT set_config(%s, %s, true)", [tenancy.RECORDS, ",".join(map(str, records))]),
        (_TO_COME, values),
    ]


def to_come(rows: Rows) -> ToCome:
    """From the rows of ``statements``."""
    return ToCome(
        this_one=next((row[0] for row in rows if row[1]), None),
        with_practitioner=sum(row[2] for row in rows),
        in_all=len(rows),
    )

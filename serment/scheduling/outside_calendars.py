"""Calendars elsewhere that take a practitioner's time here, and give it back.

All must run inside a transaction that stands in the house. Of such a calendar spans are kept and
nothing else; from those of all of somebody's calendars follows the time taken in each of their
agendas in this house. It is never exclusive: what is booked stays booked, and where both want the
same time the practitioner is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F

from serment.directory.models import PractitionerRole
from serment.directory.pipeline import together
from serment.scheduling import wall_clock
from serment.scheduling.models import Appointment, Occupancy, OutsideCalendar

Span = tuple[datetime, datetime]

EACH_MAX: Final = 5
"""Calendars that one practitioner may connect in one house."""
BACK: Final = timedelta(days=1)
AHEAD: Final = timedelta(days=400)
"""As far as anybody books: beyond, a calendar is read again before it matters."""
_ROWS_A_STATEMENT: Final = 500
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 5))"


@dataclass(frozen=True, slots=True)
class Clash:
    """An appointment that an outside calendar takes the time of; whose it is, is not opened."""

    id: UUID
    role_id: UUID
    starts_at: datetime
    ends_at: datetime

    @property
    def name(self) -> str:
        """As ``settled`` writes it: at another time it is asked about again."""
        return f"{self.id.hex}@{int(self.starts_at.timestamp())}"


def window(now: datetime) -> Span:
    """The time that matters of such a calendar."""
    return now - BACK, now + AHEAD


def agendas_of(role_id: UUID) -> list[UUID]:
    """All agendas of that practitioner in that house: who is away is away from each of them."""
    role = PractitionerRole.objects.filter(pk=role_id).values("practitioner_id", "establishment_id")
    found = role.first()
    if found is None:
        return []
    return list(
        PractitionerRole.objects.filter(**found).order_by("id").values_list("id", flat=True)
    )


def of_agenda(tenant: UUID, role_id: UUID) -> list[OutsideCalendar]:
    """The calendars that take time of this agenda."""
    found = OutsideCalendar.objects.filter(establishment_id=tenant, role_id__in=agendas_of(role_id))
    return list(found.order_by("id"))


def write(calendar: OutsideCalendar, spans: Iterable[Span], unread: int, now: datetime) -> None:
    """What it says now; the time taken follows."""
    calendar.spans = [DateTimeTZRange(*span) for span in spans]
    calendar.read_at, calendar.unread = now, min(unread, 9_999)
    calendar.failures, calendar.fault = 0, ""
    calendar.save(
        update_fields=["spans", "read_at", "unread", "failures", "fault", "next_at", "state"]
    )
    rebuild(calendar.establishment_id, calendar.role_id)


def remove(calendar: OutsideCalendar) -> None:
    """Its row goes, and the time it took is free again."""
    tenant, role_id = calendar.establishment_id, calendar.role_id
    calendar.delete()
    rebuild(tenant, role_id)


def rebuild(tenant: UUID, role_id: UUID) -> tuple[int, int]:
    """Make the time taken what the calendars say; how many spans are new, how many are freed."""
    agendas = agendas_of(role_id)
    for agenda in agendas:  # of two readings at once the second sees what the first wrote
        together([(_LOCK, [f"outside {agenda}"])])
    said = OutsideCalendar.objects.filter(establishment_id=tenant, role_id__in=agendas)
    wanted = set(
        merged(
            (one.lower, one.upper) for row in said.values_list("spans", flat=True) for one in row
        )
    )
    added = freed = 0
    for agenda in agendas:
        rows = Occupancy.objects.filter(
            establishment_id=tenant, claimant_id=agenda, kind=Occupancy.Kind.OUTSIDE
        )
        present = {(span.lower, span.upper): pk for pk, span in rows.values_list("id", "span")}
        gone, new = present.keys() - wanted, sorted(wanted - present.keys())
        rows.filter(pk__in=[present[span] for span in gone]).delete()
        Occupancy.objects.bulk_create(
            [_row(tenant, agenda, span) for span in new], batch_size=_ROWS_A_STATEMENT
        )
        added, freed = added + len(new), freed + len(gone)
    return added, freed


def _row(tenant: UUID, claimant: UUID, span: Span) -> Occupancy:
    return Occupancy(
        establishment_id=tenant, claimant_id=claimant, span=DateTimeTZRange(*span),
        kind=Occupancy.Kind.OUTSIDE, exclusive=False,
    )  # fmt: skip


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in order and disjoint; what touches is one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


_CLASHES = """
SELECT DISTINCT a.id, a.role_id, a.starts_at, a.ends_at
FROM scheduling_appointment a
JOIN scheduling_occupancy o
  ON o.establishment_id = a.establishment_id AND o.claimant_id = a.role_id
 AND o.kind = 'outside' AND o.span && tstzrange(a.starts_at, a.ends_at)
WHERE a.establishment_id = %(tenant)s AND a.role_id = ANY(%(roles)s)
  AND a.status = ANY(%(standing)s) AND a.starts_at > %(now)s
ORDER BY a.starts_at, a.id
"""


def clashes(tenant: UUID, roles: Sequence[UUID], now: datetime) -> list[Clash]:
    """Appointments to come that an outside calendar overlaps, and nobody said may stay."""
    if not roles:
        return []
    values = {
        "tenant": tenant,
        "roles": list(roles),
        "standing": [str(one) for one in Appointment.STANDING],
        "now": now,
    }
    (rows,) = together([(_CLASHES, values)])
    if not rows:
        return []
    said = OutsideCalendar.objects.filter(establishment_id=tenant).values_list("settled", flat=True)
    settled = {name for names in said for name in names}
    return [one for one in (Clash(*row) for row in rows) if one.name not in settled]


def taken(tenant: UUID, role_id: UUID, around: Span, *, using: str) -> tuple[tuple[int, int], ...]:
    """What outside calendars take of an agenda around some time, in minutes as the engine counts.

    A day wider on both sides: a visit that starts within may reach beyond.
    """
    wide = around[0] - timedelta(days=1), around[1] + timedelta(days=1)
    rows = Occupancy.objects.using(using).filter(
        establishment_id=tenant, claimant_id=role_id, kind=Occupancy.Kind.OUTSIDE,
        span__overlap=DateTimeTZRange(*wide),
    )  # fmt: skip
    return tuple(
        (wall_clock.minute_of(span.lower), wall_clock.minute_after(span.upper))
        for span in rows.values_list("span", flat=True)
    )


def settle(tenant: UUID, role_id: UUID, appointment_id: UUID, now: datetime) -> bool:
    """It stays, whatever the other calendar says of that time; False where there is no question."""
    agendas = agendas_of(role_id)
    asked = {one.id: one for one in clashes(tenant, agendas, now)}
    calendars = OutsideCalendar.objects.filter(establishment_id=tenant, role_id__in=agendas)
    if appointment_id not in asked or not calendars.exists():
        return False
    name = asked[appointment_id].name
    for calendar in calendars.select_for_update():
        past = f"@{int(now.timestamp())}"
        kept = [one for one in calendar.settled if _second(one) >= _second(past)]
        calendar.settled = [*kept, name]
        calendar.save(update_fields=["settled"])
    return True


def _second(name: str) -> int:
    return int(name.rpartition("@")[2])


def failed(calendar_id: UUID, tenant: UUID, fault: str, next_at: datetime) -> None:
    """It could not be read: what it last said stays."""
    rows = OutsideCalendar.objects.filter(pk=calendar_id, establishment_id=tenant)
    rows.update(failures=F("failures") + 1, fault=fault, next_at=next_at)

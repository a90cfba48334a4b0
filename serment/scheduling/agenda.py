"""A day or a week of one or several roles: time and state, never a name.

Must run inside a transaction that stands in the establishment. Names are opened apart, per column
or day, through the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.db.models.functions import Lower

from serment import clock
from serment.scheduling import availability, groups, rules, wall_clock
from serment.scheduling.attending import Presence, presence
from serment.scheduling.models import Absence, Appointment, Closure, Occupancy

USING = "default"
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Entry:
    """Something at a time. ``kind``: one of time taken, or absence."""

    id: UUID
    role_id: UUID
    starts_at: datetime
    ends_at: datetime
    kind: str
    status: str = ""
    """Of an appointment: its FHIR status."""
    overbooked: bool = False
    presence: Presence | None = None
    """Of somebody who is here: since when."""
    note: str = ""
    """Of an absence: what the practice shows in public."""
    seats: tuple[int, int] | None = None
    """Of a session in a group: taken, and all."""


@dataclass(slots=True)
class Column:
    """One role's day: entries by start, and the openings behind them."""

    role_id: UUID
    day: date
    entries: list[Entry] = field(default_factory=list)
    openings: list[tuple[datetime, datetime]] = field(default_factory=list)
    shortest: int = 10
    """How many minutes the shortest visit takes here: a gap below it is nobody's."""

    @property
    def booked_count(self) -> int:
        """Appointments that stand."""
        return sum(
            entry.kind == "appointment" and entry.status != "cancelled" for entry in self.entries
        )


def day(
    establishment_id: UUID,
    role_ids: Sequence[UUID],
    on: date,
    zone: ZoneInfo,
    *,
    cancelled: bool = False,
) -> list[Column]:
    """One column a role, in the order asked; ``cancelled`` shows cancelled appointments too."""
    return _columns(establishment_id, role_ids, on, 1, zone, cancelled=cancelled)


def week(
    establishment_id: UUID,
    role_ids: Sequence[UUID],
    monday: date,
    zone: ZoneInfo,
    *,
    cancelled: bool = False,
) -> dict[date, list[Column]]:
    """Seven days from ``monday``, each as ``day`` gives it."""
    found: dict[date, list[Column]] = {}
    for column in _columns(
        establishment_id, role_ids, monday, WEEK_DAYS, zone, cancelled=cancelled
    ):
        found.setdefault(column.day, []).append(column)
    return found


def _columns(
    establishment_id: UUID,
    role_ids: Sequence[UUID],
    first: date,
    days: int,
    zone: ZoneInfo,
    *,
    cancelled: bool,
) -> list[Column]:
    start = datetime.combine(first, datetime.min.time(), zone)
    end = datetime.combine(first + timedelta(days=days), datetime.min.time(), zone)
    columns = {
        (on, role): Column(role, on)
        for on in (first + timedelta(days=n) for n in range(days))
        for role in role_ids
    }
    entries = [
        *_appointments(establishment_id, role_ids, start, end, cancelled=cancelled),
        *_other_time(establishment_id, role_ids, start, end),
        *_absences(establishment_id, role_ids, start, end),
    ]
    for entry in sorted(entries, key=lambda entry: (entry.starts_at, entry.ends_at)):
        on = max(first, entry.starts_at.astimezone(zone).date())
        while on < first + timedelta(days=days) and _midnight(on, zone) < entry.ends_at:
            columns[(on, entry.role_id)].entries.append(entry)
            on += timedelta(days=1)
    plans = rules.plans(
        role_ids, (wall_clock.minute_of(start), wall_clock.minute_of(end)), using=USING
    )
    shut = list(
        Closure.objects.filter(establishment_id=establishment_id, span__overlap=(start, end))
    )
    for column in columns.values():
        plan = plans.get(column.role_id)
        if plan is not None:
            _open(column, plan, shut)
    return list(columns.values())


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, datetime.min.time(), zone)


def _appointments(
    establishment_id: UUID,
    role_ids: Sequence[UUID],
    start: datetime,
    end: datetime,
    *,
    cancelled: bool,
) -> list[Entry]:
    # ends_at: a visit is at most eight hours (reason_duration_sane), so the index bounds the start.
    found = Appointment.objects.filter(
        establishment_id=establishment_id,
        role_id__in=role_ids,
        starts_at__gte=start - timedelta(hours=8),
        starts_at__lt=end,
        ends_at__gt=start,
    )
    if not cancelled:
        found = found.exclude(status=Appointment.Status.CANCELLED)
    over = set(
        Occupancy.objects.filter(
            establishment_id=establishment_id,
            claimant_id__in=role_ids,
            span__overlap=(start, end),
            exclusive=False,
            appointment_id__isnull=False,
        ).values_list("appointment_id", flat=True)
    )
    return [
        Entry(
            pk,
            role,
            starts,
            ends,
            "appointment",
            status,
            overbooked=pk in over,
            presence=presence(kept, pk),
        )
        for pk, role, starts, ends, status, kept in found.values_list(
            "id", "role_id", "starts_at", "ends_at", "status", "presence"
        )
    ]


def _other_time(
    establishment_id: UUID, role_ids: Sequence[UUID], start: datetime, end: datetime
) -> list[Entry]:
    found = (
        Occupancy.objects.filter(
            establishment_id=establishment_id,
            claimant_id__in=role_ids,
            span__overlap=(start, end),
        )
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now()))
        .exclude(kind=Occupancy.Kind.APPOINTMENT)
        .order_by(Lower("span"))
    )
    rows = list(found)
    seats = _seats(rows, role_ids, start, end)
    return [
        Entry(
            row.id, row.claimant_id, row.span.lower, row.span.upper, row.kind,
            seats=seats.get(row.id),
        )
        for row in rows
    ]  # fmt: skip


def _seats(
    rows: Sequence[Occupancy], role_ids: Sequence[UUID], start: datetime, end: datetime
) -> dict[UUID, tuple[int, int]]:
    """By session; asked only where there is one."""
    if not any(row.kind == Occupancy.Kind.SESSION for row in rows):
        return {}
    coming = groups.coming(role_ids, (start - timedelta(hours=8), end), clock.now())
    return {one.id: (one.taken, one.seats) for one in coming}


def _absences(
    establishment_id: UUID, role_ids: Sequence[UUID], start: datetime, end: datetime
) -> list[Entry]:
    found = Absence.objects.filter(
        establishment_id=establishment_id, role_id__in=role_ids, span__overlap=(start, end)
    )
    return [
        Entry(
            row.id,
            row.role_id,
            row.span.lower or start,
            row.span.upper or end,
            "absence",
            note=row.public_note,
        )
        for row in found
    ]


def _open(column: Column, plan: rules.Plan, shut: Sequence[Closure]) -> None:
    """The openings of one day, and what closes some of it for more than one date or person."""
    calendar, on = plan.calendar, column.day
    lengths = [one.visit.block for one in plan.reasons.values() if not one.in_groups]
    column.shortest = min(lengths, default=column.shortest)
    opened = availability.open_spans(calendar, None, on)
    spans = availability.merged((start, end) for start, end, _ in opened)
    column.openings = [
        (wall_clock.instant_of(low), wall_clock.instant_of(high))
        for low, high in availability.without(spans, availability.shut_spans(calendar, on))
    ]
    midnight = _midnight(on, calendar.zone), _midnight(on + timedelta(days=1), calendar.zone)
    noon = wall_clock.minute_of(midnight[0]) + wall_clock.DAY_MINUTES // 2
    if any(one.within[0] <= noon < one.within[1] for one in plan.stand_ins):
        # Away, and yet somebody receives in their place: the day is not drawn as closed.
        column.entries = [entry for entry in column.entries if entry.kind != "absence"]
    column.entries += [
        Entry(row.id, plan.role_id, row.span.lower, row.span.upper, "absence", note=row.public_note)
        for row in shut
        if row.site_id in (None, plan.site_id)
        and row.span.lower < midnight[1]
        and row.span.upper > midnight[0]
    ]
    for away in calendar.away:
        for low, high in availability.away_spans(replace(calendar, away=(away,)), on):
            since, until = wall_clock.instant_of(low), wall_clock.instant_of(high)
            column.entries.append(
                Entry(plan.role_id, plan.role_id, since, until, "absence", note=away.note)
            )
    column.entries.sort(key=lambda entry: (entry.starts_at, entry.ends_at))

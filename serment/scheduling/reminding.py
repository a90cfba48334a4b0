"""What reminders ask of the agenda, and the right to remind that a booking signs besides.

The outbox finds the visits a reminder is due of; here is which stand and when, and nothing of whose
they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from serment.directory.models import Site
from serment.disclosure import gate
from serment.outbox import registry, reminders
from serment.scheduling import sealed_details
from serment.scheduling.models import Appointment

AHEAD_MAX: Final = timedelta(days=399) - reminders.MOVES
"""The keeper signs for no longer; of a visit beyond nobody is reminded until it is moved."""
_PAGE: Final = 500
_TO_COME: Final = (Appointment.Status.BOOKED, Appointment.Status.PENDING)


def errands(appointment: Appointment, now: datetime) -> list[gate.Errand]:
    """What whoever books signs for reminders."""
    if appointment.starts_at > now + AHEAD_MAX:
        return []
    return [reminders.errand(appointment.id, appointment.starts_at)]


def right(
    appointment: Appointment, details: str, tickets: Sequence[bytes]
) -> reminders.Right | None:
    """The right to remind, once its errand is signed."""
    if not tickets:
        return None
    known = sealed_details.read(details)
    opens = reminders.window(appointment.starts_at)
    return reminders.right(
        appointment.id,
        tickets[0],
        known.reason,
        counted=known.counted,
        opens=opens,
        linked=known.step > 0,
        seals=True,
    )


def keep(appointment: Appointment, details: str, tickets: Sequence[bytes]) -> None:
    """The same, in place of the former time's; in the transaction of the move."""
    given = right(appointment, details, tickets)
    if given is None:
        reminders.forget(appointment.establishment_id, appointment.id)
    else:
        reminders.keep(appointment.establishment_id, appointment.id, given)


def _zones(house: UUID) -> set[str]:
    return set(Site.objects.filter(establishment_id=house).values_list("timezone", flat=True))


def _starting(house: UUID, since: datetime, until: datetime) -> Iterator[registry.Visit]:
    """By start and id, a page at a time: a thousand visits at once take no more room than one."""
    found = Appointment.objects.filter(
        establishment_id=house, status__in=_TO_COME, starts_at__lt=until
    ).order_by("starts_at", "id")
    rows = found.values_list("id", "starts_at", "role__site__timezone")
    after: tuple[datetime, UUID] | None = None
    while True:
        page = rows.filter(starts_at__gte=since) if after is None else rows.filter(
            starts_at__gte=after[0]
        ).exclude(starts_at=after[0], id__lte=after[1])  # fmt: skip
        some = list(page[:_PAGE])
        yield from (registry.Visit(*row) for row in some)
        if len(some) < _PAGE:
            return
        after = some[-1][1], some[-1][0]


def _to_come(house: UUID, records: list[UUID], now: datetime) -> set[UUID]:
    found = Appointment.objects.filter(
        establishment_id=house, pk__in=records, status__in=_TO_COME, starts_at__gt=now
    )
    return set(found.values_list("pk", flat=True))


VISITS: Final = registry.Visits(_zones, _starting, _to_come)

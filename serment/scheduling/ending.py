"""Hours that end on a day: whoever has left is booked no more, and what is booked is counted.

Nothing booked changes here. A visit is moved or cancelled one by one from the agenda, where the
person is told as ever.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from serment.directory import tenancy
from serment.directory.models import PractitionerRole
from serment.disclosure import Actor
from serment.errors import NotThere
from serment.identity import rights
from serment.scheduling.models import Appointment, OpeningException, WeeklyOpening


@dataclass(frozen=True, slots=True)
class Hours:
    """What a published entry still offers: ``until`` is the last day of its hours, None where they
    go on; ``days``: visits that stand, by the site's day."""

    role: UUID
    open: bool
    until: date | None
    days: tuple[tuple[date, int], ...]

    @property
    def visits(self) -> int:
        """How many visits stand."""
        return sum(count for _day, count in self.days)

    def after(self, last: date) -> int:
        """How many of them lie after a day."""
        return sum(count for day, count in self.days if day > last)


def of_role(actor: Actor, role_id: UUID, now: datetime) -> Hours:
    """The hours of an entry of the own house; no name is opened. NotThere for others."""
    rights.require(actor, rights.Act.SET_OPENINGS)
    role = _own(actor, role_id)
    zone = ZoneInfo(role.site.timezone)
    today = now.astimezone(zone).date()
    with tenancy.inside(tenant=actor.establishment):
        still = WeeklyOpening.objects.filter(_goes_on(today), role_id=role_id)
        ends = list(still.values_list("valid_until", flat=True))
        more = OpeningException.objects.filter(
            role_id=role_id, day__gte=today, kind=OpeningException.Kind.OPENED
        )
        ends += more.values_list("day", flat=True)
        standing = Appointment.objects.filter(
            role_id=role_id, status=Appointment.Status.BOOKED, starts_at__gt=now
        ).values_list("starts_at", flat=True)
        days = Counter(at.astimezone(zone).date() for at in standing)
    known = [one for one in ends if one is not None]
    until = max(known) if known and len(known) == len(ends) else None
    return Hours(role_id, bool(ends), until, tuple(sorted(days.items())))


def end_hours(actor: Actor, role_id: UUID, last: date) -> None:
    """No time is offered after ``last``; durable on commit. Earlier ends stay as they are."""
    rights.require(actor, rights.Act.SET_OPENINGS)
    _own(actor, role_id)
    with tenancy.inside(tenant=actor.establishment):
        later = WeeklyOpening.objects.filter(_goes_on(last), role_id=role_id)
        later.filter(valid_from__gt=last).delete()
        later.update(valid_until=last)
        OpeningException.objects.filter(
            role_id=role_id, day__gt=last, kind=OpeningException.Kind.OPENED
        ).delete()


def _goes_on(day: date) -> Q:
    return Q(valid_until=None) | Q(valid_until__gte=day)


def _own(actor: Actor, role_id: UUID) -> PractitionerRole:
    if actor.establishment is None:
        raise NotThere
    role = (
        PractitionerRole.objects.filter(pk=role_id, establishment_id=actor.establishment)
        .select_related("site")
        .first()
    )
    if role is None:
        raise NotThere
    return role

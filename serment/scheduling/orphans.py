"""Appointments that a change of rules would leave without open time, known before it is made.

The change is made in a savepoint, the rules are read as they would then be, and all is put back:
what is shown is what the engine would say, and not a second opinion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from serment.scheduling import availability, explain, rooms, rules, wall_clock
from serment.scheduling.availability import Visit
from serment.scheduling.cancelling import STANDING
from serment.scheduling.diagnosis import Rule, diagnose, shut
from serment.scheduling.models import Appointment, Seat

USING = "default"


@dataclass(frozen=True, slots=True)
class Orphan:
    """An appointment that stood in open time and would not any more; ``because`` names the rule."""

    id: UUID
    role_id: UUID
    starts_at: datetime
    ends_at: datetime
    because: str = ""
    in_group: bool = False
    """Its session stands where it was set, in open hours or not; not while its holder is away."""


class _PutBackError(Exception):
    """Ends the savepoint of a change that was only tried."""


def of_change(roles: Sequence[UUID], act: Callable[[], object], now: datetime) -> list[Orphan]:
    """What ``act`` would orphan of these roles, by time. Nothing of it stays.

    The transaction must stand in the establishment. What ``act`` raises comes through.
    """
    coming = _coming(roles, now)
    inside = _open_for(coming, now)
    orphaned: list[Orphan] = []
    try:
        with transaction.atomic():
            act()
            orphaned = _left_outside(inside, now)
            raise _PutBackError
    except _PutBackError:
        return orphaned


def of_now(roles: Sequence[UUID], now: datetime) -> list[Orphan]:
    """Appointments to come that lie outside open time as the rules are, overbooked ones among
    them."""
    return _left_outside(_coming(roles, now), now)


def _coming(roles: Sequence[UUID], now: datetime) -> list[Orphan]:
    rows = Appointment.objects.filter(role_id__in=roles, status__in=STANDING, starts_at__gt=now)
    values = rows.order_by("starts_at", "id").values_list("id", "role_id", "starts_at", "ends_at")
    found = [Orphan(*row) for row in values]
    seated = Seat.objects.filter(appointment_id__in=[one.id for one in found])
    in_groups = set(seated.values_list("appointment_id", flat=True))
    return [replace(one, in_group=one.id in in_groups) for one in found]


def _open_for(coming: Sequence[Orphan], now: datetime) -> list[Orphan]:
    outside = {one.id for one in _left_outside(coming, now)}
    return [one for one in coming if one.id not in outside]


def _left_outside(coming: Sequence[Orphan], now: datetime) -> list[Orphan]:
    if not coming:
        return []
    last = max(one.ends_at for one in coming)
    window = (wall_clock.minute_of(now), wall_clock.minute_after(last))
    plans = rules.plans([one.role_id for one in coming], window, using=USING)
    broken = rooms.out_of_service([one.id for one in coming])
    found = []
    for one in coming:
        plan = plans.get(one.role_id)
        because = _because(plan, one) if plan else explain.nobody()
        because = because or _without(broken.get(one.id, []))
        if because:
            found.append(replace(one, because=because))
    return found


def _without(names: Sequence[str]) -> str:
    if not names:
        return ""
    return _("Hors service, et rien de libre à sa place : %(what)s.") % {"what": ", ".join(names)}


def _because(plan: rules.Plan, one: Orphan) -> str:
    """Why its time is not open; nothing where it is. Whose reason it is, is sealed: any will do."""
    start, end = wall_clock.minute_of(one.starts_at), wall_clock.minute_after(one.ends_at)
    day = wall_clock.local_date(start, plan.calendar.zone)
    if one.in_group:
        closed = shut(plan.calendar, (start, end), day)
        return explain.sentence(closed, plan) if closed else ""
    opened = availability.merged(
        (low, high) for low, high, _release in availability.open_spans(plan.calendar, None, day)
    )
    left = availability.without(opened, availability.shut_spans(plan.calendar, day))
    if any(low <= start and end <= high for low, high in left):
        return ""
    visit = Visit(one.id, end - start).for_desk()
    finding = diagnose(plan.calendar, visit, [], start, start - 1)
    if finding.rule in (Rule.OFFERED, Rule.OFF_GRID, Rule.OTHER_REASON):
        return ""
    return explain.sentence(finding, plan)

"""Times as the telephone booking tells them: free ones, and what is odd about the chosen one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from serment import clock
from serment.disclosure import Actor, gate
from serment.scheduling import cancelling, search
from serment.scheduling.models import Appointment
from serment.scheduling.recurrence import Public
from serment.scheduling.search import Slot
from serment.web import wording

if TYPE_CHECKING:
    from serment.web.practice.telephone import Choice

SHOWN_DAYS = 7
SLOTS_A_LOOK = 400


@dataclass(frozen=True, slots=True)
class Offered:
    """A free time as a button."""

    value: str
    hour: str
    when: str
    chosen: bool

    @classmethod
    def of(cls, slot: Slot, choice: Choice) -> Offered:
        zone = choice.member.zone
        return cls(
            value=slot.starts_at.isoformat(),
            hour=wording.hour(slot.starts_at, zone),
            when=when(slot.starts_at, zone),
            chosen=slot.starts_at == choice.starts_at,
        )


def when(instant: datetime, zone: ZoneInfo) -> str:
    """ "jeudi 3 décembre à 9 h 00"; with its year whenever it is not this one."""
    on, today = instant.astimezone(zone).date(), clock.now().astimezone(zone).date()
    return _("%(day)s à %(time)s") % {
        "day": wording.day(on, year=on.year != today.year), "time": wording.hour(instant, zone)
    }  # fmt: skip


def beyond(choice: Choice) -> int:
    """How many days ahead this reason is booked, where the time lies beyond them; else 0."""
    if choice.reason is None or choice.starts_at is None:
        return 0
    days = choice.reason.horizon_days
    return days if choice.starts_at > clock.now() + timedelta(days=days) else 0


def same_day(actor: Actor, choice: Choice) -> list[str]:
    """When this person already comes that day, with the same practitioner."""
    if choice.patient is None or choice.starts_at is None:
        return []
    zone = choice.member.zone
    on = choice.starts_at.astimezone(zone).date()
    midnight = datetime.combine(on, datetime.min.time(), zone)
    found = Appointment.objects.filter(
        id__in=gate.records_of(actor, choice.patient, "appointment"),
        role_id=choice.member.id,
        starts_at__gte=midnight,
        starts_at__lt=midnight + timedelta(days=1),
        status__in=cancelling.STANDING,
    ).order_by("starts_at")
    return [wording.hour(one.starts_at, zone) for one in found if one.id != choice.moves]


def free_days(choice: Choice) -> list[tuple[date, list[Offered]]]:
    """Free times of the chosen reason for a week from the chosen day."""
    if choice.reason is None:
        return []
    now, zone = clock.now(), choice.member.zone
    start = datetime.combine(choice.first_day, datetime.min.time(), zone)
    window = (start.astimezone(UTC), start.astimezone(UTC) + timedelta(days=SHOWN_DAYS))
    found = search.next_slots(
        [choice.member.id], choice.reason.id, window, now, SLOTS_A_LOOK, using="default",
        audience=Public.INVITED,
    )  # fmt: skip
    days: dict[date, list[Offered]] = {
        choice.first_day + timedelta(days=n): [] for n in range(SHOWN_DAYS)
    }
    for slot in found[choice.member.id]:
        days.setdefault(slot.starts_at.astimezone(zone).date(), []).append(Offered.of(slot, choice))
    return list(days.items())

"""Thirty people with an appointment in one week of one practitioner of the demo: planted in it.

Run in the demo's surroundings; prints as JSON whose agenda, which days, and each visit's way.
"""

from __future__ import annotations

import json
import os
from datetime import date, timedelta

WAYS: dict[str, dict[str, str]] = {
    "mail": {"email": "vacances-{n}@example.fr"},
    "phone": {"phone": "+33465710{n:03}"},
    "letter": {"address": "{n} rue du Lac, 74700 Sallanches"},
}
HOW_MANY = {"mail": 25, "phone": 4, "letter": 1}
LOOK_WEEKS = range(4, 9)
PRACTITIONER = "Manoukian"


def plant() -> dict[str, object]:
    """Book them, as the desk does."""
    from serment import clock, ids
    from serment.directory import tenancy
    from serment.directory.models import Establishment, PractitionerRole
    from serment.disclosure import Actor, gate
    from serment.drills.demo import named
    from serment.identity.models import Role, StaffMember
    from serment.outbox.models import Message, State
    from serment.scheduling import booking, offering, rules, wall_clock
    from serment.scheduling.models import Appointment, VisitReason
    from tests.scheduling.practice import make_file

    now = clock.now()
    here = Establishment.objects.get(slug=named.QUAIS).pk
    with tenancy.inside(here):
        role = PractitionerRole.objects.get(practitioner__family_name=PRACTITIONER)
        reason = VisitReason.objects.filter(
            role=role, active=True, in_person=True, sessions=1, steps=[], in_groups=False,
            by_invitation=False, daily_cap=None, needs=[],
        ).order_by("duration_minutes", "position")[0]  # fmt: skip
        desk = StaffMember.objects.filter(role=Role.SECRETARY, active=True).first()
        assert desk is not None
        capability = gate.open_session("staff", desk.pk, desk.role, here, hours=1)
        actor = Actor("staff", desk.pk, desk.role, here, capability=capability)
        for weeks in LOOK_WEEKS:
            monday = _monday(now.date()) + timedelta(weeks=weeks)
            friday = monday + timedelta(days=5)
            had = Appointment.objects.filter(
                role=role, starts_at__date__gte=monday, starts_at__date__lte=friday
            )
            window = (_minute(monday), _minute(friday))
            plan = rules.plans([role.pk], window, using="default")[role.pk]
            free = offering.free_minutes(
                plan, plan.reasons[reason.pk], window, wall_clock.minute_of(now)
            )
            starts = _apart(free, reason.duration_minutes)
            if not had.exists() and len(starts) >= sum(HOW_MANY.values()):
                break
        else:
            raise AssertionError("No empty week with thirty free hours.")
        told = {}
        ways = [way for way, count in HOW_MANY.items() for _ in range(count)]
        for n, (way, start) in enumerate(zip(ways, starts, strict=False), 1):
            file = ids.new_id()
            values = {name: text.format(n=n) for name, text in WAYS[way].items()}
            make_file(here, file, family_name=f"Vacances-{n:02}", **values)
            wanted = booking.Booking(
                role.pk, reason.pk, wall_clock.instant_of(start), "in_person", os.urandom(16),
                file, first_visit=not reason.known_patients,
            )  # fmt: skip
            told[str(booking.book(actor, wanted, now).pk)] = way
        Message.objects.filter(record_id__in=list(told)).update(state=State.SENT, ticket=b"")
        gate.close_session(capability)
    return {
        "agenda": str(role.pk), "from": monday.isoformat(),
        "until": (friday - timedelta(days=1)).isoformat(), "visits": told,
    }  # fmt: skip


def left(visits: list[str], first: date, last: date) -> dict[str, int]:
    """What stands of them in those days, elsewhere, and not any more."""
    from serment.directory import tenancy
    from serment.directory.models import Establishment
    from serment.drills.demo import named
    from serment.scheduling.cancelling import STANDING
    from serment.scheduling.models import Appointment

    here = Establishment.objects.get(slug=named.QUAIS).pk
    found = {"there": 0, "elsewhere": 0, "ended": 0}
    with tenancy.inside(here):
        for one in Appointment.objects.filter(pk__in=visits):
            inside = first <= one.starts_at.date() <= last
            stands = one.status in STANDING
            found["ended" if not stands else "there" if inside else "elsewhere"] += 1
    return found


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _minute(day: date) -> int:
    from datetime import UTC, datetime, time

    from serment.scheduling import wall_clock

    return wall_clock.minute_of(datetime.combine(day, time(), UTC))


def _apart(free: list[int], minutes: int) -> list[int]:
    """Those that can all be taken."""
    taken: list[int] = []
    for start in sorted(free):
        if not taken or start >= taken[-1] + minutes:
            taken.append(start)
    return taken


if __name__ == "__main__":
    import sys

    import django

    django.setup()
    if sys.argv[1:2] == ["left"]:
        asked = json.loads(sys.argv[2])
        days = (date.fromisoformat(asked["from"]), date.fromisoformat(asked["until"]))
        print(json.dumps(left(list(asked["visits"]), *days)))
    else:
        print(json.dumps(plant()))

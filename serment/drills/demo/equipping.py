"""What the demo's eye practice has beside its practitioners: a device at each site, and a group."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from serment import ids
from serment.directory.models import PractitionerRole
from serment.disclosure import Actor
from serment.drills.demo import named
from serment.drills.demo.past_days import signed_in
from serment.drills.demo.planting import Planted
from serment.drills.demo.staffing import Manned
from serment.scheduling import booking, groups
from serment.scheduling.models import Resource, ResourceKind, VisitReason

DEVICE: Final = ("Biomètre", "Biometer")
NEEDS_IT: Final = "Consultation avant opération de la cataracte"
"""Nobody is planted with this reason: no visit lacks what it needs."""
GROUP: Final = ("Atelier basse vision, en groupe", "Low vision workshop, in a group")
HOLDS_IT: Final = "92"
"""An orthoptist, where there is one."""
SEATS: Final = 6
SEATED: Final = 2
_EVENING: Final = time(18, 30)
_PARIS: Final = ZoneInfo("Europe/Paris")


def equip(houses: Sequence[Planted], manned: Manned, now: datetime) -> None:
    """In the eye practice; its past was lived without."""
    quais = next((house for house in houses if house.plan.slug == named.QUAIS), None)
    if quais is None:
        return
    with signed_in(quais, manned.secretaries[named.QUAIS]) as desk:
        _devices(quais.establishment)
        _group(desk, quais, now)


def _devices(here: UUID) -> None:
    kind = ResourceKind.objects.create(establishment_id=here, name_fr=DEVICE[0], name_en=DEVICE[1])
    wanted = VisitReason.objects.filter(establishment_id=here, name_fr=NEEDS_IT)
    sites = sorted({*wanted.values_list("role__site__name", "role__site_id")})
    for number, (_name, site) in enumerate(sites, 1):
        Resource.objects.create(
            establishment_id=here, site_id=site, kind=kind, name=f"{DEVICE[0]} {number}"
        )
    wanted.update(needs=[kind.pk])


def _group(desk: Actor, house: Planted, now: datetime) -> None:
    roles = PractitionerRole.objects.filter(id__in=house.roles).order_by("position", "id")
    role = roles.filter(profession__code=HOLDS_IT).first() or roles[0]
    reason = VisitReason.objects.create(
        id=ids.new_id(), establishment_id=role.establishment_id, role=role, in_groups=True,
        name_fr=GROUP[0], name_en=GROUP[1], duration_minutes=60, horizon_days=60, position=99,
    )  # fmt: skip
    day = now.astimezone(_PARIS).date() + timedelta(days=8)
    day += timedelta(days=(3 - day.weekday()) % 7)  # a Thursday
    at = datetime.combine(day, _EVENING, _PARIS)
    groups.create(reason, at, SEATS, now)
    files = [file for person, file in sorted(house.files.items()) if person >= len(named.FAMILY)]
    for file in files[-SEATED:]:
        wanted = booking.Booking(
            role_id=role.pk, reason_id=reason.pk, starts_at=at, mode="in_person",
            request_key=ids.new_id().bytes, patient_file=file, first_visit=False,
        )  # fmt: skip
        booking.book(desk, wanted, now)

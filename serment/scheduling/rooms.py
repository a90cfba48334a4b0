"""Which rooms and devices visits have taken, and taking one of them out of service.

A visit that had it takes another of the same kind at the same site, where one is free then; the
others stay as they are and are among what is left without a place (``orphans``). The transaction
must stand in the house.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from serment.scheduling.models import Occupancy, Resource, Seat

_STANDING = (Occupancy.Kind.APPOINTMENT, Occupancy.Kind.SESSION)


def of_visit(appointment_id: UUID) -> list[str]:
    """The names of what it has taken beside its practitioner, those of its session in a group."""
    sessions = Seat.objects.filter(appointment_id=appointment_id).values_list("session_id")
    rows = Occupancy.objects.filter(Q(appointment_id=appointment_id) | Q(companion_of__in=sessions))
    taken = rows.values_list("claimant_id", flat=True)
    found = Resource.objects.filter(pk__in=taken).order_by("kind__name_fr", "name")
    return list(found.values_list("name", flat=True))


def out_of_service(visits: Collection[UUID]) -> dict[UUID, list[str]]:
    """Of these visits, those that have something that is out of service, and its name."""
    broken = dict(Resource.objects.filter(active=False).values_list("pk", "name"))
    found: dict[UUID, list[str]] = defaultdict(list)
    if not broken:
        return found
    rows = Occupancy.objects.filter(claimant_id__in=broken)
    own = rows.filter(appointment_id__in=visits).values_list("appointment_id", "claimant_id")
    for visit, room in own:
        if visit is not None:
            found[visit].append(broken[room])
    sessions = dict(
        rows.filter(companion_of__isnull=False, kind=Occupancy.Kind.SESSION)
        .values_list("companion_of", "claimant_id")
    )  # fmt: skip
    seats = Seat.objects.filter(session_id__in=sessions, appointment_id__in=visits)
    for visit, session in seats.values_list("appointment_id", "session_id"):
        if visit is not None:
            found[visit].append(broken[sessions[session]])
    return found


def switch_off(room: Resource, now: datetime) -> int:
    """Nobody takes it any more; how many visits to come found another instead."""
    Resource.objects.filter(pk=room.pk).update(active=False)
    others = list(
        Resource.objects.filter(kind_id=room.kind_id, site_id=room.site_id, active=True)
        .exclude(pk=room.pk).order_by("name").values_list("pk", flat=True)
    )  # fmt: skip
    rows = Occupancy.objects.filter(
        claimant_id=room.pk, establishment_id=room.establishment_id, kind__in=_STANDING,
        exclusive=True, span__startswith__gt=now,
    )  # fmt: skip
    coming = list(rows.order_by("span").values_list("pk", flat=True))
    return sum(any(_takes(row, one) for one in others) for row in coming)


def _takes(row: UUID, room: UUID) -> bool:
    """Whether that room was free; the exclusion constraint says so."""
    try:
        with transaction.atomic():
            Occupancy.objects.filter(pk=row).update(claimant_id=room)
    except IntegrityError:
        return False
    return True

"""Many appointments at once, for data that arrives and for demo bases.

The rules of online booking do not apply to what was agreed elsewhere; the exclusion constraint
does. One tenant a call; all or nothing with the caller's transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from serment import ids
from serment.directory import tenancy
from serment.directory.models import PractitionerRole
from serment.disclosure import Actor, Purpose, gate
from serment.scheduling.attending import Presence
from serment.scheduling.models import Appointment, Occupancy
from serment.scheduling.sealed_details import Details

ROWS_A_STATEMENT = 1000


@dataclass(frozen=True, slots=True)
class Placed:
    """An appointment as agreed elsewhere; ``source_key`` makes a second arrival find the first."""

    role_id: UUID
    starts_at: datetime
    ends_at: datetime
    patient_file: UUID
    details: Details
    source_key: str
    status: str = Appointment.Status.BOOKED
    exclusive: bool = True
    presence: Presence | None = None


def place(
    actor: Actor, tenant: UUID, many: Sequence[Placed], *, purpose: Purpose = Purpose.IMPORT
) -> list[Appointment]:
    """Write them all; those whose ``source_key`` is known already are left out of the answer.

    Cancelled ones take no time. Raises ``django.db.IntegrityError`` when exclusive ones overlap.
    """
    with tenancy.inside(tenant):
        keys = {_key(tenant, placed.source_key): placed for placed in many}
        known = Appointment.objects.filter(establishment_id=tenant, request_key__in=list(keys))
        for key in known.values_list("request_key", flat=True):
            keys.pop(bytes(key))
        sites = _sites(tenant)
        made = [_appointment(tenant, key, placed, sites) for key, placed in keys.items()]
        gate.seal_many(
            actor,
            purpose,
            [
                (appointment, {"details": placed.details.as_json()}, placed.patient_file)
                for appointment, placed in zip(made, keys.values(), strict=True)
            ],
            tenant=tenant,
        )
        Appointment.objects.bulk_create(made, batch_size=ROWS_A_STATEMENT)
        Occupancy.objects.bulk_create(
            [
                _occupancy(appointment, exclusive=placed.exclusive)
                for appointment, placed in zip(made, keys.values(), strict=True)
                if placed.status != Appointment.Status.CANCELLED
            ],
            batch_size=ROWS_A_STATEMENT,
        )
    return made


def _key(tenant: UUID, source_key: str) -> bytes:
    return hashlib.sha256(tenant.bytes + source_key.encode()).digest()


def _sites(tenant: UUID) -> dict[UUID, UUID]:
    """Role → where it is: asked once, not once a visit."""
    roles = PractitionerRole.objects.filter(establishment_id=tenant)
    return dict(roles.values_list("pk", "site_id"))


def _appointment(
    tenant: UUID, key: bytes, placed: Placed, sites: Mapping[UUID, UUID]
) -> Appointment:
    made = Appointment(
        id=ids.new_id(),
        establishment_id=tenant,
        role_id=placed.role_id,
        starts_at=placed.starts_at,
        ends_at=placed.ends_at,
        status=placed.status,
        request_key=key,
    )
    if placed.presence is not None:
        made.presence = placed.presence.closed(made.id)
    made.visit_site = sites.get(placed.role_id)
    return made


def _occupancy(appointment: Appointment, *, exclusive: bool) -> Occupancy:
    return Occupancy(
        establishment_id=appointment.establishment_id,
        claimant_id=appointment.role_id,
        span=DateTimeTZRange(appointment.starts_at, appointment.ends_at),
        kind=Occupancy.Kind.APPOINTMENT,
        exclusive=exclusive,
        appointment_id=appointment.id,
    )

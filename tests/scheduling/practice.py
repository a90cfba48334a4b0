"""A small practice to book at: one site, doctors who receive from 9 to 12 and 14 to 18."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from serment import ids
from serment.directory import rpps, tenancy
from serment.disclosure import SYSTEM, Actor, Purpose, gate

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday, 9 h in Paris
TUESDAY = date(2026, 3, 3)


def paris(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant by the clock of Paris, in UTC."""
    return datetime.combine(day, time(hour, minute), PARIS).astimezone(UTC)


@dataclass
class Practice:
    """Ids of what a test books with."""

    establishment: UUID
    site: UUID
    role: UUID
    reason: UUID

    def secretary(self) -> Actor:
        """Somebody of the desk, with a session at the keeper."""
        who = ids.new_id()
        capability = gate.open_session("staff", who, "secretary", self.establishment, 1)
        return Actor("staff", who, "secretary", self.establishment, capability=capability)

    def patient(self, **address: str) -> tuple[Actor, UUID]:
        """A patient with an account and a file at this practice."""
        account, file = ids.new_id(), ids.new_id()
        capability = gate.open_session("patient", account, "", None, 1)
        actor = Actor("patient", account, capability=capability)
        make_file(self.establishment, file, **address)
        gate.link(SYSTEM, account=account, patient_file=file)
        return actor, file

    def booking(self, file: UUID, starts_at: datetime, **changed: Any) -> Any:
        """What a form would ask for."""
        from serment.scheduling.booking import Booking

        asked = {
            "role_id": self.role,
            "reason_id": self.reason,
            "starts_at": starts_at,
            "mode": "in_person",
            "request_key": os.urandom(16),
            "patient_file": file,
            "first_visit": True,
        }
        return Booking(**(asked | changed))


def make_file(establishment: UUID, file: UUID, **values: str) -> None:
    """A patient file, sealed."""
    from serment.identity.models import PatientFile

    with tenancy.inside(establishment):
        row = PatientFile(id=file, establishment_id=establishment)
        names = {"family_name": "Essai", "given_name": "Lou"} | values
        gate.seal(SYSTEM, Purpose.IMPORT, row, names, subject=file, tenant=establishment)
        row.save(force_insert=True)


def make_practice(number: int = 0, zone: str = "Europe/Paris", **reason: Any) -> Practice:
    """A new practice with one doctor, one reason of half an hour, and weekly hours."""
    from serment.directory.models import Establishment, Site
    from serment.scheduling.models import VisitReason

    establishment, site = ids.new_id(), ids.new_id()
    slug = f"cabinet-{number}-{establishment.hex[:8]}"
    with tenancy.inside(establishment):
        Establishment.objects.create(
            id=establishment, slug=slug, name="Cabinet du Port", kind="practice"
        )
        Site.objects.create(
            id=site,
            establishment_id=establishment,
            slug=slug,
            name="Cabinet du Port",
            address_line="3 quai du Port",
            postcode="75011",
            city="Paris",
            commune_code="75111",
            latitude=48.86,
            longitude=2.37,
            timezone=zone,
            holiday_region="FR",
        )
        role = make_role(establishment, site, number)
        values: dict[str, Any] = {
            "name_fr": "Consultation",
            "name_en": "Visit",
            "duration_minutes": 30,
            "notice_minutes": 60,
            "horizon_days": 60,
        }
        made = VisitReason.objects.create(
            establishment_id=establishment, role_id=role, **(values | reason)
        )
    return Practice(establishment, site, role, made.id)


def make_role(establishment: UUID, site: UUID, number: int = 0, **values: Any) -> UUID:
    """A doctor at a site, Monday to Friday from 9 to 12 and 14 to 18."""
    from serment.directory.models import Practitioner, PractitionerRole, Profession, Specialty
    from serment.scheduling.models import WeeklyOpening

    head = f"1017{ids.new_id().int % 1_000_000:06}"
    valid = next(f"{head}{check}" for check in range(10) if rpps.is_valid(f"{head}{check}"))
    practitioner = Practitioner.objects.create(
        rpps=valid, slug=f"dr-{valid}", title="Dr", given_name="Claude", family_name="Rivage"
    )
    role = PractitionerRole.objects.create(
        establishment_id=establishment,
        site_id=site,
        practitioner=practitioner,
        profession=Profession.objects.get(code="10"),
        specialty=Specialty.objects.get(code="SM38"),
        **values,
    )
    WeeklyOpening.objects.bulk_create(
        WeeklyOpening(
            establishment_id=establishment,
            role=role,
            weekday=weekday,
            starts=starts,
            ends=ends,
        )
        for weekday in range(5)
        for starts, ends in ((time(9), time(12)), (time(14), time(18)))
    )
    return role.id


def days(count: int) -> timedelta:
    """Days, in fewer letters."""
    return timedelta(days=count)


def free_at(practice: Practice, day: date = TUESDAY, now: datetime = NOW) -> list[str]:
    """Free starts of a day as a patient sees them, read from inside the tenant."""
    from serment.scheduling import search

    window = (paris(day, 0), paris(day, 23))
    with tenancy.inside(practice.establishment):
        found = search.next_slots([practice.role], practice.reason, window, now, 100)
    return [f"{s.starts_at.astimezone(PARIS):%H:%M}" for s in found[practice.role]]


def count(practice: Practice, model: str = "Appointment") -> int:
    """Rows of one of the agenda's tables."""
    from serment.scheduling import models

    with tenancy.inside(practice.establishment):
        return int(getattr(models, model).objects.count())

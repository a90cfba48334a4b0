"""Writes a plan: public entries in bulk, people and visits sealed through the gate.

Runs in the caller's transaction. Identifiers and request keys are drawn here and never follow
from the plan: whoever reads its code and steals the database still cannot tell whose a row is.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from serment import ids
from serment.directory import tenancy
from serment.directory.models import Establishment, Practitioner, PractitionerRole, Site
from serment.directory.words import slug
from serment.disclosure import SYSTEM, Purpose, gate
from serment.drills.demo import asked
from serment.drills.demo.people import Person
from serment.drills.demo.plan import HousePlan, Plan, ReasonPlan, RolePlan, SitePlan, VisitPlan
from serment.drills.demo.visits import WAITS
from serment.identity import files
from serment.identity.models import PatientFile
from serment.scheduling import bulk, linked_times
from serment.scheduling.attending import Presence
from serment.scheduling.models import (
    Absence,
    Appointment,
    OpeningException,
    VisitReason,
    WeeklyOpening,
)
from serment.scheduling.sealed_details import Details

FILES_A_STATEMENT = 500
WRITTEN_TWICE_FIRST, WRITTEN_TWICE_EACH = 11, 37


@dataclass(frozen=True, slots=True)
class Planted:
    """Where a house of the plan landed: ids by the places of the plan."""

    plan: HousePlan
    establishment: UUID
    roles: tuple[UUID, ...]
    reasons: tuple[tuple[UUID, ...], ...]
    files: dict[int, UUID]
    appointments: dict[int, Appointment]
    """Place of the visit in the plan → its row."""


def plant(plan: Plan, today: date) -> Iterator[Planted]:
    """Write one house after the other, yielding each when it stands."""
    for house in plan.houses:
        yield _plant_house(house, plan.people, today)


def _plant_house(house: HousePlan, people: Sequence[Person], today: date) -> Planted:
    establishment = Establishment(
        id=ids.new_id(), slug=house.slug, name=house.name, kind=house.kind, phone=house.phone
    )
    with tenancy.inside(establishment.id):
        establishment.save(force_insert=True)
        sites = [_site(establishment.id, site) for site in house.sites]
        Site.objects.bulk_create(sites)
        roles = _plant_roles(establishment.id, house, sites)
        reasons = _plant_reasons(establishment.id, house, roles)
        _plant_hours(establishment.id, house, roles)
        patients = _plant_files(establishment.id, house, people, today)
        made = _plant_visits(establishment.id, house, (roles, reasons, patients))
        asked.plant(establishment.id, house, (reasons, patients, made))
    return Planted(house, establishment.id, roles, reasons, patients, made)


def _site(establishment: UUID, site: SitePlan) -> Site:
    return Site(
        id=ids.new_id(),
        establishment_id=establishment,
        slug=site.slug,
        name=site.name,
        address_line=site.address_line,
        postcode=site.postcode,
        city=site.city,
        commune_code=site.commune_code,
        latitude=site.latitude,
        longitude=site.longitude,
        timezone=site.timezone,
        holiday_region=site.holiday_region,
        phone=site.phone,
        step_free=site.step_free,
        **site.texts,
    )


def _plant_roles(establishment: UUID, house: HousePlan, sites: Sequence[Site]) -> tuple[UUID, ...]:
    practitioners = [_practitioner(role) for role in house.roles]
    Practitioner.objects.bulk_create(practitioners)
    rows = [
        PractitionerRole(
            id=ids.new_id(),
            establishment_id=establishment,
            site=sites[role.site],
            practitioner=practitioner,
            profession_id=role.profession,
            specialty_id=role.specialty,
            sector=role.sector,
            languages=list(role.languages),
            takes_new_patients=role.takes_new_patients,
            video=role.video,
            fees_note=role.fees_note,
            position=position,
        )
        for position, (role, practitioner) in enumerate(
            zip(house.roles, practitioners, strict=True)
        )
    ]
    PractitionerRole.objects.bulk_create(rows)
    return tuple(row.id for row in rows)


def _practitioner(role: RolePlan) -> Practitioner:
    named = " ".join(part for part in (role.title, role.given_name, role.family_name) if part)
    taken = Practitioner.objects.filter(slug=slug(named)).exists()
    return Practitioner(
        id=ids.new_id(),
        rpps=role.rpps,
        slug=f"{slug(named)}-{role.rpps[-4:]}" if taken else slug(named),
        title=role.title,
        given_name=role.given_name,
        family_name=role.family_name,
    )


def _plant_reasons(
    establishment: UUID, house: HousePlan, roles: Sequence[UUID]
) -> tuple[tuple[UUID, ...], ...]:
    rows = [
        [
            _reason(establishment, role, reason, position)
            for position, reason in enumerate(planned.reasons)
        ]
        for role, planned in zip(roles, house.roles, strict=True)
    ]
    for of_role, planned in zip(rows, house.roles, strict=True):
        for row, reason in zip(of_role, planned.reasons, strict=True):
            row.steps = _steps(reason, house, rows)
    VisitReason.objects.bulk_create([row for of_role in rows for row in of_role])
    return tuple(tuple(row.id for row in of_role) for of_role in rows)


def _steps(
    reason: ReasonPlan, house: HousePlan, rows: Sequence[Sequence[VisitReason]]
) -> list[dict[str, Any]]:
    """What follows it, with whoever of the house does it."""
    if reason.then is None:
        return []
    code, name, most = reason.then
    ways = tuple(
        (row.role_id, row.id)
        for of_role, planned in zip(rows, house.roles, strict=True)
        for row in of_role
        if planned.code == code and row.name_fr == name
    )
    return linked_times.written([linked_times.Step(ways, 0, most)])


def _reason(establishment: UUID, role: UUID, reason: ReasonPlan, position: int) -> VisitReason:
    return VisitReason(
        id=ids.new_id(),
        establishment_id=establishment,
        role_id=role,
        name_fr=reason.name_fr,
        name_en=reason.name_en,
        duration_minutes=reason.minutes,
        notice_minutes=reason.notice_minutes,
        horizon_days=60,
        new_patients=reason.new_patients,
        known_patients=reason.known_patients,
        in_person=reason.in_person,
        video=reason.video,
        red_flags=list(reason.red_flags),
        late_release_minutes=reason.late_release_minutes,
        fee_cents=reason.fee_cents,
        sessions=reason.sessions,
        by_invitation=reason.by_invitation,
        apart_least_days=reason.apart_days[0],
        apart_most_days=reason.apart_days[1],
        position=position,
    )


def _plant_hours(establishment: UUID, house: HousePlan, roles: Sequence[UUID]) -> None:
    pairs = list(zip(roles, house.roles, strict=True))
    WeeklyOpening.objects.bulk_create(
        WeeklyOpening(
            establishment_id=establishment,
            role_id=role,
            weekday=hours.weekday,
            starts=hours.starts,
            ends=hours.ends,
        )
        for role, planned in pairs
        for hours in planned.hours
    )
    OpeningException.objects.bulk_create(
        OpeningException(
            establishment_id=establishment,
            role_id=role,
            day=dated.day,
            starts=dated.starts,
            ends=dated.ends,
            kind=(OpeningException.Kind.OPENED if dated.opened else OpeningException.Kind.CLOSED),
        )
        for role, planned in pairs
        for dated in planned.dated
    )
    Absence.objects.bulk_create(
        Absence(
            establishment_id=establishment,
            role_id=role,
            span=DateTimeTZRange(away.starts_at, away.ends_at),
            public_note=away.note,
        )
        for role, planned in pairs
        for away in planned.away
    )


def values_of(person: Person, today: date) -> dict[str, str | None]:
    """A person as a patient file keeps them."""
    return files.cleaned(
        {
            "family_name": person.family_name,
            "given_name": person.given_name,
            "birth_name": person.birth_name,
            "birth_date": person.birth_date.isoformat(),
            "sex": person.sex,
            "phone": person.phone,
            "email": person.email,
            "address": person.address,
            "source_reference": person.source_reference,
        },
        today,
    )


def _plant_files(
    establishment: UUID, house: HousePlan, people: Sequence[Person], today: date
) -> dict[int, UUID]:
    rows: dict[int, PatientFile] = {
        place: PatientFile(id=ids.new_id(), establishment_id=establishment)
        for place in house.patients
    }
    gate.seal_many(
        SYSTEM,
        Purpose.IMPORT,
        [(row, values_of(people[place], today), row.pk) for place, row in rows.items()],
        tenant=establishment,
    )
    twice = _written_twice(establishment, [people[place] for place in house.patients], today)
    # Stored in the order of their random ids: a table's order tells nothing either.
    in_no_order = sorted([*rows.values(), *twice], key=lambda row: row.pk)
    PatientFile.objects.bulk_create(in_no_order, batch_size=FILES_A_STATEMENT)
    return {place: row.pk for place, row in rows.items()}


def _written_twice(establishment: UUID, people: Sequence[Person], today: date) -> list[PatientFile]:
    """A few people the desk wrote down a second time, for whoever watches over identities."""
    again: list[tuple[PatientFile, Mapping[str, str | None], UUID]] = []
    for number, person in enumerate(people[WRITTEN_TWICE_FIRST::WRITTEN_TWICE_EACH][:3]):
        slip = person.family_name[:-1] if number else person.family_name
        values = values_of(person, today) | {"family_name": slip, "email": None, "phone": None}
        row = PatientFile(id=ids.new_id(), establishment_id=establishment)
        again.append((row, values, row.pk))
    if again:
        gate.seal_many(SYSTEM, Purpose.IMPORT, again, tenant=establishment)
    return [row for row, _values, _subject in again]


def _plant_visits(
    establishment: UUID,
    house: HousePlan,
    at: tuple[Sequence[UUID], Sequence[Sequence[UUID]], dict[int, UUID]],
) -> dict[int, Appointment]:
    roles, reasons, patients = at
    placed = [
        bulk.Placed(
            role_id=roles[visit.role],
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            patient_file=patients[visit.person],
            details=_details(visit, reasons),
            source_key=secrets.token_hex(16),
            status=visit.status,
            presence=_presence(visit),
        )
        for visit in house.visits
    ]
    made = bulk.place(SYSTEM, establishment, placed)
    return dict(enumerate(made))


def _presence(visit: VisitPlan) -> Presence | None:
    """Who waits came a while ago; who is in the room went in at their hour."""
    if visit.status == "arrived":
        return Presence(visit.starts_at - WAITS)
    if visit.status == "checked-in":
        return Presence(visit.starts_at - WAITS / 3, visit.starts_at)
    return None


def _details(visit: VisitPlan, reasons: Sequence[Sequence[UUID]]) -> Details:
    return Details(
        reason=reasons[visit.role][visit.reason],
        mode="video" if visit.video else "in_person",
        first_visit=visit.first_visit,
        note=visit.note,
    )

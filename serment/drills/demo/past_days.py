"""What the people of the demo have opened and booked already, through the same gate as anybody."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.drills.demo import named
from serment.drills.demo.planting import Planted
from serment.drills.demo.staffing import Manned
from serment.identity.models import PatientFile, StaffMember
from serment.scheduling import booking, sealed_details
from serment.scheduling.search import next_slots

DESK_FIELDS = ("family_name", "given_name", "birth_date", "phone")
CARE_FIELDS = ("family_name", "given_name", "birth_date")
AGENDA_DAYS = 2


def happen(houses: Sequence[Planted], manned: Manned, now: datetime) -> None:
    """Desks opened the names of the coming days, doctors their patients' reasons, Aurore booked."""
    for house in houses:
        _desk_opens(house, manned.secretaries[house.plan.slug], now)
    for house in houses:
        if house.plan.slug == named.QUAIS:
            doctor = manned.practitioners[named.QUAIS, 0]
            _doctor_opens(house, doctor)
            _aurore_books(house, manned, now)


def _session(member: StaffMember) -> Actor:
    capability = gate.open_session(
        "staff", member.pk, member.role, member.establishment_id, hours=1
    )
    return Actor("staff", member.pk, member.role, member.establishment_id, capability=capability)


def _desk_opens(house: Planted, secretary: StaffMember, now: datetime) -> None:
    until = now + timedelta(days=AGENDA_DAYS)
    known = {
        house.files[visit.person] for visit in house.plan.visits
        if now <= visit.starts_at < until or visit.person < len(named.FAMILY)
    }  # fmt: skip
    actor = _session(secretary)
    with tenancy.inside(house.establishment):
        rows = list(PatientFile.objects.filter(pk__in=known))
        for start in range(0, len(rows), 100):
            gate.reveal(actor, Purpose.RECEPTION, rows[start : start + 100], DESK_FIELDS)
    gate.close_session(actor.capability)


def _doctor_opens(house: Planted, doctor: StaffMember) -> None:
    """The reasons of one doctor's last visits, and whose they were."""
    past = [
        place for place, visit in enumerate(house.plan.visits)
        if visit.role == 0 and (visit.status == "fulfilled" or visit.person == named.AURORE)
    ][-80:]  # fmt: skip
    actor = _session(doctor)
    whose = {house.files[house.plan.visits[place].person] for place in past}
    with tenancy.inside(house.establishment):
        rows = list(PatientFile.objects.filter(pk__in=whose))
        gate.reveal(actor, Purpose.CARE, rows, CARE_FIELDS)
        sealed_details.reveal(actor, Purpose.CARE, [house.appointments[place] for place in past])
    gate.close_session(actor.capability)


def _aurore_books(house: Planted, manned: Manned, now: datetime) -> None:
    """Online, in the coming fortnight, so that a confirmation lies in the demo's mail."""
    role = 1
    reason = _follow_up(house, role)
    slots = _free(house, role, reason, now)
    if not slots:
        return
    account = manned.accounts[named.AURORE]
    capability = gate.open_session("patient", account, "", None, hours=1)
    actor = Actor("patient", account, capability=capability)
    asked = booking.Booking(
        role_id=house.roles[role],
        reason_id=reason,
        starts_at=slots[-1],
        mode="in_person",
        request_key=os.urandom(16),
        patient_file=house.files[named.AURORE],
        first_visit=False,
    )
    booking.book(actor, asked, now)
    gate.close_session(capability)


def _follow_up(house: Planted, role: int) -> UUID:
    place = next(
        place
        for place, reason in enumerate(house.plan.roles[role].reasons)
        if reason.known_patients and not reason.red_flags
    )
    return house.reasons[role][place]


def _free(house: Planted, role: int, reason: UUID, now: datetime) -> list[datetime]:
    window = (now + timedelta(days=2), now + timedelta(days=16))
    with tenancy.inside(house.establishment):
        found = next_slots([house.roles[role]], reason, window, now, 30, using="default")
    return [slot.starts_at for slot in found[house.roles[role]]]

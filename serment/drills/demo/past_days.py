"""What the demo's people opened and booked over a month, through the same gate as anybody."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.drills.demo import named
from serment.drills.demo.dice import dice
from serment.drills.demo.past import DAYS, MoveTo
from serment.drills.demo.plan import SEED
from serment.drills.demo.planting import Planted
from serment.drills.demo.staffing import Manned
from serment.identity.models import PatientFile, StaffMember
from serment.scheduling import booking, sealed_details
from serment.scheduling.models import Appointment
from serment.scheduling.search import next_slots

DESK_FIELDS: Final = ("family_name", "given_name", "birth_date", "phone")
CALL_FIELDS: Final = ("family_name", "given_name", "birth_date", "phone", "email", "address")
CARE_FIELDS: Final = ("family_name", "given_name", "birth_date")
FILES_A_MORNING: Final = 40
CALLERS: Final = (4, 12)
"""How many people call on a day of which the plan has no visits."""

MORNING, CALLS, EVENING = time(8, 4), time(10, 21), time(21, 14)
LAST_VISITS: Final = 80
CALLED_DAYS_AGO: Final = (26, 17, 9, 5)
READ_DAYS_AGO: Final = (24, 11, 2)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at an instant, in one house or to one person."""

    at: datetime
    happen: Callable[[], None]


def happen(houses: Sequence[Planted], manned: Manned, now: datetime, move_to: MoveTo) -> None:
    """Desks and doctors opened whom they received, Aurore called, read and booked; in order."""
    events: list[Event] = []
    for house in houses:
        desk = manned.secretaries[house.plan.slug]
        events += _mornings(house, desk, now)
        events += _calls(house, desk, now)
        if house.plan.slug == named.QUAIS:
            events += _consultations(house, manned.practitioners[named.QUAIS, 0], now)
            booked = _at(house, now.date() - timedelta(days=READ_DAYS_AGO[-1]), EVENING)
            events.append(Event(booked, _bound(_aurore_books, house, manned, now)))
    events += _aurore_reads(houses, manned, now)
    for event in sorted(events, key=lambda event: event.at):
        move_to(event.at)
        event.happen()


def _bound(act: Callable[..., None], *given: object) -> Callable[[], None]:
    return lambda: act(*given)


def _at(house: Planted, day: date, hour: time) -> datetime:
    """An hour of the house's own clock."""
    return datetime.combine(day, hour, ZoneInfo(house.plan.sites[0].timezone))


def _days(now: datetime) -> Iterator[date]:
    """The working days of the month, today included."""
    for back in range(DAYS - 1, -1, -1):
        day = now.date() - timedelta(days=back)
        if day.weekday() < 5:
            yield day


def _mornings(house: Planted, desk: StaffMember, now: datetime) -> Iterator[Event]:
    """Each morning the desk opened the names of the day; where the plan has none, callers'."""
    of_day: dict[date, list[int]] = {}
    for visit in house.plan.visits:
        of_day.setdefault(visit.starts_at.date(), []).append(visit.person)
    everybody = sorted(house.files)
    for day in _days(now):
        rolled = dice(SEED, house.plan.slug, "past", day)
        callers = rolled.sample(everybody, min(len(everybody), rolled.randint(*CALLERS)))
        people = of_day.get(day, callers)[:FILES_A_MORNING]
        at = _at(house, day, MORNING) + timedelta(minutes=rolled.randrange(25))
        if at < now:
            yield Event(at, _bound(_desk_opens, house, desk, tuple(dict.fromkeys(people))))


def _desk_opens(house: Planted, desk: StaffMember, people: Sequence[int]) -> None:
    with signed_in(house, desk) as actor:
        rows = list(PatientFile.objects.filter(pk__in={house.files[person] for person in people}))
        gate.reveal(actor, Purpose.RECEPTION, rows, DESK_FIELDS)


def _calls(house: Planted, desk: StaffMember, now: datetime) -> Iterator[Event]:
    """The family telephoned now and then: the desk looked for the file and opened it."""
    family = [person for person in range(len(named.FAMILY)) if person in house.files]
    for days_ago in CALLED_DAYS_AGO:
        rolled = dice(SEED, house.plan.slug, "calls", days_ago)
        day = now.date() - timedelta(days=days_ago + rolled.randrange(3))
        if day.weekday() < 5 and family:
            at = _at(house, day, CALLS) + timedelta(minutes=rolled.randrange(330))
            yield Event(at, _bound(_desk_finds, house, desk, rolled.choice(family)))


def _desk_finds(house: Planted, desk: StaffMember, person: int) -> None:
    with signed_in(house, desk) as actor:
        asked = named.FAMILY[person].family_name
        gate.find(actor, Purpose.SEARCH, "patient", asked, tenant=house.establishment)
        rows = list(PatientFile.objects.filter(pk=house.files[person]))
        gate.reveal(actor, Purpose.RECEPTION, rows, CALL_FIELDS)


def _consultations(house: Planted, doctor: StaffMember, now: datetime) -> Iterator[Event]:
    """At each of one doctor's last visits: who it is, and why they come."""
    past = [
        place for place, visit in enumerate(house.plan.visits)
        if visit.role == 0 and visit.ends_at < now
        and (visit.status == "fulfilled" or visit.person == named.AURORE)
    ][-LAST_VISITS:]  # fmt: skip
    for place in past:
        visit = house.plan.visits[place]
        opened = (house, doctor, visit.person, house.appointments[place])
        yield Event(visit.starts_at + timedelta(minutes=2), _bound(_doctor_opens, *opened))


def _doctor_opens(
    house: Planted, doctor: StaffMember, person: int, appointment: Appointment
) -> None:
    with signed_in(house, doctor) as actor:
        rows = list(PatientFile.objects.filter(pk=house.files[person]))
        gate.reveal(actor, Purpose.CARE, rows, CARE_FIELDS)
        sealed_details.reveal(actor, Purpose.CARE, [appointment])


@contextmanager
def signed_in(house: Planted, member: StaffMember) -> Iterator[Actor]:
    """A member of the team, signed in for one act, inside the walls of the house."""
    where = member.establishment_id
    capability = gate.open_session("staff", member.pk, member.role, where, hours=1)
    with tenancy.inside(house.establishment):
        yield Actor("staff", member.pk, member.role, where, capability=capability)
    gate.close_session(capability)


def _aurore_reads(houses: Sequence[Planted], manned: Manned, now: datetime) -> Iterator[Event]:
    """Now and then, of an evening, Aurore looked at her own appointments."""
    quais = next((house for house in houses if house.plan.slug == named.QUAIS), None)
    if quais is None:
        return
    account = manned.accounts[named.AURORE]
    for days_ago in READ_DAYS_AGO:
        day = now.date() - timedelta(days=days_ago)
        at = _at(quais, day, EVENING) - timedelta(minutes=4)
        yield Event(at, _bound(_reads_own, account))


def _reads_own(account: UUID) -> None:
    capability = gate.open_session("patient", account, "", None, hours=1)
    gate.records_of(Actor("patient", account, capability=capability), account)
    gate.close_session(capability)


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

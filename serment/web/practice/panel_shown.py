"""What the panel beside the agenda shows of one appointment: who, when, why, and who opened it.

Closed until asked for: the person and the reason are two openings, each recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from serment import clock
from serment.care import replies
from serment.disclosure import Actor, Purpose
from serment.identity.relatives.terms import is_minor
from serment.scheduling import attending, cancelling, missed, refusals, rooms, sealed_details
from serment.scheduling.models import Appointment
from serment.scheduling.sealed_details import Ending
from serment.web import wording
from serment.web.practice import desk as desks
from serment.web.practice import naming, opened_by, team, telling
from serment.web.practice.desk import Desk
from serment.web.practice.naming import Person, Why

Status = Appointment.Status


@dataclass(frozen=True, slots=True)
class Panel:
    """What the right side shows of one appointment."""

    appointment: Appointment
    member: team.Member
    when: str
    hours: str
    person: Person | None
    age: str
    why: Why | None
    opened_by: Sequence[opened_by.Line]
    is_over: bool
    channel: str
    """How the person hears of a cancellation (``telling``); empty while they are not open."""
    file_closed: bool
    """Whether the person was asked for and does not open: erased or frozen, which look alike."""
    why_closed: bool
    before: replies.Told | None = None
    """How far the questions asked before it are, once it is open what it is for; None: it asks
    none."""
    rooms: Sequence[str] = ()
    """What it has taken beside its practitioner, once it is open what it is for: a device tells."""
    ending: Ending | None = None
    """Who cancelled it and why, opened with why it was booked."""

    @property
    def if_cancelled(self) -> str:
        """What cancelling would send, in a sentence."""
        secret = self.why is not None and self.why.kept
        way = telling.PERHAPS if self.may_be_kept else self.channel
        return str(telling.IF_CANCELLED[telling.SECRET if secret else way])

    @property
    def may_be_kept(self) -> bool:
        """Whether it may be secret for all that is open: of a minor, and its reason is closed."""
        if self.person is None or self.why is not None or not self.person.birth_date:
            return False
        return is_minor(date.fromisoformat(self.person.birth_date), clock.now())

    @property
    def number_betrays(self) -> bool:
        """Whether it is secret, and the number is the file's own: often that of a parent."""
        if self.person is None or self.why is None or not self.why.kept:
            return False
        return bool(self.person.phone) and not self.person.calling.warns

    @property
    def may_arrive(self) -> bool:
        """Whether "arrived" makes sense."""
        return self.appointment.status in (Status.BOOKED, Status.NOSHOW)

    @property
    def may_take_back(self) -> bool:
        """Whether "arrived" or "did not come" can be taken back."""
        return self.appointment.status in (Status.ARRIVED, Status.NOSHOW, Status.FULFILLED)

    @property
    def may_enter(self) -> bool:
        """Whether somebody who waits can go in."""
        return self.appointment.status == Status.ARRIVED

    @property
    def may_wait_again(self) -> bool:
        """Whether somebody in the room can go back to where others wait."""
        return self.appointment.status == Status.IN_ROOM

    @property
    def presence(self) -> attending.Presence | None:
        """Since when they are here."""
        return attending.presence(self.appointment.presence, self.appointment.id)

    @property
    def may_finish(self) -> bool:
        """Whether somebody who is here can be marked as seen."""
        return self.appointment.status in attending.HERE

    @property
    def may_miss(self) -> bool:
        """Whether somebody who has not come can be marked so."""
        return self.is_over and self.appointment.status == Status.BOOKED

    @property
    def may_excuse(self) -> bool:
        """Whether it counts as missed, and could be let count no more."""
        state = self.appointment.missed
        return state in (*missed.COUNTED, Appointment.Missed.CONTESTED)

    @property
    def may_cancel(self) -> bool:
        """Whether it still stands."""
        return self.appointment.status in cancelling.STANDING

    @property
    def may_be_series(self) -> bool:
        """Whether it was booked with others, as far as is open: its agenda has such reasons, or
        why it was booked says so."""
        if self.person is None or self.appointment.status == Status.CANCELLED:
            return False
        if self.why is not None:
            return self.why.together
        return self.appointment.role.reasons.filter(sessions__gt=1).exists()

    @property
    def may_return(self) -> bool:
        """Whether a cancelled one may be booked again."""
        return self.appointment.status == Status.CANCELLED and not self.is_over


def build(actor: Actor, desk: Desk, appointment_id: UUID | None, now: datetime) -> Panel | None:
    """The panel of an appointment of this establishment; None where there is none."""
    appointment = _find(appointment_id)
    if appointment is None:
        return None
    member = team.Member(appointment.role)
    zone = member.zone
    person = why = None
    person_asked = desk.is_open(desks.person_of(appointment.id))
    lines: Sequence[opened_by.Line] = ()
    if person_asked:
        person = naming.people(actor, [appointment.id], naming.AT_A_GLANCE).get(appointment.id)
    day = desks.reasons_of(member.id, appointment.starts_at.astimezone(zone).date())
    why_asked = desk.is_open(desks.reason_of(appointment.id)) or desk.is_open(day)
    if why_asked:
        why = naming.reasons(actor, [appointment.id]).get(appointment.id)
    if person is not None:
        lines = opened_by.lines(actor, person.file, now, zone)
    today = now.astimezone(zone).date()
    return Panel(
        appointment=appointment,
        member=member,
        when=wording.day(appointment.starts_at.astimezone(zone).date()),
        hours=_hours(appointment, zone),
        person=person,
        age=person.age(today) if person else "",
        why=why,
        opened_by=lines,
        is_over=appointment.starts_at <= now,
        channel=telling.channel(person.file) if person else telling.NOBODY if person_asked else "",
        file_closed=person_asked and person is None,
        why_closed=why_asked and why is None,
        before=replies.before(actor, appointment, why.reason_id if why else None),
        rooms=rooms.of_visit(appointment.id) if why is not None else (),
        ending=_ending(actor, appointment) if why is not None else None,
    )


def _ending(actor: Actor, appointment: Appointment) -> Ending | None:
    if appointment.status != Status.CANCELLED:
        return None
    return sealed_details.endings(actor, Purpose.AGENDA, [appointment]).get(appointment.id)


def _find(appointment_id: UUID | None) -> Appointment | None:
    if appointment_id is None:
        return None
    return (
        Appointment.objects.select_related(
            "role__practitioner", "role__site", "role__specialty", "role__profession"
        )
        .filter(id=appointment_id)
        .first()
    )


def seen(appointment_id: UUID) -> Appointment:
    """The appointment, if this establishment has it."""
    found = _find(appointment_id)
    if found is None:
        raise refusals.NoSuchAppointment
    return found


def _hours(appointment: Appointment, zone: ZoneInfo) -> str:
    start, end = appointment.starts_at, appointment.ends_at
    return f"{wording.hour(start, zone)} – {wording.hour(end, zone)}"

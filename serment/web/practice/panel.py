"""One appointment beside the agenda: who, when, why, and who has opened it.

Closed until asked for: the person and the reason are two openings, each recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from serment import clock
from serment.care import replies
from serment.disclosure import Actor
from serment.errors import Conflict, Refused
from serment.identity import accounts, policy
from serment.identity.relatives.terms import is_minor
from serment.identity.rights import Act
from serment.scheduling import (
    attending,
    booking,
    cancelling,
    courses,
    missed,
    putting_back,
    refusals,
)
from serment.scheduling.models import Appointment
from serment.web import asked, wording
from serment.web.practice import addresses, naming, opened_by, team, telling
from serment.web.practice import desk as desks
from serment.web.practice.desk import Desk
from serment.web.practice.naming import Person, Why

Status = Appointment.Status
_STATES = {
    "arrive": Status.ARRIVED,
    "salle": Status.IN_ROOM,
    "vu": Status.FULFILLED,
    "absent": Status.NOSHOW,
    "prevu": Status.BOOKED,
}


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
    )


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


@policy.staff_may(Act.OPEN_PATIENT)
@require_POST
def open_appointment(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Open who comes, or why."""
    appointment = seen(appointment_id)
    desk = Desk(request, clock.now())
    if asked.sent(request).get("quoi") == "motif":
        desk.open(desks.reason_of(appointment.id))
    else:
        desk.open(desks.person_of(appointment.id))
    return addresses.back_beside(request, appointment.id)


@policy.staff_may(Act.SEE_AGENDA, Act.CANCEL)
@require_POST
def mark(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Arrived, in the room, seen, did not come, excused, or back to booked."""
    actor = accounts.actor_for(request)
    appointment = seen(appointment_id)
    state = asked.sent(request).get("etat", "")
    wanted = _STATES.get(state)
    if state == "excuse":
        missed.excuse(actor, appointment.id, clock.now())
        return addresses.back_beside(request, appointment.id, "excuse")
    if wanted is None:
        raise Refused
    try:
        attending.mark(actor, appointment.id, wanted, clock.now(), _as_seen(request))
    except refusals.MovedSince:
        return moved_since(appointment)
    return addresses.back_beside(request, appointment.id)


@policy.staff_may(Act.CANCEL)
@require_POST
def cancel(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Cancel at once, say how the person hears of it, and offer to take it back."""
    actor = accounts.actor_for(request)
    appointment = seen(appointment_id)
    why = asked.sent(request).get("raison", "").strip()[:300]
    try:
        if asked.sent(request).get("toutes", "") == "oui":
            _cancel_course(actor, appointment, why, _as_seen(request))
        else:
            booking.cancel(actor, appointment.id, why, clock.now(), _as_seen(request))
    except refusals.MovedSince:
        return moved_since(appointment)
    known = Desk(request, clock.now()).is_open(desks.person_of(appointment.id))
    told = _told(actor, appointment, known=known)
    return addresses.back_beside(request, appointment.id, f"annule-{told}")


def _cancel_course(
    actor: Actor, appointment: Appointment, why: str, as_seen: datetime | None
) -> None:
    """All that remain of what was booked together with it."""
    if as_seen not in (None, appointment.starts_at):
        raise refusals.MovedSince
    visits = courses.others_of(actor, appointment, clock.now())
    courses.cancel_all(actor, visits or [appointment], why, clock.now())


def _as_seen(request: HttpRequest) -> datetime | None:
    """When the visit began on the page the form was on."""
    return asked.instant(asked.sent(request).get("vu", ""))


def moved_since(appointment: Appointment) -> HttpResponse:
    """To where it is now, saying so; nothing was done."""
    now_at = seen(appointment.id)
    member = team.Member(now_at.role)
    home = addresses.of_appointment(now_at.starts_at, member, now_at.id, "change")
    return HttpResponseRedirect(home)


def _told(actor: Actor, appointment: Appointment, *, known: bool) -> str:
    """How the person hears of the cancellation; nobody does where nothing could be written for
    them, or where whom this session opened (``known``) does not open any more."""
    unwritten = Appointment.objects.get(pk=appointment.pk).cancellation is None
    if unwritten or (known and not naming.people(actor, [appointment.id])):
        return telling.NOBODY
    file = naming.files_behind(actor, [appointment.id])[appointment.id]
    return telling.of_visit(actor, appointment, file)


@policy.staff_may(Act.BOOK)
@require_POST
def put_back(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Undo a cancellation: the same person, time and reason, if the time is still free."""
    actor = accounts.actor_for(request)
    former = seen(appointment_id)
    if former.status != Status.CANCELLED:
        return addresses.back_beside(request, former.id)
    try:
        back = putting_back.put_back(actor, [former], clock.now())
    except (Conflict, refusals.NotOffered):
        return addresses.back_beside(request, former.id, "plus-libre")
    if back is None:
        return addresses.back_beside(request, former.id, "dossier-ferme")
    (made,) = back.made
    desk = Desk(request, clock.now())
    if desk.is_open(desks.person_of(former.id)):
        desk.open(desks.person_of(made.id))
    # A letter that nobody printed must not say that it is cancelled; who heard nothing yet hears
    # of neither.
    told = telling.NOBODY if back.quiet else telling.of_visit(actor, made, back.file)
    return addresses.back_beside(request, made.id, f"remis-{told}")

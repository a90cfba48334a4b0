"""What is done with one appointment from the panel beside the agenda; each act once, on record."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from serment import clock
from serment.disclosure import Actor
from serment.errors import Conflict, Refused
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import (
    attending,
    booking,
    courses,
    missed,
    putting_back,
    refusals,
)
from serment.scheduling.models import Appointment
from serment.web import asked
from serment.web.practice import addresses, naming, team, telling
from serment.web.practice import desk as desks
from serment.web.practice.desk import Desk
from serment.web.practice.panel_shown import seen

Status = Appointment.Status
_STATES = {
    "arrive": Status.ARRIVED,
    "salle": Status.IN_ROOM,
    "vu": Status.FULFILLED,
    "absent": Status.NOSHOW,
    "prevu": Status.BOOKED,
}


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

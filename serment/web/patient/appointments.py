"""My appointments: what is coming, what was, one in detail, cancelling, the calendar file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from icalendar import Alarm, Calendar, Event

from serment import clock
from serment.directory import tenancy, zones
from serment.disclosure import Actor, Purpose, gate
from serment.identity import accounts, policy
from serment.identity.relatives import people
from serment.identity.relatives.people import Person
from serment.identity.relatives.terms import Scope
from serment.scheduling import booking, courses, refusals, sealed_details
from serment.scheduling.models import Appointment, VisitReason
from serment.web import asked, hours
from serment.web.patient import asked_before, for_whom

OVER = ("cancelled", "fulfilled", "noshow")
ALARMS = (timedelta(days=1), timedelta(hours=1))
CLOSED = sealed_details.Details(reason=None)
_REVISIONS_SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """An appointment as its patient reads it."""

    appointment: Appointment
    reason: str
    video: bool
    first_visit: bool
    note: str
    when: str
    upcoming: bool
    can_cancel: bool
    kept: bool = False
    whom: str = ""
    """Whose it is, where it is not the reader's own."""
    reason_id: UUID | None = None
    person: Person | None = None
    """The same person, as somebody the reader acts for."""
    course: UUID | None = None
    """What it shares with the visits booked together with it."""
    step: int = 0
    """Its place among linked steps, from 1."""
    before: asked_before.Before | None = None
    """What is asked before it, if anything is."""


def lines(
    actor: Actor, now: datetime, reader: ZoneInfo = zones.PARIS, *, only: UUID | None = None,
    whom: Person | None = None,
) -> list[Line]:  # fmt: skip
    """The actor's own appointments, or those of whom they act for, the keeper telling which;
    opened on record, soonest first."""
    ids = gate.records_of(actor, whom.mandate.person if whom else actor.id, "appointment")
    if only is not None:
        ids = [only] if only in ids else []
    if not ids:
        return []
    with tenancy.inside(records=ids):
        found = list(
            Appointment.objects.select_related(
                "role__practitioner", "role__site", "role__specialty", "role__profession",
                "role__establishment",
            )
            .filter(id__in=ids)
            .order_by("starts_at")
        )  # fmt: skip
    # Of a file that was erased the visit is still there: when, where and with whom.
    details = sealed_details.reveal_openable(actor, Purpose.SELF, found)
    wanted = {one.reason for one in details.values() if one.reason}
    reasons = VisitReason.objects.in_bulk(list(wanted))
    told = [_line(one, details.get(one.id, CLOSED), reasons, reader, now, whom) for one in found]
    coming = [line.appointment for line in told if line.can_cancel]
    why = {line.appointment.id: line.reason_id for line in told if line.reason_id}
    before = asked_before.of(actor, coming, why)
    return [replace(line, before=before.get(line.appointment.id)) for line in told]


def _line(
    one: Appointment,
    details: sealed_details.Details,
    reasons: dict[UUID, VisitReason],
    reader: ZoneInfo,
    now: datetime,
    whom: Person | None,
) -> Line:
    reason = reasons.get(details.reason) if details.reason else None
    zone = ZoneInfo(one.role.site.timezone)
    upcoming = one.starts_at > now and one.status not in OVER
    return Line(
        appointment=one,
        reason=reason.name(get_language() or "fr") if reason else "",
        video=details.mode == "video",
        first_visit=details.first_visit,
        note=details.note,
        when=hours.told_now(one.starts_at, zone, reader, details.mode, now),
        upcoming=upcoming,
        can_cancel=upcoming and one.status in ("booked", "pending", "proposed"),
        kept=details.kept,
        whom=whom.name if whom else "",
        reason_id=details.reason,
        person=whom,
        course=details.course,
        step=details.step,
    )


@policy.patient()
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Coming first, then past ones, newest on top, the people acted for by their names."""
    from serment.web.patient import waiting

    actor, now, reader = accounts.actor_for(request), clock.now(), hours.of_reader(request)
    everything, seen = lines(actor, now, reader), whose_are_seen(request, actor)
    waiting_for = waiting.places(actor, request, seen)
    theirs = [(person, lines(actor, now, reader, whom=person)) for person in seen]
    every_one = [*everything, *(line for _person, told in theirs for line in told)]
    over = [line for line in every_one if not line.upcoming]
    context = {
        "relatives": [
            (person, [line for line in told if line.upcoming]) for person, told in theirs
        ],
        "upcoming": [line for line in everything if line.upcoming],
        "waiting": waiting_for,
        "offered": any(one.when for one in waiting_for),
        "just_waiting": "attend" in asked.query(request),
        "both_made": "deux" in asked.query(request),
        "offer_over": "finie" in asked.query(request),
        "past": sorted(over, key=lambda line: line.appointment.starts_at, reverse=True),
    }
    return render(request, "patient/appointments.html", context)


def own(request: HttpRequest, appointment_id: UUID) -> Line:
    """The reader's visit, or that of whom they act for. Raises ``NoSuchAppointment``."""
    actor, reader = accounts.actor_for(request), hours.of_reader(request)
    found = lines(actor, clock.now(), reader, only=appointment_id)
    for person in [] if found else whose_are_seen(request, actor):
        found = found or lines(actor, clock.now(), reader, only=appointment_id, whom=person)
    if not found:
        raise refusals.NoSuchAppointment
    return found[0]


def course_of(request: HttpRequest, line: Line) -> list[Line]:
    """Visits to come that were booked together with this one, itself among them; none of one that
    was booked alone."""
    if line.course is None:
        return []
    actor, reader = accounts.actor_for(request), hours.of_reader(request)
    everything = lines(actor, clock.now(), reader, whom=line.person)
    return [one for one in everything if one.course == line.course and one.can_cancel]


def steps_of(request: HttpRequest, line: Line) -> list[Line]:
    """The steps that this one is of, in order, as far as they stand; none of any other visit."""
    if not line.step:
        return []
    return sorted(course_of(request, line), key=lambda one: one.step)


def whose_are_seen(request: HttpRequest, actor: Actor) -> list[Person]:
    """The people whose appointments the reader sees beside their own; by two factors only."""
    if not for_whom.is_sure(request):
        return []
    return [one for one in people.acted_for(actor) if one.may(Scope.APPOINTMENTS)]


@policy.patient()
@require_GET
def one(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """One appointment: when, where, what to bring, how to cancel."""
    line = own(request, appointment_id)
    from serment.web.patient import missed

    context = {
        "line": line,
        "course": course_of(request, line),
        "missed": missed.shown(request, line),
        "ending": _ending(accounts.actor_for(request), line),
        "appointment": line.appointment,
        "role": line.appointment.role,
        "site": line.appointment.role.site,
        "just_confirmed": "confirme" in asked.query(request) and line.can_cancel,
        "just_moved": "deplace" in asked.query(request) and line.can_cancel,
        "questions": asked.query(request).get("questions", ""),
        "just_cancelled": "annule" in asked.query(request)
        and line.appointment.status == "cancelled",
    }
    return render(request, "patient/appointment.html", context)


def _ending(actor: Actor, line: Line) -> sealed_details.Ending | None:
    """Who cancelled it and why, as they wrote it."""
    visit = line.appointment
    if visit.status != "cancelled":
        return None
    return sealed_details.endings(actor, Purpose.SELF, [visit]).get(visit.id)


@policy.patient()
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """A link in a message opens this page; only its button acts."""
    line = own(request, appointment_id)
    role = line.appointment.role
    context: dict[str, Any] = {
        "line": line,
        "role": role,
        "site": role.site,
        "course": course_of(request, line),
    }
    if request.method == "GET":
        return render(request, "patient/cancel.html", context)
    actor, now = accounts.actor_for(request), clock.now()
    why = asked.sent(request).get("raison", "").strip()[:300]
    try:
        all_of_them = line.step or asked.sent(request).get("toutes", "") == "oui"
        if all_of_them and context["course"]:
            courses.cancel_all(actor, [one.appointment for one in context["course"]], why, now)
        else:
            with transaction.atomic(), tenancy.inside(records=[appointment_id]):
                booking.cancel(actor, appointment_id, why, now)
    except refusals.TooLate as late:
        context["late"] = str(_(late.sentence))
        return render(request, "patient/cancel.html", context, status=422)
    return HttpResponseRedirect(reverse("patient:appointment", args=[appointment_id]) + "?annule=1")


def _alarm(ahead: timedelta) -> Alarm:
    """As discreet as the event: a telephone shows it on its locked screen."""
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _("Occupé"))
    alarm.add("trigger", -ahead)
    return alarm


@policy.patient()
@require_GET
def calendar(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """An iCalendar file that says when, and "Occupé" only: calendars are shared.

    Its link leads to the appointment, which only the person signed in can read; an alarm rings the
    day before and an hour before.
    """
    appointment = own(request, appointment_id).appointment
    event = Event()
    event.add("uid", f"{appointment.id}@serment")
    event.add("dtstamp", clock.now())
    # RFC 5545, 3.8.7.4: of two files of one UID the later revision counts. No row says how often a
    # visit was moved, so the moment of asking stands for it; in 32 bits until 2088.
    event.add("sequence", int((clock.now() - _REVISIONS_SINCE).total_seconds()))
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    event.add("summary", _("Occupé"))
    event.add("class", "PRIVATE")
    event.add("url", settings.PUBLIC_URL + reverse("patient:appointment", args=[appointment.id]))
    event.add("status", "CANCELLED" if appointment.status == "cancelled" else "CONFIRMED")
    if appointment.status != "cancelled":
        for ahead in ALARMS:
            event.add_component(_alarm(ahead))
    file = Calendar()
    file.add("prodid", "-//Serment//FR")
    file.add("version", "2.0")
    file.add("method", "PUBLISH")
    file.add_component(event)
    answer = HttpResponse(file.to_ical(), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="agenda.ics"'
    return answer

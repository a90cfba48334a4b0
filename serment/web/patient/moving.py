"""Moving one's own visit: other times with the same practitioner, and one button that acts.

Nothing is kept while somebody looks: the old time stays theirs until the new one is, in one
transaction; where the new one is gone, everything is as before, and the page says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Purpose, gate
from serment.errors import Conflict, Refused
from serment.identity import accounts, policy
from serment.scheduling import linked_moving, moving, refusals, sealed_details, search, terms
from serment.scheduling.availability import Public
from serment.scheduling.booking import Booking
from serment.scheduling.models import Appointment, VisitReason
from serment.web import asked, hours
from serment.web.patient import appointments, booking_form, for_whom, linked_shown, slots
from serment.web.patient.appointments import Line
from serment.web.patient.booking_form import Form
from serment.web.patient.practitioner import DAYS, WEEKS_AHEAD_MAX, _days

LOOK: Final = 400


@policy.patient()
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """A week of free times; a chosen one beside the old; only the button moves."""
    line = appointments.own(request, appointment_id)
    steps = appointments.steps_of(request, line)
    line = steps[0] if steps else line
    visit = line.appointment
    reason, why_not = _movable(line)
    if line.step and not why_not and not _are_all(steps, reason):
        why_not = _(
            "Ce rendez-vous va avec d’autres, qui ne tiennent plus tous : appelez le cabinet."
        )
    wanted = asked.instant(asked.given(request).get("heure", ""))
    refused: Conflict | Refused | None = None
    if request.method == "POST" and reason is not None and wanted is not None and not why_not:
        try:
            _move(request, line, steps, reason, wanted)
        except (Conflict, Refused) as caught:
            refused, wanted = caught, None
        else:
            here = reverse("patient:appointment", args=[visit.id])
            return HttpResponseRedirect(f"{here}?deplace=1")
    context: dict[str, Any] = {
        "line": line, "role": visit.role, "site": visit.role.site, "why_not": why_not,
        "refused": str(_(refused.sentence)) if refused else "",
        "seen": visit.starts_at.isoformat(),
    }  # fmt: skip
    if reason is not None and not why_not:
        context |= _times(request, line, reason, wanted)
        if steps and wanted is not None:
            context |= _following(request, line, reason, wanted)
    status = 200 if refused is None else 409 if isinstance(refused, Conflict) else 422
    return render(request, "patient/move.html", context, status=status)


def _movable(line: Line) -> tuple[VisitReason | None, str]:
    """The reason it was booked for; or why it cannot be moved from here."""
    visit = line.appointment
    if not line.can_cancel:
        return None, _("Ce rendez-vous est déjà annulé ou passé.")
    known = VisitReason.objects.filter(active=True)
    found = known.filter(id=line.reason_id).first() if line.reason_id else None
    if found is None:
        return None, _("Ce motif n’est plus proposé en ligne : appelez le cabinet.")
    try:
        terms.must_move_in_time(visit, clock.now())
    except refusals.TooLate as late:
        return found, str(_(late.sentence))
    return found, ""


def _are_all(steps: list[Line], reason: VisitReason | None) -> bool:
    """Whether all steps stand, as many as the first one's reason has."""
    places = [one.step for one in steps]
    return reason is not None and places == list(range(1, len(reason.steps) + 2))


def _following(
    request: HttpRequest, line: Line, reason: VisitReason, wanted: datetime
) -> dict[str, Any]:
    """The steps that go with the chosen time; without them it is not moved there."""
    actor, now = accounts.actor_for(request), clock.now()
    filled = Form(wanted, reason, b"", mode="video" if line.video else "in_person")
    filled.steps = booking_form.steps_of(asked.given(request).getlist("etape"))
    role = line.appointment.role
    try:
        found = linked_shown.context(actor, filled, role, hours.of_reader(request), now)
    except refusals.NotOffered as refused:
        return {"wanted": None, "refused": str(_(refused.sentence))}
    return found


def _move(
    request: HttpRequest, line: Line, steps: list[Line], reason: VisitReason, wanted: datetime
) -> None:
    actor, visit = accounts.actor_for(request), line.appointment
    visits = [one.appointment.id for one in steps] or [visit.id]
    with tenancy.inside(visit.establishment_id, records=visits):
        known = sealed_details.reveal(actor, Purpose.BOOKING, [visit])[visit.id]
        file = gate.files_behind(actor, Purpose.BOOKING, [visit.id])[visit.id]
        form = Booking(
            role_id=visit.role_id,
            reason_id=reason.id,
            starts_at=wanted,
            mode="video" if known.mode == "video" else "in_person",
            request_key=b"",
            patient_file=file,
            first_visit=known.first_visit,
            note=known.note,
            kept=known.kept,
            persons=for_whom.counted(actor, line.person),
        )
        seen = asked.instant(asked.sent(request).get("vu", ""))
        if steps:
            later = booking_form.steps_of(asked.sent(request).getlist("etape"))
            linked_moving.move(actor, visits, form, later, clock.now(), seen)
        else:
            moving.move(actor, visit.id, form, clock.now(), seen)


def _times(
    request: HttpRequest, line: Line, reason: VisitReason, wanted: datetime | None
) -> dict[str, Any]:
    visit: Appointment = line.appointment
    now, reader = clock.now(), hours.of_reader(request)
    site = ZoneInfo(visit.role.site.timezone)
    mode = "video" if line.video else "in_person"
    zone = hours.clock_of(mode, site, reader)
    week = asked.number(asked.given(request).get("semaine", ""), WEEKS_AHEAD_MAX) or 0
    first = now.astimezone(zone).date() + timedelta(days=DAYS * week)
    start = max(now, datetime.combine(first, datetime.min.time(), zone))
    end = datetime.combine(first + timedelta(days=DAYS), datetime.min.time(), zone)
    window = (start, end)
    public = Public.INVITED if reason.by_invitation else Public.EVERYONE
    found = search.next_slots([visit.role_id], reason.id, window, now, LOOK, audience=public)[
        visit.role_id
    ]
    free = [one for one in found if one.starts_at != visit.starts_at]
    days = _days(first, slots.by_day(free, site, reader, moves=(visit.id, week)))
    told = hours.told_now(wanted, site, reader, mode, now) if wanted else ""
    return {"days": days, "any_slot": bool(free), "week": week, "wanted": wanted, "told": told}

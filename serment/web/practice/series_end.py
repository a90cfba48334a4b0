"""What remains of a series, at the desk: shown, cancelled by one press, put back by another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.disclosure import Actor
from serment.errors import Conflict
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import courses, putting_back, refusals
from serment.scheduling.models import Appointment
from serment.web import asked, wording
from serment.web.practice import addresses, naming, panel_shown, team, telling

_LAST = "serment.series"
"""Which visits were cancelled last, so that one press puts them back: numbers, no names."""


@policy.staff_may(Act.CANCEL, Act.OPEN_PATIENT)
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Which visits belong together is opened, on record; POST ends them all, or takes it back."""
    actor, visit = accounts.actor_for(request), panel_shown.seen(appointment_id)
    act = asked.sent(request).get("acte", "")
    if request.method == "POST" and act == "remettre":
        return _put_back(request, actor, visit)
    left = courses.others_of(actor, visit, clock.now())
    if request.method == "POST" and act == "annuler" and left:
        return _cancelled(request, actor, visit, left)
    ended = [one for one in _last(request) if one.status == Appointment.Status.CANCELLED]
    person = naming.people(actor, [visit.id]).get(visit.id)
    context: dict[str, Any] = {
        "section": "agenda",
        "visit": visit,
        "person": person,
        "left": _told(left),
        "ids": [one.id for one in left],
        "ended": _told(ended),
        "back": addresses.of_appointment(visit.starts_at, team.Member(visit.role), visit.id),
        "told": telling.channel(person.file) if person else telling.NOBODY,
    }
    return render(request, "practice/series_end.html", context)


def _told(visits: Sequence[Appointment]) -> list[str]:
    found = []
    for one in sorted(visits, key=lambda visit: visit.starts_at):
        zone = team.Member(one.role).zone
        found.append(wording.moment(one.starts_at, zone, clock.now().astimezone(zone).date()))
    return found


def _last(request: HttpRequest) -> list[Appointment]:
    ids = [one for one in map(asked.uuid, request.session.get(_LAST, ())) if one is not None]
    rows = Appointment.objects.select_related("role__site", "role__practitioner")
    return list(rows.filter(id__in=ids)) if ids else []


def _cancelled(
    request: HttpRequest, actor: Actor, visit: Appointment, left: Sequence[Appointment]
) -> HttpResponse:
    if sorted(asked.sent(request).getlist("visite")) != sorted(str(one.id) for one in left):
        messages.error(request, _("La série a changé entre-temps : rien n’a été annulé."))
        return _here(visit)
    try:
        courses.cancel_all(actor, left, "", clock.now())
    except Conflict:
        messages.error(request, _("La série a changé entre-temps : rien n’a été annulé."))
    else:
        request.session[_LAST] = [str(one.id) for one in left]
    return _here(visit)


def _put_back(request: HttpRequest, actor: Actor, visit: Appointment) -> HttpResponse:
    ended = _last(request)
    try:
        back = putting_back.put_back(actor, ended, clock.now()) if ended else None
    except (Conflict, refusals.NotOffered):
        messages.error(
            request,
            _("Une de ces heures n’est plus libre : rien n’a été remis. Réservez à nouveau."),
        )
        return _here(visit)
    if back is None:
        messages.error(request, _("Ce dossier est fermé : rien n’a été remis."))
        return _here(visit)
    request.session.pop(_LAST, None)
    messages.success(request, _("Toute la série est remise à sa place."))
    return _here(next((one for one in back.made if one.starts_at == visit.starts_at), back.made[0]))


def _here(visit: Appointment) -> HttpResponse:
    return HttpResponseRedirect(reverse("practice:series", args=[visit.id]))

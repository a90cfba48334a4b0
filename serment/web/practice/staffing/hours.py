"""The hours of somebody who leaves, or has left: ended on a day; what is booked, by day."""

from __future__ import annotations

from datetime import date, timedelta
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
from serment.errors import NotThere
from serment.identity import accounts, policy, staff
from serment.identity.models import StaffMember
from serment.identity.rights import Act
from serment.scheduling import ending
from serment.web import asked, wording
from serment.web.practice.staffing import told

YEARS_MAX = 2


@policy.staff_may(Act.MANAGE_STAFF, Act.SET_OPENINGS)
@never_cache
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """What stands, and the one act that ends the hours; nothing booked changes by it."""
    actor = accounts.staff_actor_for(request)
    member = staff.of_house(actor, member_id)
    if member.practitioner_role_id is None:
        raise NotThere
    typed, error = "", ""
    if request.method == "POST":
        typed = asked.sent(request).get("dernier", "")
        last, today = asked.day(typed), clock.now().astimezone(told.ZONE).date()
        if last is not None and today - timedelta(days=1) <= last <= _latest(today):
            ending.end_hours(actor, member.practitioner_role_id, last)
            messages.success(request, _("C’est fait : plus personne ne réserve après ce jour."))
            return HttpResponseRedirect(reverse("practice:team_hours", args=[member_id]))
        error = _("Choisissez un jour, d’hier à dans deux ans.")
    context = _context(actor, member, typed) | {"error": error}
    return render(request, "practice/member_hours.html", context, status=422 if error else 200)


def _latest(today: date) -> date:
    return today + timedelta(days=366 * YEARS_MAX)


def _context(actor: Actor, member: StaffMember, typed: str) -> dict[str, Any]:
    now = clock.now()
    assert member.practitioner_role_id is not None  # noqa: S101 -- asked for before
    hours = ending.of_role(actor, member.practitioner_role_id, now)
    today = now.astimezone(told.ZONE).date()
    left = member.ends_at.astimezone(told.ZONE).date() if member.ends_at else today
    return {
        "section": "team",
        "member_id": member.pk,
        "name": told.name_of(actor, member),
        "hours": hours,
        "until": wording.day(hours.until, year=True) if hours.until else "",
        "ended": not hours.open or (hours.until is not None and hours.until < today),
        "days": [(day, wording.day(day, year=day.year != today.year), n) for day, n in hours.days],
        "typed": typed or max(left, today).isoformat(),
    }

"""The card a patient takes home: when, where, with whom, what to bring. Printed, never mailed."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.web import wording
from serment.web.practice import addresses, naming, panel_shown, team


@policy.staff_may(Act.PRINT_CARD)
@require_GET
def card(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """One appointment on paper, without its reason: cards lie about."""
    actor = accounts.actor_for(request)
    appointment = panel_shown.seen(appointment_id)
    member = team.Member(appointment.role)
    site = appointment.role.site
    english = (get_language() or "fr").startswith("en")
    context = {
        "section": "agenda",
        "appointment": appointment,
        "person": naming.people(actor, [appointment.id]).get(appointment.id),
        "practitioner": str(appointment.role.practitioner),
        "day": wording.day(appointment.starts_at.astimezone(member.zone).date(), year=True),
        "hour": wording.hour(appointment.starts_at, member.zone),
        "site": site,
        "bring": (english and site.bring_en) or site.bring_fr,
        "access": (english and site.access_note_en) or site.access_note_fr,
        "back": addresses.of_appointment(appointment.starts_at, member, appointment.id),
    }
    return render(request, "practice/card.html", context)

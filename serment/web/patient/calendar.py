"""My own calendar: the address that a telephone's calendar reads my appointments at."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment.identity import accounts, policy
from serment.identity.means import keeping, telling
from serment.scheduling import feeds
from serment.scheduling.feeds import Feed
from serment.web import asked


@policy.patient()
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Make the address (shown this once), or end it; what it tells is said beside it."""
    actor = accounts.actor_for(request)
    owner = Feed(get_language() or "fr", account=actor.id)
    if request.method == "GET":
        return _show(request, stands=feeds.stands(owner))
    if asked.sent(request).get("quoi", "") == "finir":
        feeds.end(owner)
        messages.success(request, _("L’adresse ne montre plus rien."))
        return HttpResponseRedirect(reverse("patient:calendar"))
    address = address_of(feeds.make(owner))
    # It outlives this session and a new password: whoever made it unseen would read on.
    said = _("Une adresse d’agenda vient d’être faite : elle montre quand vous avez rendez-vous.")
    telling.tell(request, keeping.own(request), said)
    return _show(request, stands=True, address=address)


def address_of(token: str) -> str:
    """As a calendar program is told it."""
    return str(settings.PUBLIC_URL) + reverse("calendar_feed", args=[token])


def _show(request: HttpRequest, *, stands: bool, address: str = "") -> HttpResponse:
    context = {"stands": stands, "address": address}
    return render(request, "patient/calendar.html", context)

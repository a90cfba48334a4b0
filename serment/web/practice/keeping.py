"""How long the house keeps visits that are over, decided by its manager with the number at hand."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.directory import tenancy
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import retention
from serment.web import asked
from serment.web.practice import glass_messages, team


@policy.staff_may(Act.MANAGE_STAFF)
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What holds, and how many visits each choice would delete. A shorter time is asked again."""
    actor, now = accounts.actor_for(request), clock.now()
    here = team.establishment_of(actor)
    sent = asked.sent(request)
    years = asked.number(sent.get("years", ""), max(retention.CHOICES)) or None
    posted = request.method == "POST"
    unusable = posted and sent.get("years") not in {"0", *map(str, retention.CHOICES)}
    years = None if unusable else years
    with tenancy.inside(here):
        kept = retention.of_house(here, now)
        wanted = retention.of_house(here, now, years)
    shorter = years is not None and (kept.years is None or years < kept.years)
    if posted and not unusable and (not shorter or sent.get("sure") == "oui"):
        retention.decide(actor, here, years, now)
        if shorter:
            glass_messages.tell_keeping(actor)
        messages.success(request, _("C’est enregistré."))
        return HttpResponseRedirect(reverse("practice:keeping"))
    context = {
        "section": "keeping", "kept": kept, "choices": retention.CHOICES, "wanted": years,
        "over": wanted.over, "asks": posted and not unusable, "unusable": unusable,
        "begun": kept.begins_on is not None and kept.begins_on <= now.date(),
        "begins_on": now.date() + retention.BEGINS_AFTER,
    }  # fmt: skip
    return render(request, "practice/keeping.html", context, status=422 if unusable else 200)

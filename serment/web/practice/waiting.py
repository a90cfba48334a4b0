"""In a practice of one, what takes effect in three days unless somebody who works there stops it.

Elsewhere there is no such page: a second person approves instead.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.disclosure import containment
from serment.errors import NotThere
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.web import asked
from serment.web.privacy import grants_told


@policy.staff_may(Act.OWN_PASSKEYS)
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Each with what it does and from when; NotThere where two people approve."""
    actor = accounts.staff_actor_for(request)
    if not containment.is_solo(actor):
        raise NotThere
    found = [one for one in containment.grants(actor) if one.solo and not one.revoked]
    shown = [one for one in found if one.good_from is not None and not one.used]
    context = {
        "section": "waiting",
        "waiting": grants_told.told(actor, shown, clock.now()),
    }
    answer = render(request, "practice/waiting.html", context)
    answer["Cache-Control"] = "no-store, private"
    return answer


@policy.staff_may(Act.OWN_PASSKEYS)
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Stop one: it allows nothing from this second on."""
    actor = accounts.staff_actor_for(request)
    digest = grants_told.digest_in(asked.sent(request))
    if digest is None:
        raise NotThere
    containment.revoke_grant(actor, digest)
    messages.success(request, _("C’est arrêté : cela n’aura pas d’effet."))
    return HttpResponseRedirect(reverse("practice:waiting"))

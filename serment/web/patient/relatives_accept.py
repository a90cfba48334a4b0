"""An invitation to act for somebody: the link opens a page, only its button accepts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment.errors import Unusable
from serment.identity import accounts, policy
from serment.identity.policy import Strength
from serment.identity.relatives import granting
from serment.identity.relatives.granting import Invitation, InvitationSpent


@policy.patient(strength=Strength.TWO_FACTORS)
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, word: str) -> HttpResponse:
    """For whom, and what it means; accepted by the account that is signed in."""
    actor = accounts.actor_for(request)
    try:
        invitation = Invitation.read(word)
        who = granting.named_in(actor, invitation)
        if request.method == "GET":
            return render(request, "patient/relative_accept.html", {"who": who})
        granting.accept(actor, invitation)
    except InvitationSpent as spent:
        context = {"spent": spent.sentence}
        return render(request, "patient/relative_accept.html", context, status=410)
    except Unusable:
        own = _("C’est votre propre invitation : elle est pour la personne que vous avez choisie.")
        return render(request, "patient/relative_accept.html", {"spent": own}, status=409)
    messages.success(request, _("C’est fait : vous pouvez agir pour %(who)s.") % {"who": who})
    return HttpResponseRedirect(reverse("patient:relatives"))

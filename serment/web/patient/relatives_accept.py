"""An invitation to act for somebody: the link opens a page, only its button accepts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment.disclosure import Actor, acting, gate
from serment.errors import Unusable
from serment.identity import accounts, policy
from serment.identity.policy import Strength
from serment.identity.relatives import granting, people, told
from serment.identity.relatives.granting import Invitation, InvitationSpent


@policy.patient(strength=Strength.TWO_FACTORS)
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, word: str) -> HttpResponse:
    """For whom, and what it means; accepted by the account that is signed in, once."""
    actor = accounts.actor_for(request)
    try:
        invitation = Invitation.read(word)
        if granting.is_taken(invitation):
            return _taken(request, actor, invitation)
        who = granting.named_in(actor, invitation)
        if request.method == "GET":
            return render(request, "patient/relative_accept.html", {"who": who})
        mandate = granting.accept(actor, invitation)
        told.begun(mandate, invitation)
    except InvitationSpent as spent:
        context = {"spent": spent.sentence}
        return render(request, "patient/relative_accept.html", context, status=410)
    except Unusable:
        context = {"spent": _not_theirs(actor, invitation)}
        return render(request, "patient/relative_accept.html", context, status=409)
    who = people.one_acted_for(actor, mandate.record).name
    messages.success(request, _("C’est fait : vous pouvez agir pour %(who)s.") % {"who": who})
    return HttpResponseRedirect(reverse("patient:relatives"))


def _taken(request: HttpRequest, actor: Actor, invitation: Invitation) -> HttpResponse:
    """It served: by this account, which is told so, or by another, of which nothing is told."""
    mine = any(one.mine and one.record == invitation.relation for one in acting.of(actor, actor.id))
    context = {
        "mine": mine,
        "spent": _("Vous l’avez déjà acceptée : cette personne est dans « Mes proches ».")
        if mine
        else _("Elle a déjà servi. Si ce n’était pas vous, dites-le à qui vous l’a envoyée."),
    }
    return render(request, "patient/relative_accept.html", context, status=200 if mine else 410)


def _not_theirs(actor: Actor, invitation: Invitation) -> str:
    """Why the keeper does not let this account act for that person."""
    if invitation.person in {actor.id, *gate.files_of(actor, actor.id)}:
        return _("C’est votre propre invitation : elle est pour la personne que vous avez choisie.")
    return _(
        "L’établissement vous a fermé cet accès, et une invitation ne suffit pas à le rouvrir."
        " Demandez à l’accueil : la personne qui l’a fermé ou un soignant peut le faire."
    )

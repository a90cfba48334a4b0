"""How I may be reached: read and changed by whoever has just proved twice who they are."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.disclosure import acting
from serment.identity import accounts, contact, policy, reaching
from serment.identity.relatives.terms import Relation
from serment.web import asked

RECENT_MINUTES = 10
_MADE_UP = (Relation.PARENT, Relation.GUARDIAN)


@policy.patient(strength=policy.Strength.TWO_FACTORS, recent_minutes=RECENT_MINUTES)
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """One form; it counts for every practice where one has a file of one's own."""
    actor = accounts.actor_for(request)
    if request.method == "GET":
        said = reaching.of_account(actor)
        return _show(request, said, had=said != contact.NOTHING_SAID)
    sent = asked.sent(request)
    try:
        wishes = contact.cleaned({name: str(sent[name]) for name in sent})
    except contact.WishesUnusable as unusable:
        return _show(request, sent, unusable.errors, had="had" in sent)
    reaching.say(actor, wishes, clock.now(), former_unsafe="former" in sent)
    messages.success(request, _("C’est enregistré, dans votre compte et dans tous vos dossiers."))
    if any(one.mine and one.relation in _MADE_UP for one in acting.of(actor, actor.id)):
        messages.warning(
            request,
            _(
                "Les dossiers déjà ouverts pour vos proches gardent l’adresse qu’ils avaient :"
                " dites à l’accueil de chaque cabinet ce qui doit changer."
            ),
        )
    return HttpResponseRedirect(reverse("patient:account"))


def _show(
    request: HttpRequest, said: Any, errors: dict[str, str] | None = None, *, had: bool
) -> HttpResponse:
    """``had``: something was said before, so there is a former way that may be safe no longer.

    The form carries it: a field to mend is no reason to open the account's wishes again.
    """
    context = {
        "said": said,
        "errors": errors or {},
        "hours_max": contact.HOURS_LETTERS_MAX,
        "had": had,
    }
    return render(request, "patient/contact.html", context, status=422 if errors else 200)

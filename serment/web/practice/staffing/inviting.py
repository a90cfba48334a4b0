"""Inviting somebody, sending the link once more, taking the invitation back."""

from __future__ import annotations

from uuid import UUID

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from serment import clock
from serment.disclosure import containment
from serment.errors import Unusable
from serment.identity import accounts, invitations, policy, review
from serment.identity.files import ValuesUnusable
from serment.identity.models import PASSING, Role
from serment.identity.rights import DECIDING, Act
from serment.web import asked
from serment.web.practice import second_word, team

_TYPED = ("given_name", "family_name", "email", "role", "until", "entry")
_MAILS = "40/h/user"


@policy.staff_may(Act.MANAGE_STAFF)
@never_cache
def invite(request: HttpRequest) -> HttpResponse:
    """The form; what was typed stands in it again where a field is wrong."""
    actor, now = accounts.staff_actor_for(request), clock.now()
    typed = {name: asked.sent(request).get(name, "") for name in _TYPED}
    errors: dict[str, str] = {}
    if request.method == "POST":
        typed["entry"] = str(asked.uuid(typed["entry"]) or "")
        try:
            _may_mail(request)
            invitation = invitations.invite(actor, invitations.wanted(typed, now), now)
        except ValuesUnusable as wrong:
            errors = wrong.errors
        else:
            _say_sent(request, invitation.role in DECIDING)
            return HttpResponseRedirect(reverse("practice:team"))
    solo = containment.is_solo(actor)
    offered = [role for role in Role if solo or role is not Role.TRUSTEE]
    context = {
        "section": "team",
        "solo": solo,
        "second": second_word.way(actor),
        "typed": typed,
        "errors": errors,
        "roles": [(role, role.label, review.in_words(role)) for role in offered],
        "passing": [str(role) for role in PASSING],
        "entries": invitations.entries(team.establishment_of(actor)),
    }
    return render(request, "practice/invite.html", context)


def _say_sent(request: HttpRequest, officer: bool) -> None:
    if officer:
        said = _(
            "L’invitation est partie. Ce rôle a besoin de deux accords avant d’ouvrir :"
            " les responsables les donnent à la page des accords."
        )
    else:
        said = _("L’invitation est partie. Le lien sert une fois, pendant une semaine.")
    messages.success(request, said)


@policy.staff_may(Act.MANAGE_STAFF)
@require_POST
def again(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """A new link to the same address."""
    _may_mail(request)
    invitations.again(accounts.staff_actor_for(request), invitation_id, clock.now())
    messages.success(request, _("Un nouveau lien est parti ; l’ancien ne sert plus."))
    return HttpResponseRedirect(reverse("practice:team"))


@policy.staff_may(Act.MANAGE_STAFF)
@require_POST
def withdraw(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """The link opens nothing any more."""
    invitations.withdraw(accounts.staff_actor_for(request), invitation_id)
    messages.success(request, _("L’invitation est retirée : le lien n’ouvre plus rien."))
    return HttpResponseRedirect(reverse("practice:team"))


def _may_mail(request: HttpRequest) -> None:
    allowed = ratelimit.consume(request, app="serment", action="invite", config={"invite": _MAILS})
    if not allowed:
        raise Unusable(_("Trop d’invitations d’un coup. Attendez une heure avant de continuer."))

"""A lost telephone: one officer stops it this second. A lost access: two people give it back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.disclosure import AssertionNeeded, NotYours
from serment.errors import Unusable
from serment.identity import accounts, policy, returns, staff
from serment.identity.models import Role
from serment.identity.rights import Act
from serment.web import asked
from serment.web.practice.staffing import changing, told


@dataclass(frozen=True, slots=True)
class Waiting:
    """A way back that wants its second person."""

    id: UUID
    name: str
    role: str
    by: str
    until: str
    may: bool


@policy.staff_may(Act.STOP_DEVICES)
@never_cache
@require_GET
def lost(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """What a colleague's lost device can still do, each with its stop."""
    actor = accounts.staff_actor_for(request)
    member = staff.of_house(actor, member_id)
    keys = returns.keys_of(actor, member.pk)
    context = {
        "section": "team",
        "member": member,
        "name": told.name_of(actor, member),
        "keys": [(one, one.name.hex(), told.day(one.enrolled_at)) for one in keys],
        "is_me": member.pk == actor.id,
        **told.lone(actor, member, clock.now()),
    }
    return render(request, "practice/lost.html", context)


@policy.staff_may(Act.STOP_DEVICES)
@never_cache
@require_POST
def stop_key(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """One key signs nothing any more; where the officer has a key, it signs for that."""
    actor = accounts.staff_actor_for(request)
    key, signed = changing.key_of(request), asked.sent(request).get("signed", "")
    here = HttpResponseRedirect(reverse("practice:team_lost", args=[member_id]))
    try:
        returns.stop_key(actor, member_id, key, signed)
    except AssertionNeeded:
        said = _("Confirmez avec votre clé : vous arrêtez celle d’un collègue.")
        return changing.to_sign(request, member_id, "stop_key", said)
    except (NotYours, Unusable):
        messages.error(request, _("Cela n’a pas été accepté. Rien n’a changé."))
        return here
    messages.success(request, _("Cette clé n’ouvre plus rien, et ses pages sont fermées."))
    return here


@policy.staff_may(Act.STOP_DEVICES)
@require_POST
def stop_sessions(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Every page this colleague has open ends now."""
    returns.stop_sessions(accounts.staff_actor_for(request), member_id)
    messages.success(request, _("Toutes ses pages sont fermées, sur tous les appareils."))
    return HttpResponseRedirect(reverse("practice:team_lost", args=[member_id]))


@policy.staff_may(Act.STOP_DEVICES)
@require_POST
def ask_back(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """The first of the two who give a lost access back."""
    try:
        returns.ask(accounts.staff_actor_for(request), member_id, clock.now())
    except (returns.SecondPerson, returns.KeysFirst) as refused:
        messages.error(request, refused.sentence)
        return HttpResponseRedirect(reverse("practice:team_lost", args=[member_id]))
    messages.success(
        request,
        _("C’est demandé. Un autre collègue confirme maintenant, de son propre poste."),
    )
    return HttpResponseRedirect(reverse("practice:team_back"))


@policy.staff_may(Act.GIVE_BACK)
@never_cache
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """What still wants a second person."""
    actor, now = accounts.staff_actor_for(request), clock.now()
    found = returns.waiting(actor, now)
    names = told.names_of(actor, [one.member for one in found])
    askers = staff.display_names(actor, [one.asked_by_id for one in found])
    rows = [
        Waiting(
            one.pk,
            names.get(one.member_id, ""),
            str(Role(one.member.role).label),
            askers[one.asked_by_id].name if one.asked_by_id in askers else "",
            told.day(one.expires_at),
            returns.may_confirm(actor, one),
        )
        for one in found
    ]
    return render(request, "practice/give_back.html", {"section": "team_back", "rows": rows})


@policy.staff_may(Act.GIVE_BACK)
@require_POST
def confirm(request: HttpRequest, asked_id: UUID) -> HttpResponse:
    """The second person: what was lost counts no more, and the link goes out."""
    actor, now = accounts.staff_actor_for(request), clock.now()
    if asked.sent(request).get("quoi") == "refuser":
        returns.refuse(actor, asked_id, now)
        messages.success(request, _("La demande est retirée. Rien n’a changé."))
        return HttpResponseRedirect(reverse("practice:team_back"))
    try:
        returns.confirm(actor, asked_id, now)
    except returns.SecondPerson as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(
            request,
            _("C’est confirmé : un lien est parti à l’adresse que la maison connaît."),
        )
    return HttpResponseRedirect(reverse("practice:team_back"))

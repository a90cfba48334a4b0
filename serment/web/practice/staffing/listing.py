"""Who works here: everybody, the invited, those asleep, roles that wait for two approvals."""

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
from serment.disclosure import Actor, NotYours, TwoNeeded
from serment.disclosure.containment import GrantState
from serment.errors import NotThere
from serment.identity import accounts, dormant, invitations, policy, returns, review, staff
from serment.identity.models import Role
from serment.identity.rights import Act
from serment.identity.staff_models import Invitation
from serment.web import asked, wording
from serment.web.practice import second_word
from serment.web.practice.staffing import told


@dataclass(frozen=True, slots=True)
class Invited:
    """One invitation as its manager reads it."""

    id: UUID
    name: str
    role: str
    until: str
    comes_back: bool
    waits: bool
    ready: bool
    """Two approved: a manager gives the role now."""
    approved: bool
    """One of the two did."""
    begins: str
    """In a practice of one: the day on which that one approval counts."""


@policy.staff_may(Act.SEE_STAFF)
@never_cache
@require_GET
def team(request: HttpRequest) -> HttpResponse:
    """The page a manager starts from."""
    actor, now = accounts.staff_actor_for(request), clock.now()
    people, invited = told.team(actor, now), _invited(actor)
    waits = any(one.waits and not one.ready for one in invited)
    context = {
        "section": "team",
        "people": people,
        "asleep": told.asleep(actor, now),
        "invited": invited,
        "second": second_word.way(actor) if waits else second_word.Way(),
        "overdue": review.overdue(actor, now),
        "waiting": len(returns.waiting(actor, now)),
        "sleep_days": dormant.SLEEP_DAYS,
    }
    return render(request, "practice/team.html", context)


def _invited(actor: Actor) -> list[Invited]:
    found = invitations.of_house(actor)
    names = told.names_of(actor, [one.member for one in found])
    asked_for = {one.target: one for one in told.role_grants(actor)}
    return [_told(one, names.get(one.member_id, ""), asked_for.get(one.member_id)) for one in found]


def _told(one: Invitation, name: str, grant: GrantState | None) -> Invited:
    begins = grant.good_from if grant is not None and not grant.good else None
    return Invited(
        one.pk,
        name,
        str(Role(one.role).label),
        told.day(one.expires_at),
        one.member.account_id is not None,
        one.member.role != one.role,
        grant is not None and grant.good,
        grant is not None and bool(grant.approved_by),
        wording.moment(begins, told.ZONE) if begins is not None else "",
    )


@policy.staff_may(Act.MANAGE_STAFF)
@require_POST
def reopen(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Let somebody in again whose access had closed for want of use."""
    dormant.reopen(accounts.staff_actor_for(request), member_id, clock.now())
    messages.success(request, _("L’accès est rouvert : cette personne se connecte comme avant."))
    return HttpResponseRedirect(reverse("practice:team"))


@policy.staff_may(Act.MANAGE_STAFF)
@require_POST
def give_role(request: HttpRequest) -> HttpResponse:
    """Carry out an officer's role that two people approved."""
    actor = accounts.staff_actor_for(request)
    invitation = asked.uuid(asked.sent(request).get("invitation", ""))
    found = next((one for one in invitations.of_house(actor) if one.pk == invitation), None)
    if found is None:
        raise NotThere
    try:
        staff.carry_out_role(actor, found.member_id, found.role)
    except (TwoNeeded, NotYours):
        messages.error(request, _("Il manque encore un accord. Rien n’a changé."))
    else:
        messages.success(request, _("Le rôle est donné : le lien d’invitation ouvre maintenant."))
    return HttpResponseRedirect(reverse("practice:team"))

"""What two people approve: proposed, approved, stopped and carried out on one page."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.disclosure import Actor, containment
from serment.disclosure.containment import GrantState
from serment.errors import NotThere, Refused, Unusable
from serment.identity import accounts, invitations, policy, staff
from serment.identity.models import Role, StaffMember
from serment.identity.rights import Act
from serment.web import asked
from serment.web.practice import glass_messages, second_word, team, trustee_messages
from serment.web.privacy import grants_told, signing

FACTORS: Final = (2, 3, 5)
DAYS: Final = (1, 3, 7)
OPENING_ROLES: Final = (Role.SECRETARY, Role.PRACTITIONER, Role.SUBSTITUTE)
ALONE_WAITS: Final = timedelta(hours=72)
"""In a practice of one nothing approved begins sooner (the keeper's own wait)."""


@policy.staff_may(Act.CONTAIN)
@never_cache
@require_GET
def grants(request: HttpRequest) -> HttpResponse:
    """What waits for an approval first, then what stands, what was done or stopped."""
    actor = accounts.staff_actor_for(request)
    found = grants_told.told(actor, containment.grants(actor), clock.now(), people=True)
    waiting = [one for one in found if one.state in ("waiting", "countdown")]
    context = {
        "section": "grants",
        "waiting": waiting,
        "second": second_word.way(actor) if waiting else second_word.Way(),
        "standing": [one for one in found if one.state == "good"],
        "over": [one for one in found if one.state in ("done", "stopped")],
        "has_key": signing.has_key(actor),
        "colleagues": _colleagues(actor),
        "factors": [(one, one * grants_told.USUAL) for one in FACTORS],
        "days": DAYS,
        "solo": containment.is_solo(actor),
        "reader": actor.id,
    }
    return render(request, "privacy/grants.html", context)


def _colleagues(actor: Actor) -> list[tuple[UUID, staff.DisplayName]]:
    members = StaffMember.objects.filter(
        establishment_id=team.establishment_of(actor), active=True, role__in=OPENING_ROLES
    ).values_list("pk", flat=True)
    known = staff.display_names(actor, members)
    return sorted(known.items(), key=lambda one: one[1].name)


@policy.staff_may(Act.CONTAIN)
@require_POST
def propose_raise(request: HttpRequest) -> HttpResponse:
    """That somebody may open more for a while; two approve it."""
    actor = accounts.staff_actor_for(request)
    sent = asked.sent(request)
    who = asked.uuid(sent.get("qui", ""))
    factor, days = asked.number(sent.get("fois", ""), 10), asked.number(sent.get("jours", ""), 31)
    if who is None or factor not in FACTORS or days not in DAYS or days is None or factor is None:
        raise Unusable(_("Choisissez une personne, combien de fois, et pour combien de jours."))
    until = clock.now() + timedelta(days=days)
    if containment.is_solo(actor):  # else one or three days would be over before they begin
        until += ALONE_WAITS
    containment.propose_grant(actor, "budget", not_after=until, target=who, factor=factor)
    messages.success(request, _("C’est proposé. %(who)s") % {"who": second_word.both(actor)})
    return _back()


@policy.staff_may(Act.CONTAIN)
@require_POST
def approve(request: HttpRequest) -> HttpResponse:
    """One's own approval of exactly what was shown; the second one makes it good."""
    actor = accounts.staff_actor_for(request)
    sent = asked.sent(request)
    digest = grants_told.digest_in(sent)
    try:
        signing.approve(actor, sent)
    except Refused as refused:
        messages.error(request, signing.refusal(refused))
        return _back()
    state = next((one for one in containment.grants(actor) if one.digest == digest), None)
    messages.success(request, _said(actor, state))
    return _back()


def _said(actor: Actor, state: GrantState | None) -> str:
    """What an approval did; a role that is good is given at once."""
    if state is None or (not state.good and not state.solo):
        trustee_messages.tell_asked(actor)
        return _("Votre accord est noté. Il en faut encore un, d’une autre personne.")
    if not state.good:
        _tell_countdown(actor)
        return _(
            "Votre accord est noté. Personne d’autre ne peut approuver ici : cela prendra effet"
            " dans 72 heures, et toute l’équipe est prévenue pour pouvoir l’arrêter."
        )
    if state.kind == "role" and state.target is not None:
        return _given(actor, state.target, state.role)
    if state.kind == "erase":
        return _("Deux personnes l’ont approuvé. Il reste à l’effectuer, ci-dessous.")
    return _("Deux personnes l’ont approuvé : c’est en vigueur.")


def _given(actor: Actor, member: UUID, role: str) -> str:
    try:
        staff.carry_out_role(actor, member, role)
    except Refused as refused:
        return refused.sentence
    return _role_given(actor, member)


def _role_given(actor: Actor, member: UUID) -> str:
    """What that does for them: who was invited to it can come in, who works here signs in anew."""
    invited = any(one.member_id == member for one in invitations.of_house(actor))
    if not invited:
        return _(
            "C’est approuvé : le rôle est donné. Les pages ouvertes de cette personne sont"
            " fermées ; elle se reconnecte avec le nouveau."
        )
    return _(
        "C’est approuvé : le rôle est donné, et le lien d’invitation ouvre maintenant. Cette"
        " personne n’est pas encore venue ; dites-lui que le message qu’elle a reçu suffit."
    )


def _tell_countdown(actor: Actor) -> None:
    """A message to everybody who works here and can be reached: any of them may stop it."""
    glass_messages.tell_countdown(actor)


@policy.staff_may(Act.CONTAIN)
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """It allows nothing from this second on."""
    actor = accounts.staff_actor_for(request)
    containment.revoke_grant(actor, _digest(request))
    messages.success(request, _("C’est arrêté : cela ne permet plus rien."))
    return _back()


@policy.staff_may(Act.CONTAIN)
@require_POST
def erase(request: HttpRequest) -> HttpResponse:
    """Carry out an erasure that two approved; the keys go now."""
    actor = accounts.staff_actor_for(request)
    if asked.sent(request).get("sur") != "oui":
        messages.error(request, _("Cochez que vous effacez pour de bon. Rien n’a été effacé."))
        return _back()
    containment.erase_granted(actor, _digest(request))
    messages.success(request, _("Le dossier est effacé : plus personne ne l’ouvre."))
    return _back()


def _digest(request: HttpRequest) -> bytes:
    digest = grants_told.digest_in(asked.sent(request))
    if digest is None:
        raise NotThere
    return digest


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("grants"))

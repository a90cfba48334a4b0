"""One colleague: what they may, another role, the end of the access and their agenda after it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Actor, AssertionNeeded, NotYours, TwoNeeded, containment, passkeys
from serment.disclosure.passkeys import SensitiveAct
from serment.errors import NotThere, Refused, Unusable
from serment.identity import accounts, invitations, policy, review, rights, staff
from serment.identity.models import PASSING, Role, StaffMember
from serment.identity.rights import Act
from serment.scheduling.models import Appointment
from serment.web import asked
from serment.web.practice import trustee_messages
from serment.web.practice.staffing import told

APPROVAL_DAYS = 7


@policy.staff_may(Act.SEE_STAFF)
@never_cache
@require_GET
def member(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """What this person may do here, and what can be done about it."""
    return _shown(request, accounts.staff_actor_for(request), member_id, clock.now())


def _shown(
    request: HttpRequest, actor: Actor, member_id: UUID, now: datetime, **typed: str
) -> HttpResponse:
    """The page; with what was typed where it cannot be done so."""
    one = told.colleagues(actor, [staff.of_house(actor, member_id)], now)[0]
    context = {**_context(actor, one, now), **typed}
    return render(request, "practice/member.html", context, status=422 if typed else 200)


def _context(actor: Actor, one: told.Colleague, now: datetime) -> dict[str, Any]:
    works = one.member.active and (one.member.ends_at is None or one.member.ends_at > now)
    return {
        "section": "team",
        "one": one,
        "works": works,
        "words": review.in_words(one.member.role),
        "roles": [(role, role.label) for role in Role if role is not Role.TRUSTEE],
        "trustee": one.member.role == Role.TRUSTEE,
        "passing": [str(role) for role in PASSING],
        "chosen": one.member.role,
        "until": _day(one.member.ends_at),
        "may": {str(act): rights.may(actor, act) for act in Act},
        "coming": _coming(one.member, now),
        **told.lone(actor, one.member, now),
    }


def _day(ends_at: datetime | None) -> str:
    return ends_at.astimezone(told.ZONE).date().isoformat() if ends_at else ""


def _coming(member: StaffMember, now: datetime) -> int:
    """Appointments to come in this person's own agenda: counted, no name opened."""
    if member.practitioner_role_id is None:
        return 0
    with tenancy.inside(tenant=member.establishment_id):
        return Appointment.objects.filter(
            role_id=member.practitioner_role_id, status="booked", starts_at__gt=now
        ).count()


@policy.staff_may(Act.MANAGE_STAFF)
@never_cache
@require_POST
def role(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Another role; an officer's goes to two approvals, others may want the manager's own key."""
    actor, now, sent = accounts.staff_actor_for(request), clock.now(), asked.sent(request)
    wanted = _role(sent.get("role", ""))
    here = HttpResponseRedirect(reverse("practice:team_member", args=[member_id]))
    try:
        ends_at = invitations.last_minute(sent.get("until", ""), wanted, now)
        staff.change_role(actor, member_id, wanted, ends_at, sent.get("signed", ""))
    except AssertionNeeded:
        said = _("Confirmez avec votre clé : changer un rôle est un acte que vous signez.")
        return to_sign(request, member_id, "role", said)
    except TwoNeeded:
        until = now + timedelta(days=APPROVAL_DAYS)
        containment.propose_role(actor, member_id, wanted, not_after=until)
        messages.info(
            request,
            _("Ce rôle touche aux pouvoirs de la maison : il attend maintenant deux accords."),
        )
        return here
    except staff.EndNeeded as needed:
        messages.error(request, needed.sentence)
        return _shown(request, actor, member_id, now, chosen=wanted, until=sent.get("until", ""))
    except staff.HasLeft as gone:
        messages.error(request, gone.sentence)
        return here
    except (NotYours, Unusable):
        messages.error(request, _("Cela n’a pas été accepté. Rien n’a changé."))
        return here
    messages.success(
        request, _("Le rôle est changé. Cette personne se connecte de nouveau avec le nouveau.")
    )
    return here


@policy.staff_may(Act.MANAGE_STAFF)
@never_cache
def end(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Ask once, saying what happens; then it has happened, the same minute."""
    actor, now = accounts.staff_actor_for(request), clock.now()
    member = staff.of_house(actor, member_id)
    if request.method != "POST":
        if member.pk == actor.id:  # who says there whom to ask; nobody ends their own
            return HttpResponseRedirect(reverse("practice:team_member", args=[member_id]))
        one = told.colleagues(actor, [member], now)[0]
        return render(request, "practice/member_end.html", _context(actor, one, now))
    try:
        # A named day that was left empty is asked for again: it never means this minute.
        day = asked.sent(request).get("until")
        at = None if day is None else invitations.last_minute(day, Role.SUBSTITUTE, now)
        staff.end(actor, member_id, at or now)
        if member.role == Role.TRUSTEE and at is None:
            trustee_messages.tell_ended(actor, member_id)
    except (staff.OwnEnd, staff.EndNeeded) as refused:
        messages.error(request, refused.sentence)
        return HttpResponseRedirect(reverse("practice:team_end", args=[member_id]))
    if at is None:
        said = _("L’accès est terminé : ses pages, ses clés et ses sessions n’ouvrent plus rien.")
    else:
        said = _("L’accès finira le %(day)s au soir.") % {"day": told.day(at)}
    messages.success(request, said)
    return HttpResponseRedirect(reverse("practice:team"))


@policy.staff_may(Act.OWN_PASSKEYS)
@never_cache
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """What the actor's own key is to sign, as JSON: the same act as it will be carried out."""
    actor = accounts.staff_actor_for(request)
    try:
        return JsonResponse(passkeys.begin_act(actor, act_of(request)))
    except Refused as refused:
        return JsonResponse({"error": refused.sentence}, status=409)


def act_of(request: HttpRequest) -> SensitiveAct:
    """The act a form stands for."""
    sent = asked.sent(request)
    member = asked.uuid(sent.get("member", ""))
    if sent.get("act") == "role" and member is not None:
        return passkeys.giving_role(member, _role(sent.get("role", "")))
    if sent.get("act") == "stop_key":
        return passkeys.revoking(key_of(request))
    raise Unusable(_("Cette demande est incomplète."))


def key_of(request: HttpRequest) -> bytes:
    """A key as the keeper names it. ``Unusable``."""
    try:
        return bytes.fromhex(asked.sent(request).get("key", ""))
    except ValueError as wrong:
        raise Unusable(_("Cette demande est incomplète.")) from wrong


def to_sign(request: HttpRequest, member_id: UUID, act: str, said: str) -> HttpResponse:
    """The same form once more, for the key to sign."""
    again = {
        name: value
        for name, value in asked.sent(request).items()
        if name not in ("csrfmiddlewaretoken", "signed", "act", "member")
    }
    context = {
        "section": "team", "said": said, "fields": again.items(), "act": act,
        "member_id": member_id, "there": request.path,
    }  # fmt: skip
    return render(request, "practice/sign.html", context)


def _role(text: str) -> Role:
    if text not in Role.values:
        raise NotThere
    return Role(text)

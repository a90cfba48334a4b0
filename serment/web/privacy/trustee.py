"""The outside trustee's page: what waits in a practice of one, approved or refused with a key.

It says what would happen, for how many, asked and approved by whom, and opens no patient's name:
the keeper would refuse it. Each answer is signed; the keeper checks it, this page decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.disclosure import Actor, NotYours, containment, passkeys
from serment.disclosure.containment import GrantState
from serment.disclosure.passkeys import Passkey, SensitiveAct
from serment.errors import Refused, Unusable
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.web import asked, wording
from serment.web.practice import trustee_messages
from serment.web.privacy import grants_told
from serment.web.privacy.asking import ZONE

APPROVE = "approve"
REFUSE = "refuse"


@policy.staff_may(Act.SECOND)
@never_cache
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What waits for the trustee first; then what they or the house decided."""
    actor = accounts.staff_actor_for(request)
    found = grants_told.told(actor, _states(actor), clock.now())
    keys = [one for one in passkeys.passkeys(actor) if one.revoked_at is None]
    context = {
        "waiting": [one for one in found if one.state == "waiting" and one.approved_by],
        "over": [one for one in found if one.state in ("good", "done", "stopped")],
        "has_key": bool(keys),
        "counts_from": _counts_from(keys),
    }
    return render(request, "privacy/trustee.html", context)


def _states(actor: Actor) -> list[GrantState]:
    """None where the house has two who approve again: the keeper then shows a trustee nothing."""
    try:
        return containment.grants(actor)
    except NotYours:
        return []


def _counts_from(keys: list[Passkey]) -> str:
    """When the first key will count; empty where one does, or there is none."""
    if not keys or any(one.settled for one in keys):
        return ""
    return wording.moment(min(one.settles_at for one in keys), ZONE)


@policy.staff_may(Act.SECOND)
@never_cache
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """What the browser is to sign, as JSON."""
    actor = accounts.staff_actor_for(request)
    try:
        return JsonResponse(passkeys.begin_act(actor, _act_of(asked.sent(request))))
    except Refused as refused:
        return JsonResponse({"error": refused.sentence}, status=409)


@policy.staff_may(Act.SECOND)
@never_cache
@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """One signed word; the house's officers are told of it."""
    actor, sent = accounts.staff_actor_for(request), asked.sent(request)
    act, approved = _act_of(sent), sent.get("what") == APPROVE
    here = HttpResponseRedirect(reverse("trustee"))
    try:
        passkeys.finish_act(actor, act, sent.get("signed", ""))
    except (Refused, NotYours, Unusable):
        messages.error(
            request,
            _(
                "Votre réponse n’a pas été acceptée : elle demande votre clé, une fois qu’elle"
                " compte. Rien n’a changé."
            ),
        )
        return here
    trustee_messages.tell_decided(actor, approved=approved)
    if approved:
        messages.success(request, _("Approuvé, et signé. Le cabinet est prévenu."))
    else:
        messages.success(request, _("Refusé, et signé : cela n’aura pas d’effet."))
    return here


def _act_of(sent: Mapping[str, str]) -> SensitiveAct:
    """The act a form names. Raises Unusable."""
    digest = grants_told.digest_in(sent)
    if digest is not None and sent.get("what") == APPROVE:
        return passkeys.approving(digest)
    if digest is not None and sent.get("what") == REFUSE:
        return passkeys.refusing(digest)
    raise Unusable(_("Cette demande est incomplète."))

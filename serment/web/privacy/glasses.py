"""Files opened in an emergency, as officers read and judge them.

The file's person is not named here: an officer judges the reason, and finds the person in the
register of an incident where it comes to that.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.disclosure import glass
from serment.errors import NotThere, Refused
from serment.identity import accounts, policy, staff
from serment.identity.rights import Act
from serment.web import asked, wording
from serment.web.practice.glass import REASONS
from serment.web.privacy import signing
from serment.web.privacy.asking import ZONE

SHOWN: Final = 100


@policy.staff_may(Act.CONTAIN)
@never_cache
@require_GET
def glasses(request: HttpRequest) -> HttpResponse:
    """What waits for a judgement, what waits for a justification, what is done."""
    actor = accounts.staff_actor_for(request)
    found = glass.broken(actor)[:SHOWN]
    names = staff.display_names(actor, {one.by for one in found})
    told = [_told(one, names, actor.id) for one in found]
    context = {
        "section": "glasses",
        "has_key": signing.has_key(actor),
        "to_review": [one for one in told if one["it"].to_review],
        "owed": [one for one in told if one["it"].owed],
        "done": [one for one in told if not one["it"].to_review and not one["it"].owed],
    }
    return render(request, "privacy/glasses.html", context)


def _told(one: glass.Broken, names: dict[UUID, staff.DisplayName], reader: UUID) -> dict[str, Any]:
    now = clock.now()
    today = now.astimezone(ZONE).date()
    known = names.get(one.by)
    return {
        "it": one,
        "who": known.name if known and known.name else _("Un membre de l’équipe"),
        "role": known.role if known else "",
        "own": one.by == reader,
        "when": wording.moment(one.at, ZONE, today),
        "said": wording.moment(one.justified_at, ZONE, today) if one.justified_at else "",
        "due": wording.moment(one.due, ZONE, today),
        "late": one.owed and now > one.due,
        "reason": str(REASONS.get(one.reason, one.reason)),
        "verified": one.evidence == "verified",
    }


@policy.staff_may(Act.CONTAIN)
@require_POST
def judge(request: HttpRequest) -> HttpResponse:
    """Accept it, ask for more, or call it an abuse; never one's own."""
    actor = accounts.staff_actor_for(request)
    sent = asked.sent(request)
    _name, outcome, remark = signing.review_in(sent)
    if outcome != "accepted" and not remark:
        messages.error(request, _("Dites pourquoi : la personne qui a ouvert le dossier le lira."))
        return HttpResponseRedirect(reverse("glasses"))
    try:
        signing.judge(actor, sent)
    except NotThere:
        raise
    except Refused as refused:
        messages.error(request, signing.refusal(refused))
        return HttpResponseRedirect(reverse("glasses"))
    messages.success(request, _("Votre avis est noté."))
    return HttpResponseRedirect(reverse("glasses"))

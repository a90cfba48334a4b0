"""Sessions in groups: which are set, how many seats are left, and setting one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.disclosure import Actor
from serment.errors import Conflict, Refused
from serment.identity import accounts, policy, rights
from serment.identity.rights import Act
from serment.scheduling import explain, groups, rules, wall_clock
from serment.scheduling.models import GroupSession, VisitReason
from serment.scheduling.models.groups import SEATS_MAX
from serment.web import asked, wording
from serment.web.practice import team

AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Line:
    """One session of the list."""

    id: UUID
    when: str
    what: str
    who: str
    seats: int
    taken: int
    left: int
    booking: str
    """What the booking page is asked to show."""
    closed: str
    """Why nobody can come although there are seats: an absence, a closed house."""


@policy.staff_may(Act.SEE_AGENDA)
@require_GET
def sessions(request: HttpRequest) -> HttpResponse:
    """All to come, and the form of a new one for whoever sets hours."""
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    return _show(request, actor, everybody, {}, {})


@policy.staff_may(Act.SET_OPENINGS)
@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Set a session, or take an empty one away."""
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    typed = asked.sent(request)
    try:
        said = _remove(typed, everybody) if typed.get("seance") else _set(typed, everybody)
    except (Refused, Conflict) as refused:
        status = 409 if isinstance(refused, Conflict) else 422
        errors = {"when": str(_(refused.sentence))}
        return _show(request, actor, everybody, typed, errors, status)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("practice:sessions"))


def _set(typed: asked.Given, everybody: list[team.Member]) -> str:
    reason_id = asked.uuid(typed.get("motif", ""))
    known = {one.id: one for one in everybody}
    reason = VisitReason.objects.filter(id=reason_id).first() if reason_id else None
    member = known.get(reason.role_id) if reason else None
    local = asked.local_instant(typed.get("debut", ""))
    seats = asked.within(typed.get("places", ""), 1, SEATS_MAX)
    if reason is None or member is None:
        raise Refused(_("Choisissez un motif."))
    if local is None:
        raise Refused(_("Écrivez le jour et l’heure."))
    if not seats:
        told = _("Dites combien de places il y a : de 1 à %(most)d.")
        raise Refused(told % {"most": SEATS_MAX})
    at = wall_clock.instant(local.date(), local.time(), member.zone, second_pass=False)
    groups.create(reason, at.astimezone(UTC), seats, clock.now())
    return _("La séance est posée.")


def _remove(typed: asked.Given, everybody: list[team.Member]) -> str:
    wanted = asked.uuid(typed.get("seance", ""))
    own = GroupSession.objects.filter(role_id__in=[one.id for one in everybody])
    found = own.filter(id=wanted).first() if wanted else None
    if found is None:
        raise groups.NoSuchSession
    groups.remove(found)
    return _("La séance est retirée.")


def _show(
    request: HttpRequest,
    actor: Actor,
    everybody: list[team.Member],
    typed: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
) -> HttpResponse:
    known, language = {one.id: one for one in everybody}, get_language() or "fr"
    now = clock.now()
    reasons = VisitReason.objects.filter(role_id__in=list(known), in_groups=True)
    names = {
        one.id: f"{one.name(language)} · {known[one.role_id].name}"
        for one in reasons.order_by("name_fr", "id")
    }
    coming = groups.coming(list(known), (now, now + AHEAD), now)
    closed = _closed(coming, now)
    context: dict[str, Any] = {
        "section": "hours",
        "sessions": [
            _line(one, known[one.role_id], names.get(one.reason_id, ""), closed, now)
            for one in coming
        ],
        "reasons": list(names.items()),
        "typed": typed,
        "errors": errors,
        "seats_max": SEATS_MAX,
        "may_set": rights.may(actor, Act.SET_OPENINGS),
        "may_book": rights.may(actor, Act.BOOK),
    }  # fmt: skip
    return render(request, "practice/sessions.html", context, status=status)


def _closed(coming: list[groups.Session], now: datetime) -> dict[UUID, str]:
    """By session, the sentence of what closes it."""
    if not coming:
        return {}
    window = wall_clock.minute_of(now), wall_clock.minute_after(max(one.ends_at for one in coming))
    plans = rules.plans(list({one.role_id for one in coming}), window, using="default")
    found = {}
    for one in coming:
        plan = plans.get(one.role_id)
        reason = plan.reasons.get(one.reason_id) if plan else None
        if plan is not None and reason is not None:
            shut = groups.shut(plan, reason.visit, wall_clock.minute_of(one.starts_at))
            found[one.id] = explain.sentence(shut, plan) if shut else ""
    return found


def _line(
    one: groups.Session, member: team.Member, name: str, closed: dict[UUID, str], now: datetime
) -> Line:
    query = {
        "agenda": str(one.role_id),
        "motif": str(one.reason_id),
        "heure": one.starts_at.isoformat(),
    }
    when = wording.moment(one.starts_at, member.zone, now.astimezone(member.zone).date())
    what = name.rpartition(" · ")[0]
    return Line(
        one.id,
        when,
        what,
        member.name,
        one.seats,
        one.taken,
        one.left,
        urlencode(query),
        closed.get(one.id, ""),
    )

"""Invitations at the desk: making one for a person, those that stand, the code on paper, an end."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import qrcode
import qrcode.image.svg
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from serment import clock
from serment.disclosure import Actor
from serment.errors import NotThere, Refused
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import inviting, refusals
from serment.scheduling.inviting import Asked, Open
from serment.scheduling.models import VisitReason
from serment.web import asked
from serment.web.practice import naming, team
from serment.web.practice.naming import Person

DAYS: Final = (7, 14, 30, 60)


@dataclass(frozen=True, slots=True)
class Row:
    """One that stands; ``person`` once asked for."""

    one: Open
    reason: str
    who: str
    person: Person | None


@policy.staff_may(Act.BOOK)
@never_cache
@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """Those that stand; who was invited opens one by one, on record."""
    actor = accounts.actor_for(request)
    shown = asked.uuid(asked.sent(request).get("invitation", ""))
    found = inviting.open_ones(clock.now())
    if shown not in {one.row.id for one in found}:
        shown = None
    people = naming.people(actor, [shown], naming.AT_A_GLANCE) if shown else {}
    reasons = VisitReason.objects.in_bulk([one.terms.reason for one in found])
    language = get_language() or "fr"
    rows = [
        Row(
            one,
            reasons[one.terms.reason].name(language) if one.terms.reason in reasons else "",
            team.Member(one.row.role).name,
            people.get(one.row.id),
        )
        for one in found
    ]
    context = {"section": "invitations", "rows": rows, "opened": shown}
    return render(request, "practice/invitations.html", context)


@policy.staff_may(Act.BOOK)
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Invite one person to choose an hour: by message, or with a code on paper."""
    actor = accounts.actor_for(request)
    person, email = naming.with_address(actor, file_id)
    given = asked.given(request)
    context: dict[str, Any] = {
        "section": "patients",
        "file_id": file_id,
        "person": person,
        "choices": _choices(actor),
        "chosen": given.get("motif", ""),
        "days": DAYS,
        "chosen_days": asked.number(given.get("jours", ""), inviting.DAYS_MAX) or DAYS[1],
        "no_email": not email,
        "paper": not email or bool(given.get("papier")),
        "first": bool(given.get("premiere")),
    }
    if request.method == "GET":
        return render(request, "practice/invitation_new.html", context)
    try:
        made = inviting.make(actor, _asked(context), clock.now())
    except (Refused, refusals.NoSuchReason) as refused:
        context["refused"] = str(_(refused.sentence))
        return render(request, "practice/invitation_new.html", context, status=422)
    if context["paper"]:
        return HttpResponseRedirect(reverse("practice:invitation_code", args=[made.id]))
    messages.success(request, _("L’invitation part dans la minute."))
    return HttpResponseRedirect(reverse("practice:invitations"))


def _asked(context: dict[str, Any]) -> Asked:
    wanted = asked.uuid(context["chosen"])
    known = {value for value, _name in context["choices"]}
    chosen = wanted is not None and str(wanted) in known
    reason = VisitReason.objects.filter(pk=str(wanted)).first() if chosen else None
    if reason is None:
        raise refusals.NoSuchReason(_("Choisissez un soignant et un motif."))
    return Asked(
        reason.role_id, reason.id, context["file_id"], context["chosen_days"],
        first_visit=context["first"], by_message=not context["paper"],
    )  # fmt: skip


def _choices(actor: Actor) -> list[tuple[str, str]]:
    """What one visit is taken for, those by invitation first."""
    members = team.members(team.establishment_of(actor))
    rows = VisitReason.objects.filter(
        role_id__in=[one.id for one in members], active=True, in_groups=False, sessions=1, steps=[]
    )
    reasons = list(rows.order_by("position"))
    language = get_language() or "fr"
    listed = [
        (one.by_invitation, str(one.id), f"{member.name} · {one.name(language)}")
        for member in members
        for one in reasons
        if one.role_id == member.id
    ]
    listed.sort(key=lambda one: not one[0])
    return [(value, name) for _invited, value, name in listed]


@policy.staff_may(Act.BOOK)
@never_cache
@require_GET
def code(request: HttpRequest, invitation: UUID) -> HttpResponse:
    """The link on paper, for whoever has no e-mail: nobody's name, and no reason."""
    found = [one for one in inviting.open_ones(clock.now()) if one.row.id == invitation]
    if not found:
        raise NotThere
    address = f"{settings.PUBLIC_URL}{found[0].link}"
    role = found[0].row.role
    context = {
        "section": "invitations",
        "address": address,
        "picture": _picture(address),
        "site": role.site,
        "practitioner": role.practitioner,
        "ends_on": found[0].row.ends_on,
    }
    return render(request, "practice/invitation_code.html", context)


@policy.staff_may(Act.BOOK)
@require_POST
def withdraw(request: HttpRequest, invitation: UUID) -> HttpResponse:
    """The link opens nothing any more."""
    inviting.withdraw(accounts.actor_for(request), invitation, clock.now())
    messages.success(request, _("L’invitation est retirée : son lien n’ouvre plus rien."))
    return HttpResponseRedirect(reverse("practice:invitations"))


def _picture(text: str) -> str:
    """The QR code, as an address the page's policy admits."""
    drawn = qrcode.make(text, image_factory=qrcode.image.svg.SvgPathFillImage, border=4)
    svg: bytes = drawn.to_string()
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()

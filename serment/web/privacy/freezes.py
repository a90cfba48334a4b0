"""What stands frozen, freezing at once, and lifting with a signature.

Freezing is easy and undone; lifting is signed for, and nobody lifts one on themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
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
from serment.disclosure.containment import FreezeOn
from serment.errors import Refused, Unusable
from serment.identity import accounts, policy, staff
from serment.identity.models import StaffMember
from serment.identity.rights import Act
from serment.web import asked
from serment.web.practice import team
from serment.web.privacy import frozen, signing

HOURS: Final = (1, 12, 72, 0)
"""How long a freeze may last; 0: until somebody lifts it."""

FROZEN_HERE: Final = ("actor", "session", "exports", "subject")


@dataclass(frozen=True, slots=True)
class Shown:
    """One freeze, who it is about, and whether this officer may lift it."""

    told: frozen.Frozen
    what: str
    value: str
    who: str
    liftable: bool


@policy.staff_may(Act.CONTAIN)
@never_cache
@require_GET
def freezes(request: HttpRequest) -> HttpResponse:
    """Those that hold; a form to freeze, filled in where an alarm led here."""
    actor, now = accounts.staff_actor_for(request), clock.now()
    given = asked.query(request)
    names = _team(actor)
    what, value = given.get("quoi", ""), given.get("valeur", "")
    context = {
        "section": "freezes",
        "frozen": _shown(actor, now, names),
        "team": sorted(names.items(), key=lambda one: one[1].name),
        "chosen": {"quoi": what if what in FROZEN_HERE else "actor", "valeur": value[:64]},
        "hours": HOURS,
        "has_key": signing.has_key(actor),
        "house": actor.establishment,
        "reader": actor.id,
    }
    return render(request, "privacy/freezes.html", context)


def _team(actor: Actor) -> dict[UUID, staff.DisplayName]:
    members = StaffMember.objects.filter(establishment_id=team.establishment_of(actor), active=True)
    return staff.display_names(actor, members.values_list("pk", flat=True))


def _shown(actor: Actor, now: datetime, names: dict[UUID, staff.DisplayName]) -> list[Shown]:
    on = [one for one in containment.freezes(actor) if one.until is None or one.until > now]
    gone = {one.by for one in on if one.by is not None} - names.keys()  # who left since
    known = {**names, **staff.display_names(actor, gone)}
    return [_one(actor, one, known) for one in on]


def _one(actor: Actor, one: FreezeOn, names: dict[UUID, staff.DisplayName]) -> Shown:
    member = asked.uuid(one.value) if one.what == "actor" else None
    known = names.get(member) if member else None
    own = member == actor.id
    return Shown(
        told=frozen.told(one, names),
        what=one.what,
        value=one.value,
        who=known.name if known else "",
        liftable=one.what in signing.LIFTED_HERE and not own,
    )


@policy.staff_may(Act.CONTAIN)
@require_POST
def freeze(request: HttpRequest) -> HttpResponse:
    """Freeze at once; no signature, so that nothing delays it."""
    actor = accounts.staff_actor_for(request)
    sent = asked.sent(request)
    what, value = sent.get("quoi", ""), _value(actor, sent)
    why = asked.words(sent.get("pourquoi", ""), signing.WHY_LETTERS_MAX)
    hours = asked.number(sent.get("heures", ""), 10_000)
    if what not in FROZEN_HERE or not value or hours not in HOURS:
        raise Unusable(_("Choisissez ce qui est gelé, et pour combien de temps."))
    if not why:
        messages.error(request, _("Dites pourquoi : c’est ce que liront les autres responsables."))
        return _back()
    until = clock.now() + timedelta(hours=hours) if hours else None
    containment.freeze(actor, what, value, why, until=until)  # type: ignore[arg-type]
    messages.success(request, _("C’est gelé : rien ne s’ouvre plus par là."))
    return _back()


def _value(actor: Actor, sent: asked.Given) -> str:
    if sent.get("quoi") == "exports":
        return str(actor.establishment)
    return asked.words(sent.get("valeur", ""), signing.VALUE_LETTERS_MAX)


@policy.staff_may(Act.CONTAIN)
@require_POST
def lift(request: HttpRequest) -> HttpResponse:
    """Lift one, signed where this establishment has passkeys."""
    actor = accounts.staff_actor_for(request)
    try:
        signing.lift(actor, asked.sent(request))
    except Refused as refused:
        messages.error(request, signing.refusal(refused))
    else:
        messages.success(request, _("Le gel est levé."))
    return _back()


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("freezes"))

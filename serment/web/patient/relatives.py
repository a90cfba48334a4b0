"""My relatives: for whom I act and who acts for me; adding, naming, ending."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from serment import clock
from serment.disclosure import Actor, acting
from serment.errors import NotThere
from serment.identity import accounts, names, policy
from serment.identity.files import ValuesUnusable
from serment.identity.names import NameUnusable
from serment.identity.policy import Strength
from serment.identity.relatives import granting, people, told
from serment.identity.relatives.terms import (
    SCOPE_WORDS,
    Measure,
    Relation,
    Scope,
    Terms,
)
from serment.web import asked
from serment.web.patient import for_whom, relatives_told

INVITATIONS: Final = "10/d/key"


@policy.patient(strength=Strength.TWO_FACTORS)
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Both directions on one page, and what may be done about each."""
    return _shown(request, accounts.actor_for(request))


def _shown(request: HttpRequest, actor: Actor, *, status: int = 200, **more: Any) -> HttpResponse:
    now = clock.now()
    mine = people.acted_for(actor)
    told = [relatives_told.helper(one, now) for one in people.acting_for_me(actor)]
    context = {
        "acted_for": [relatives_told.acted(one, now) for one in mine],
        "helpers": [one for one in told if not one.over and not one.named],
        "named": [one for one in told if not one.over and one.named],
        "former": [one for one in told if one.over],
        "full": len(mine) >= granting.DEPENDANTS_MAX,
        **more,
    }
    return render(request, "patient/relatives.html", context, status=status)


@policy.patient(strength=Strength.TWO_FACTORS)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A child, or an adult under a measure: on one's own word, until a desk saw the paper."""
    typed = asked.given(request)
    adult = typed.get("lien", "") == Relation.GUARDIAN
    if request.method == "GET":
        return _adding(request, typed, adult=adult)
    kind = Relation.GUARDIAN if adult else Relation.PARENT
    terms = Terms(str(kind), measure=typed.get("measure", "") if adult else "")
    until = asked.day(typed.get("jusqu_au", "")) if adult else None
    errors = _until_errors(until, wanted=adult)
    try:
        if errors:
            granting.must_be_usable(typed, terms, clock.now())
        else:
            granting.add_dependant(accounts.actor_for(request), typed, terms, until, clock.now())
    except ValuesUnusable as wrong:
        errors = wrong.errors | errors
    except granting.TooManyDependants as full:
        errors = {"form": full.sentence}
    if errors:
        return _adding(request, typed, adult=adult, errors=errors, status=422)
    messages.success(request, _("C’est fait. Vous pouvez prendre rendez-vous pour cette personne."))
    return HttpResponseRedirect(reverse("patient:relatives"))


def _adding(
    request: HttpRequest, typed: asked.Given, *, adult: bool, errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {"typed": typed, "adult": adult, "errors": errors or {}, "measures": Measure.choices}
    return render(request, "patient/relative_add.html", context, status=status)


def _until_errors(until: date | None, *, wanted: bool) -> dict[str, str]:
    if not wanted and until is None:
        return {}
    today = clock.now().date()
    if until is None:
        return {"until": _("À écrire : c’est le jour où la mesure prend fin.")}
    if not today <= until <= today.replace(year=today.year + 20, day=min(today.day, 28)):
        return {"until": _("Choisissez un jour à venir, dans vingt ans au plus.")}
    return {}


@policy.patient(strength=Strength.TWO_FACTORS)
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Let somebody act for me: whom, for what, until when."""
    typed = asked.given(request)
    scopes = [one for one in typed.getlist("droits") if one in SCOPE_WORDS]
    if request.method == "GET":
        return _inviting(request, typed, [str(Scope.APPOINTMENTS)], {})
    until = asked.day(typed.get("jusqu_au", ""))
    errors = relatives_told.invitation_errors(typed, scopes)
    if typed.get("jusqu_au"):
        errors |= _until_errors(until, wanted=True)
    actor = accounts.actor_for(request)
    if not errors and not _may_invite(request, actor):
        errors = {"form": _("Vous avez déjà invité beaucoup aujourd’hui. Réessayez demain.")}
    if errors:
        return _inviting(request, typed, scopes, errors, status=422)
    label, address = relatives_told.label_and_address(typed)
    granting.invite(actor, address, label, scopes, until, clock.now())
    messages.success(request, _("L’invitation est partie. Elle sert une fois, pendant sept jours."))
    return HttpResponseRedirect(reverse("patient:relatives"))


def _may_invite(request: HttpRequest, actor: Actor) -> bool:
    """Nobody's mailbox is filled from here, however often an invitation is taken back."""
    config = {"relative": INVITATIONS}
    key = str(actor.id)
    return bool(
        ratelimit.consume(request, app="serment", action="relative", config=config, key=key)
    )


def _inviting(
    request: HttpRequest, typed: asked.Given, scopes: list[str], errors: dict[str, str],
    *, status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {
        "typed": typed,
        "errors": errors,
        "scopes": [(code, words, code in scopes) for code, words in SCOPE_WORDS.items()],
        "today": clock.now().date().isoformat(),
    }
    return render(request, "patient/relative_invite.html", context, status=status)


@policy.patient(strength=Strength.TWO_FACTORS)
@require_POST
def name(request: HttpRequest) -> HttpResponse:
    """The person of trust: named, with no access."""
    actor, typed = accounts.actor_for(request), asked.sent(request).get("nom", "")
    try:
        granting.name_somebody(actor, names.normalise(typed))
    except NameUnusable as wrong:
        return _shown(request, actor, status=422, typed_name=typed, name_error=wrong.sentence)
    messages.success(request, _("Vos soignants liront ce nom. Rien ne lui est ouvert."))
    return HttpResponseRedirect(reverse("patient:relatives"))


@policy.patient(strength=Strength.TWO_FACTORS)
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, relation: UUID) -> HttpResponse:
    """Ask once, in words; the button ends it in the same minute."""
    actor, now = accounts.actor_for(request), clock.now()
    mandate = next((one for one in acting.of(actor, actor.id) if one.record == relation), None)
    ended = {acting.ENDED, acting.BARRED}
    if mandate is None or mandate.state in ended:
        raise NotThere
    if mandate.mine:
        who = people.one_acted_for(actor, relation).name
    else:
        found = people.acting_for_me(actor)
        who = next(one.called for one in found if one.mandate.record == relation)
    by_law = not mandate.mine and mandate.relation in {Relation.PARENT, Relation.GUARDIAN}
    if request.method == "GET" or by_law:
        context = {"who": who, "mandate": mandate, "by_law": by_law, "now": now}
        return render(request, "patient/relative_end.html", context)
    granting.end(actor, relation)
    told.ended(mandate)
    messages.success(request, _("C’est fini : depuis cette minute, plus rien ne s’ouvre par là."))
    return HttpResponseRedirect(reverse("patient:relatives"))


@policy.patient(strength=Strength.TWO_FACTORS)
@require_POST
def book_for(request: HttpRequest, relation: UUID) -> HttpResponse:
    """Look for an hour for this person: the forms begin with them, and still ask."""
    for_whom.mean(request, accounts.actor_for(request), relation)
    messages.info(request, _("Cherchez une heure : le rendez-vous sera proposé pour votre proche."))
    return HttpResponseRedirect(reverse("patient:home"))

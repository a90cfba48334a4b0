"""Opening a file in an emergency, and saying afterwards why it was needed.

The file opens at once, past budgets and past what the keeper froze by itself. A freeze that a
person set stays: the page says whom to call. What was typed is never lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from serment import clock
from serment.disclosure import AccessFrozen, Actor, NotYours, Purpose, TooManyFiles, glass
from serment.errors import NotThere, SermentError
from serment.identity import accounts, contact, files, policy, staff
from serment.identity.models import PatientFile, StaffMember
from serment.identity.rights import Act
from serment.sightings import writing as sightings
from serment.sightings.models import Kind
from serment.web import asked, wording
from serment.web.practice import glass_messages, team
from serment.web.practice.naming import AT_A_GLANCE, Person
from serment.web.practice.patients import PARIS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

REASONS: Final[dict[str, _StrPromise]] = {
    "life": gettext_lazy("Une vie est en danger"),
    "care": gettext_lazy("Des soins ne peuvent pas attendre"),
    "asked": gettext_lazy("La personne le demande elle-même, maintenant"),
    "other": gettext_lazy("Une autre raison"),
}
"""What the patient reads of it; the words that are typed, only the officers."""

FIELDS: Final = (
    "given_name", "family_name", "birth_date", "phone", "email", "address", "sex", contact.FIELD,
)  # fmt: skip
WHY_LETTERS_MIN: Final = 5

OPEN, BUDGET, KEEPER, HUMAN, CAPPED = "open", "budget", "keeper", "human", "capped"
OUTSIDE: Final = "outside"
"""It opens, but of nobody who comes here: the emergency is said before a limit asks for it."""


@policy.staff_may(Act.BREAK_GLASS)
@require_http_methods(["GET", "POST"])
def break_glass(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """The file where it opens; else what stops it, and the way past it."""
    actor = accounts.staff_actor_for(request)
    if not PatientFile.objects.filter(pk=file_id).exists():
        raise NotThere
    if request.method == "POST":
        return _broken(request, actor, file_id)
    values, state = _looked(actor, file_id)
    if state == OPEN and _is_said(request):
        values, state = {}, OUTSIDE
    return _page(request, actor, file_id, state, values=values)


def _is_said(request: HttpRequest) -> bool:
    """Whether somebody comes to say an emergency of a file that no limit closes to them."""
    return asked.query(request).get("dire") == "oui"


def _looked(actor: Actor, file_id: UUID) -> tuple[dict[str, str], str]:
    """What opens, and what stops it otherwise. A missing answer is a person's freeze or an
    erasure: the keeper says no more to anybody."""
    try:
        opened = files.open(actor, [file_id], FIELDS, Purpose.CARE)
    except TooManyFiles:
        return {}, BUDGET
    except AccessFrozen:
        return {}, KEEPER
    return (opened[file_id], OPEN) if file_id in opened else ({}, HUMAN)


def _broken(request: HttpRequest, actor: Actor, file_id: UUID) -> HttpResponse:
    sent = asked.sent(request)
    reason = sent.get("raison", "")
    why = asked.words(sent.get("pourquoi", ""), glass.WHY_LETTERS_MAX)
    errors = _errors(reason, why)
    if errors:
        state = OUTSIDE if _is_said(request) else BUDGET
        return _page(request, actor, file_id, state, errors=errors, typed=sent)
    try:
        opened = glass.break_glass(actor, file_id, reason, why, glass_messages.to_tell(actor))
    except TooManyFiles:
        return _page(request, actor, file_id, CAPPED, typed=sent)
    except (AccessFrozen, NotYours):
        return _page(request, actor, file_id, HUMAN, typed=sent)
    sightings.note(Kind.BREAK_GLASS, establishment=actor.establishment)
    if glass_messages.tell(actor, file_id, opened):
        told = _("La personne et vos responsables sont prévenus.")
    else:
        told = _(
            "Vos responsables sont prévenus. La personne n’a pas d’adresse e-mail :"
            " une lettre attend à l’accueil, dites-le-lui aussi dès que possible."
        )
    messages.success(request, _("Le dossier est ouvert pour une heure.") + " " + told)
    return HttpResponseRedirect(reverse("practice:break_glass", args=[file_id]))


def _errors(reason: str, why: str) -> dict[str, str]:
    errors = {}
    if reason not in glass.REASONS:
        errors["raison"] = _("Choisissez la raison : la personne la lira.")
    if len(why) < WHY_LETTERS_MIN:
        errors["pourquoi"] = _("Dites en quelques mots ce qui se passe.")
    return errors


def _page(
    request: HttpRequest, actor: Actor, file_id: UUID, state: str, **more: Any
) -> HttpResponse:
    values = more.get("values") or {}
    context = {
        "section": "patients",
        "file_id": file_id,
        "state": state,
        "reasons": REASONS.items(),
        "values": values,
        "person": Person(
            file_id,
            **{name: values[name] for name in AT_A_GLANCE},
        )
        if values
        else None,
        "age": wording.age(values.get("birth_date", ""), clock.now().astimezone(PARIS).date()),
        "errors": more.get("errors", {}),
        "typed": more.get("typed", {}),
        "officers": _officers(actor) if state in (HUMAN, CAPPED) else [],
    }
    status = 422 if context["errors"] else 200
    answer = render(request, "practice/glass.html", context, status=status)
    answer["Cache-Control"] = "no-store, private"
    return answer


def _officers(actor: Actor) -> list[staff.DisplayName]:
    """Whom to call: by name where names still open."""
    members = StaffMember.objects.filter(
        establishment_id=team.establishment_of(actor), active=True, role__in=glass_messages.OFFICERS
    )
    try:
        known = staff.display_names(actor, [one.pk for one in members])
    except SermentError:
        return []
    return [one for one in known.values() if one.name]


@policy.staff_may(Act.BREAK_GLASS)
@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """The glass one broke oneself: what waits for a justification comes first."""
    actor = accounts.staff_actor_for(request)
    found = [one for one in glass.broken(actor) if one.by == actor.id]
    context = {
        "section": "glass",
        "owed": [_told(one) for one in found if one.owed],
        "said": [_told(one) for one in found if not one.owed],
        "hours": 72,
    }
    answer = render(request, "practice/glasses.html", context)
    answer["Cache-Control"] = "no-store, private"
    return answer


def _told(one: glass.Broken) -> dict[str, Any]:
    today = clock.now().astimezone(PARIS).date()
    return {
        "it": one,
        "when": wording.moment(one.at, PARIS, today),
        "due": wording.moment(one.due, PARIS, today),
        "late": clock.now() > one.due,
        "reason": str(REASONS.get(one.reason, one.reason)),
    }


@policy.staff_may(Act.BREAK_GLASS)
@require_POST
def justify(request: HttpRequest) -> HttpResponse:
    """Say why it was needed; an officer reads it."""
    actor = accounts.staff_actor_for(request)
    sent = asked.sent(request)
    name = asked.uuid(sent.get("ouverture", ""))
    text = asked.words(sent.get("pourquoi", ""), glass.TEXT_LETTERS_MAX)
    if name is None:
        raise NotThere
    if len(text) < WHY_LETTERS_MIN:
        messages.error(request, _("Dites en quelques mots pourquoi il fallait ouvrir ce dossier."))
    else:
        glass.justify(actor, name, text)
        messages.success(request, _("C’est noté. Un responsable le lira."))
    return HttpResponseRedirect(reverse("practice:glasses"))

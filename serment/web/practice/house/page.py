"""The house on one page: its name, its places, who receives there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment.directory.models import Establishment, PractitionerRole, Site
from serment.identity import accounts, phones, policy
from serment.identity.rights import Act
from serment.scheduling.models import VisitReason, WeeklyOpening
from serment.web import asked
from serment.web.practice import team
from serment.web.practice.house import first_steps

NAME_LETTERS_MAX = 120


@policy.staff_may(Act.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
def house(request: HttpRequest) -> HttpResponse:
    """All that is published; POST changes the name, the sort of house or its telephone."""
    here = Establishment.objects.get(pk=team.establishment_of(accounts.actor_for(request)))
    if request.method != "POST":
        return _show(request, here, {})
    typed = asked.sent(request)
    here.name = asked.words(typed.get("nom", ""), NAME_LETTERS_MAX)
    errors = {} if here.name else {"nom": _("Écrivez le nom que les patients lisent.")}
    if typed.get("sorte", "") in Establishment.Kind.values:
        here.kind = typed["sorte"]
    here.phone, wrong = telephone(typed.get("telephone", ""))
    errors |= {"telephone": wrong} if wrong else {}
    if errors:
        return _show(request, here, errors, status=422)
    here.save(update_fields=["name", "kind", "phone"])
    messages.success(request, _("C’est enregistré, et publié."))
    return HttpResponseRedirect(reverse("practice:house"))


def telephone(typed: str) -> tuple[str, str]:
    """A published number as it is read aloud, and the sentence where it is none; empty is none."""
    text = asked.words(typed, 20)
    if not text:
        return "", ""
    try:
        return phones.display(phones.normalise(text)), ""
    except phones.PhoneUnusable as wrong:
        return text, wrong.sentence


def _show(
    request: HttpRequest, here: Establishment, errors: dict[str, str], status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "section": "house",
        "here": here,
        "errors": errors,
        "kinds": Establishment.Kind.choices,
        "sites": Site.objects.filter(establishment=here).order_by("name"),
        "entries": _entries(here.pk),
        "steps": first_steps.of(here.pk),
    }
    return render(request, "practice/house.html", context, status=status)


def _entries(here: UUID) -> list[dict[str, Any]]:
    """Who is published, with what still keeps them from being booked."""
    language = get_language() or "fr"
    reasons = _how_many(VisitReason, here)
    hours = _how_many(WeeklyOpening, here)
    rows = PractitionerRole.objects.filter(establishment_id=here).select_related(
        "practitioner", "site", "specialty", "profession"
    )
    return [
        {
            "row": row,
            "does": row.person(language),
            "no_reason": not reasons.get(row.pk),
            "no_hours": not hours.get(row.pk),
        }
        for row in rows.order_by("-active", "position", "practitioner__family_name", "id")
    ]


def _how_many(table: type[VisitReason | WeeklyOpening], here: UUID) -> dict[UUID, int]:
    counted = table.objects.filter(establishment_id=here).values("role_id")
    return {one["role_id"]: one["n"] for one in counted.annotate(n=Count("pk"))}

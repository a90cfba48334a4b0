"""The rooms and devices of the house: which there are, of which sort, and where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.directory.models import Site
from serment.identity import accounts, policy, rights
from serment.identity.rights import Act
from serment.scheduling import rooms as scheduled
from serment.scheduling.models import Resource, ResourceKind
from serment.web import asked
from serment.web.practice import team
from serment.web.practice.timetable import trying

NAME_LETTERS_MAX = 80


@policy.staff_may(Act.SET_OPENINGS)
@require_http_methods(["GET", "POST"])
def rooms(request: HttpRequest) -> HttpResponse:
    """All of them by sort; POST adds one, or takes one out of service and back."""
    house = team.establishment_of(accounts.actor_for(request))
    if request.method != "POST":
        return _show(request, house, {}, {})
    typed = asked.sent(request)
    if typed.get("salle"):
        return _switch(request, house, typed)
    errors = {}
    sort = asked.words(typed.get("sorte", ""), NAME_LETTERS_MAX)
    name = asked.words(typed.get("nom", ""), NAME_LETTERS_MAX)
    place = asked.uuid(typed.get("lieu", ""))
    site = Site.objects.filter(id=place, establishment_id=house).first() if place else None
    if not sort:
        errors["sort"] = _("Écrivez ce que c’est : une salle d’examen, un échographe.")
    if not name:
        errors["name"] = _("Écrivez son nom, comme sur la porte.")
    if site is None:
        errors["site"] = _("Choisissez où c’est.")
    elif Resource.objects.filter(establishment_id=house, site=site, name=name).exists():
        errors["name"] = _("Ce nom existe déjà à cet endroit.")
    if errors or site is None:
        return _show(request, house, typed, errors, status=422)
    kind, _made = ResourceKind.objects.get_or_create(establishment_id=house, name_fr=sort)
    Resource.objects.create(establishment_id=house, site=site, kind=kind, name=name)
    messages.success(request, _("C’est ajouté. Dites maintenant quels motifs en ont besoin."))
    return HttpResponseRedirect(reverse("practice:rooms"))


def _switch(request: HttpRequest, house: UUID, typed: asked.Given) -> HttpResponse:
    wanted = asked.uuid(typed.get("salle", ""))
    room = Resource.objects.filter(id=wanted, establishment_id=house).first() if wanted else None
    if room is None:
        return HttpResponseRedirect(reverse("practice:rooms"))
    if typed.get("quoi", "") == "remettre":
        Resource.objects.filter(id=room.id).update(active=True)
        messages.success(request, _("De nouveau en service."))
        return HttpResponseRedirect(reverse("practice:rooms"))
    now, everybody = clock.now(), team.members(house)
    found: list[int] = []
    trial = trying.Trial(
        trying.tried(
            [one.id for one in everybody],
            lambda: found.append(scheduled.switch_off(room, now)),
            now,
        )
    )
    if not trial.accepted(request):
        left = trying.by_day(trial.orphaned, everybody)
        orphaned = len(trial.orphaned)
        return _show(request, house, {}, {}, room=room, trial=trial, left=left, orphaned=orphaned)
    scheduled.switch_off(room, now)
    return _switched_off(request, trial, found[0])


def _switched_off(request: HttpRequest, trial: trying.Trial, others: int) -> HttpResponse:
    said = _("Hors service : on ne la prend plus.")
    if others:
        more = ngettext(
            "%(n)d rendez-vous en prend une autre.", "%(n)d rendez-vous en prennent une autre.",
            others,
        )  # fmt: skip
        said = f"{said} {more % {'n': others}}"
    messages.success(request, said)
    if not trial.orphaned or not rights.may(accounts.actor_for(request), Act.BOOK):
        return HttpResponseRedirect(reverse("practice:rooms"))
    request.session[trying.LEFT] = [str(one.id) for one in trial.orphaned]
    return HttpResponseRedirect(reverse("practice:unsettled"))


def _show(
    request: HttpRequest,
    house: UUID,
    typed: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    rows = Resource.objects.filter(establishment_id=house).select_related("kind", "site")
    by_sort: dict[str, list[Resource]] = {}
    for row in rows.order_by("kind__name_fr", "site__name", "name"):
        by_sort.setdefault(str(row.kind), []).append(row)
    context: dict[str, Any] = {
        "section": "hours",
        "sorts": by_sort.items(),
        "sites": Site.objects.filter(establishment_id=house).order_by("name"),
        "typed": typed,
        "errors": errors,
        "name_max": NAME_LETTERS_MAX,
        **more,
    }
    return render(request, "practice/rooms.html", context, status=status)

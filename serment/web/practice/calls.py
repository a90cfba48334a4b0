"""The desk's list of calls: whom it opens one by one, on record; who took it and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from serment import clock
from serment.disclosure import Actor, Purpose
from serment.errors import Conflict, NotThere
from serment.identity import accounts, files, policy, staff
from serment.identity.rights import Act
from serment.scheduling import calls
from serment.scheduling.models import CallBack
from serment.web import asked, wording
from serment.web.practice import naming, panel_shown, team
from serment.web.practice.naming import Person
from serment.web.practice.patients import PARIS


@dataclass(frozen=True, slots=True)
class Row:
    """One call; ``person`` and ``why`` once asked for."""

    call: CallBack
    when: str
    late: bool
    own: bool
    taker: str
    person: Person | None
    why: str


def _today() -> date:
    return clock.now().astimezone(PARIS).date()


@policy.staff_may(Act.SEE_AGENDA, Act.BOOK)
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The list; POST opens one, takes it, leaves it or says that it was made."""
    actor = accounts.actor_for(request)
    here = team.establishment_of(actor)
    today = _today()
    sent = asked.sent(request)
    call, act = asked.uuid(sent.get("rappel", "")), sent.get("acte", "")
    if request.method == "POST" and call is not None and act != "voir":
        _act(request, actor, call, act, today)
        return HttpResponseRedirect(reverse("practice:calls"))
    rows = _rows(actor, here, today, call if act == "voir" else None)
    context = {
        "section": "calls",
        "open": [row for row in rows if row.call.done_on is None],
        "done": [row for row in rows if row.call.done_on is not None],
        "opened": call,
    }
    return render(request, "practice/calls.html", context)


def _rows(actor: Actor, here: UUID, today: date, shown: UUID | None) -> list[Row]:
    found = calls.of_house(here)
    asked_for = [one for one in found if one.id == shown]
    people: dict[UUID, Person] = {}
    whys: dict[UUID, str] = {}
    if asked_for:
        people = naming.people(actor, [one.id for one in asked_for], naming.AT_A_GLANCE)
        whys = calls.whys(actor, asked_for)
    others = {one.taken_by for one in found if one.taken_by} - {actor.id}
    names = staff.display_names(actor, others) if others else {}
    return [
        Row(
            call=one,
            when=_("aujourd’hui") if one.due_on == today else wording.day(one.due_on),
            late=one.done_on is None and one.due_on < today,
            own=one.taken_by == actor.id,
            taker=names[one.taken_by].name if one.taken_by in names else "",
            person=people.get(one.id),
            why=whys.get(one.id, ""),
        )
        for one in found
    ]


def _act(request: HttpRequest, actor: Actor, call: UUID, act: str, today: date) -> None:
    try:
        if act == "prendre":
            calls.take(actor, call)
        elif act == "fait":
            calls.finish(actor, call, today)
            messages.success(request, _("C’est fait. Vous pouvez encore le remettre sur la liste."))
        elif act == "rendre":
            calls.leave(actor, call)
    except Conflict as refused:
        messages.error(request, str(_(refused.sentence)))


@policy.staff_may(Act.BOOK)
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Write down that somebody is to be called: why, and by when."""
    actor = accounts.actor_for(request)
    values = files.open(actor, [file_id], naming.NAME, Purpose.RECEPTION).get(file_id)
    if values is None:
        raise NotThere
    today = _today()
    given = asked.given(request)
    why, due = given.get("pourquoi", ""), asked.day(given.get("quand", ""))
    context: dict[str, Any] = {
        "section": "patients", "file_id": file_id, "person": Person(file_id, **values),
        "why": why, "due": due or today, "today": today, "most": calls.WHY_MAX,
    }  # fmt: skip
    if request.method == "POST":
        if why.strip() and due is not None and due >= today:
            calls.add(actor, file_id, why, due, today)
            messages.success(request, _("C’est sur la liste des rappels."))
            return HttpResponseRedirect(reverse("practice:calls"))
        context["refused"] = _("Écrivez pourquoi, et choisissez un jour à partir d’aujourd’hui.")
    status = 422 if "refused" in context else 200
    return render(request, "practice/call_add.html", context, status=status)


@policy.staff_may(Act.BOOK)
@require_POST
def for_visit(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Whoever cannot come is to be called today; nobody's name is opened for it."""
    actor = accounts.actor_for(request)
    visit = panel_shown.seen(appointment_id)
    today = _today()
    file = naming.files_behind(actor, [visit.id]).get(visit.id)
    if file is None:
        raise NotThere
    zone = team.Member(visit.role).zone
    why = _("Ne peut pas venir : rendez-vous du %(when)s.") % {
        "when": wording.moment(visit.starts_at, zone)
    }
    calls.add(actor, file, why, today, today)
    messages.success(request, _("C’est sur la liste des rappels."))
    return HttpResponseRedirect(reverse("practice:calls"))

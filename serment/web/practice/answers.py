"""Questions before a visit, at the practice: read by who cares, written by telephone, on paper."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from serment import clock
from serment.care import asking, questions, replies
from serment.care.asking import Sheet
from serment.disclosure import Actor, NotYours, Purpose
from serment.errors import Conflict, NotThere
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import sealed_details
from serment.scheduling.models import Appointment
from serment.web import asked, question_form, wording
from serment.web.practice import addresses, naming, panel_shown, team


@policy.staff_may(Act.READ_ANSWERS)
@never_cache
@require_GET
def read(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """What was answered, opened on record."""
    actor, visit = accounts.actor_for(request), panel_shown.seen(appointment_id)
    try:
        told, reply = replies.read(actor, visit)
    except NotYours as closed:
        raise NotThere from closed
    language = get_language() or "fr"
    sheet = asking.version(reply.version) if reply.version else None
    lines = [
        (one.words(language), question_form.said(one, reply.values.get(one.link_id, ()), language))
        for one in (sheet.questions if sheet else ())
    ]
    context = _about(visit) | {
        "told": told,
        "at": wording.moment(told.at, team.Member(visit.role).zone) if told.at else "",
        "sheet": sheet,
        "title": sheet.questionnaire.title(language) if sheet else _("Questions avant la visite"),
        "lines": lines,
        "person": naming.people(actor, [visit.id]).get(visit.id),
    }
    return render(request, "practice/answers.html", context)


@policy.staff_may(Act.BOOK, Act.OPEN_AGENDA_REASONS)
@never_cache
@require_http_methods(["GET", "POST"])
def by_telephone(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """An empty form, whatever was answered before: the desk writes, and reads nothing back."""
    actor, visit = accounts.actor_for(request), panel_shown.seen(appointment_id)
    sheet, told = _asked(actor, visit)
    language, values = get_language() or "fr", {}
    faults: dict[str, questions.Fault] = {}
    context = _about(visit)
    if request.method == "POST":
        typed = asked.sent(request)
        values = question_form.typed(sheet.questions, typed)
        faults = {
            link: what for link, what in questions.faults(sheet.questions, values).items()
            if what is not questions.Fault.MISSING
        }  # fmt: skip
        unsure = told.status in (replies.IN_PROGRESS, replies.COMPLETED) and not typed.get("sur")
        if not any(values.values()):
            context["error"] = _("Écrivez au moins une réponse.")
        elif unsure:
            context["error"] = _("Cochez que ce qui suit remplace ce qui a déjà été répondu.")
        elif not faults:
            try:
                replies.keep(
                    actor, visit.id, sheet.version.id, values, clock.now(), replies.COMPLETED
                )
            except Conflict as over:
                context["error"] = str(over)
            else:
                messages.success(request, _("Les réponses sont enregistrées et scellées."))
                return HttpResponseRedirect(context["back"])
    context |= {
        "told": told,
        "title": sheet.questionnaire.title(language),
        "fields": question_form.fields(sheet.questions, values, language, faults),
        "person": naming.people(actor, [visit.id]).get(visit.id),
    }
    refused = bool(faults or context.get("error"))
    return render(
        request, "practice/answers_telephone.html", context, status=422 if refused else 200
    )


@policy.staff_may(Act.PRINT_CARD, Act.OPEN_AGENDA_REASONS)
@never_cache
@require_GET
def paper(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """The same questions on paper, with the day and without a name: forms lie about."""
    actor, visit = accounts.actor_for(request), panel_shown.seen(appointment_id)
    sheet, _told = _asked(actor, visit)
    language = get_language() or "fr"
    context = _about(visit) | {
        "title": sheet.questionnaire.title(language),
        "site": visit.role.site,
        "fields": question_form.fields(sheet.questions, {}, language),
    }
    return render(request, "practice/answers_paper.html", context)


def _asked(actor: Actor, visit: Appointment) -> tuple[Sheet, replies.Told]:
    """What is asked for the reason it is for, opened on record, and how far it is."""
    try:
        details = sealed_details.reveal(actor, Purpose.AGENDA, [visit])[visit.id]
        told = replies.told(actor, Purpose.AGENDA, [visit])[visit.id]
    except NotYours as closed:
        raise NotThere from closed
    reason = details.reason
    sheet = asking.by_reason({reason}).get(reason) if reason else None
    if sheet is None:
        raise asking.NoSuchQuestionnaire
    return sheet, told


def _about(visit: Appointment) -> dict[str, Any]:
    member = team.Member(visit.role)
    return {
        "section": "agenda",
        "visit": visit,
        "member": member,
        "when": wording.moment(visit.starts_at, member.zone),
        "back": addresses.of_appointment(visit.starts_at, member, visit.id),
    }

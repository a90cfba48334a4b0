"""Questions before a visit, answered in small parts by its person or by who books for them.

Each part is sealed when it is left, so nothing typed is lost; nobody reads it before it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.care import questions, replies
from serment.care.asking import Sheet
from serment.care.questions import Question, Values
from serment.care.replies import Reply, Told
from serment.disclosure import Actor, Purpose
from serment.identity import accounts, policy
from serment.scheduling import refusals
from serment.web import asked, question_form
from serment.web.patient import appointments
from serment.web.patient.appointments import Line


@dataclass(frozen=True, slots=True)
class Answering:
    """One visit's questions and what was said so far."""

    line: Line
    sheet: Sheet
    told: Told
    values: Values

    @property
    def parts(self) -> list[tuple[Question, ...]]:
        """As the pages show them."""
        return questions.parts(self.sheet.questions)

    @property
    def faulty(self) -> int | None:
        """The first part that cannot be sent as it is, from 1."""
        for at, part in enumerate(self.parts, 1):
            if questions.faults(part, self.values):
                return at
        return None

    @property
    def begun(self) -> int:
        """Where to go on: the first part in which nothing is answered, else the last page."""
        for at, part in enumerate(self.parts, 1):
            if not any(self.values.get(one.link_id) for one in part):
                return at
        return len(self.parts) + 1


@policy.patient()
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """GET shows a part, or all that was said after the last one; POST seals what was typed."""
    actor = accounts.actor_for(request)
    answering = _answering(actor, appointments.own(request, appointment_id))
    if not answering.line.can_cancel:
        return render(request, "patient/questions_closed.html", {"line": answering.line})
    if request.method == "POST":
        return _posted(request, actor, answering)
    wanted = asked.number(asked.query(request).get("partie", ""), 1_000)
    at = min(wanted or answering.begun, len(answering.parts) + 1)
    show_faults = "voir" in asked.query(request)
    return _show(request, answering, at, show_faults=show_faults)


def _answering(actor: Actor, line: Line) -> Answering:
    reply = replies.own(actor, line.appointment) if line.can_cancel else Reply()
    sheet = replies.sheet_for(line.reason_id, reply)
    if sheet is None:
        raise refusals.NoSuchAppointment
    told = replies.told(actor, Purpose.SELF, [line.appointment])[line.appointment.id]
    return Answering(line, sheet, told, reply.values)


def _posted(request: HttpRequest, actor: Actor, answering: Answering) -> HttpResponse:
    visit, typed, parts = answering.line.appointment, asked.sent(request), answering.parts
    what = typed.get("quoi", "")
    if what == "passer":
        replies.skip(actor, visit.id, clock.now())
        return _back(visit.id, "passees")
    at = asked.number(typed.get("partie", ""), len(parts) + 1) or 1
    part = parts[at - 1] if at <= len(parts) else ()
    values: dict[str, list[str]] = {link: list(said) for link, said in answering.values.items()}
    said = replace(answering, values=values | question_form.typed(part, typed))
    sent = answering.told.status == replies.COMPLETED
    if sent and said.faulty is not None:
        return _show(request, said, at, show_faults=True)
    status = replies.IN_PROGRESS
    if sent or (what == "envoyer" and said.faulty is None):
        status = replies.COMPLETED
    if said.values != answering.values or status != answering.told.status:
        version = answering.sheet.version.id
        replies.keep(actor, visit.id, version, said.values, clock.now(), status)
    if what == "envoyer":
        return _to(visit.id, said.faulty, "&voir=1") if said.faulty else _back(visit.id, "envoyees")
    if what == "plus-tard":
        return _back(visit.id, "envoyees" if sent else "gardees")
    if what != "avant" and questions.faults(part, said.values):
        return _show(request, said, at, show_faults=True)
    return _to(visit.id, max(1, at - 1) if what == "avant" else len(parts) + 1 if sent else at + 1)


def _back(visit: UUID, said: str) -> HttpResponseRedirect:
    address = reverse("patient:appointment", args=[visit])
    return HttpResponseRedirect(f"{address}?questions={said}")


def _to(visit: UUID, part: int, more: str = "") -> HttpResponseRedirect:
    address = reverse("patient:questions", args=[visit])
    return HttpResponseRedirect(f"{address}?partie={part}{more}")


def _show(
    request: HttpRequest, answering: Answering, at: int, *, show_faults: bool
) -> HttpResponse:
    language, parts = get_language() or "fr", answering.parts
    role = answering.line.appointment.role
    context: dict[str, Any] = {
        "line": answering.line,
        "appointment": answering.line.appointment,
        "role": role,
        "title": answering.sheet.questionnaire.title(language),
        "at": at,
        "of": len(parts),
        "told": answering.told,
        "sent": answering.told.status == replies.COMPLETED,
    }
    if at > len(parts):
        context["said"] = [
            (
                number,
                [(one.words(language), _said(one, answering.values, language)) for one in part],
            )
            for number, part in enumerate(parts, 1)
        ]
        return render(request, "patient/questions_review.html", context)
    part = parts[at - 1]
    faults = questions.faults(part, answering.values) if show_faults else {}
    context["fields"] = question_form.fields(part, answering.values, language, faults)
    context["to_mend"] = [one for one in context["fields"] if one.error]
    return render(request, "patient/questions.html", context, status=422 if faults else 200)


def _said(question: Question, values: Values, language: str) -> str:
    return question_form.said(question, values.get(question.link_id, ()), language)

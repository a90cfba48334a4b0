"""What a house asks before a visit: its questionnaires, their questions, and how they will look."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from serment import clock
from serment.care import asking
from serment.care.models import TITLE_LETTERS_MAX, Questionnaire
from serment.care.questions import QUESTIONS_MAX, parts
from serment.errors import Conflict
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling.models import VisitReason
from serment.web import asked, question_form
from serment.web.practice import question_edit, reason_choice, team


@policy.staff_may(Act.SET_OPENINGS)
@require_http_methods(["GET", "POST"])
def overview(request: HttpRequest) -> HttpResponse:
    """All of the house's; POST begins one."""
    actor = accounts.actor_for(request)
    house = team.establishment_of(actor)
    typed = asked.sent(request)
    title = asked.words(typed.get("titre", ""), TITLE_LETTERS_MAX)
    if request.method == "POST" and title:
        row = Questionnaire(establishment_id=house, title_fr=title)
        asking.write(actor, row)
        return _to(row)
    language = get_language() or "fr"
    context: dict[str, Any] = {
        "section": "hours",
        "error": _("Écrivez un titre.") if request.method == "POST" else "",
        "title_max": TITLE_LETTERS_MAX,
        "rows": [
            (one, one.title(language), asking.versions(one), _names(one))
            for one in asking.of_house(house)
        ],
    }
    status = 422 if context["error"] else 200
    return render(request, "practice/questionnaires.html", context, status=status)


@policy.staff_may(Act.SET_OPENINGS)
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, questionnaire_id: UUID) -> HttpResponse:
    """Title, reasons, questions in their order; each button is one act."""
    actor = accounts.actor_for(request)
    row = asking.one(team.establishment_of(actor), questionnaire_id)
    if request.method != "POST":
        return _show(request, row)
    typed = asked.sent(request)
    what, _sep, link_id = typed.get("quoi", "").partition(":")
    try:
        if what == "monter":
            asking.shift(actor, row, link_id, -1)
        elif what == "descendre":
            asking.shift(actor, row, link_id, 1)
        elif what == "retirer":
            asking.remove(actor, row, link_id)
            messages.success(request, _("La question est retirée de la prochaine version."))
        elif what == "poser":
            asking.publish(actor, row, clock.now())
            messages.success(request, _("Ces questions sont posées à partir de maintenant."))
        elif not _settle(request, row, typed):
            return _show(request, row, _("Écrivez un titre."), typed)
    except Conflict as conflict:
        return _show(request, row, str(conflict), typed)
    return _to(row)


def _settle(request: HttpRequest, row: Questionnaire, typed: asked.Given) -> bool:
    """Title, reasons, in use or not; False where there is no title."""
    row.title_fr = asked.words(typed.get("titre", ""), TITLE_LETTERS_MAX)
    row.title_en = asked.words(typed.get("titre_en", ""), TITLE_LETTERS_MAX)
    row.reasons = sorted(reason_choice.typed(row.establishment_id, typed))
    row.active = typed.get("pose", "") == "oui"
    if not row.title_fr:
        return False
    asking.write(accounts.actor_for(request), row)
    messages.success(request, _("C’est enregistré."))
    return True


@policy.staff_may(Act.SET_OPENINGS)
@require_http_methods(["GET", "POST"])
def question(request: HttpRequest, questionnaire_id: UUID) -> HttpResponse:
    """One question: written, or written anew."""
    actor = accounts.actor_for(request)
    row = asking.one(team.establishment_of(actor), questionnaire_id)
    link_id = asked.query(request).get("question", "")
    sheet = asking.being_written(row)
    former = next((one for one in sheet.questions if one.link_id == link_id), None)
    form = question_edit.of(former)
    if request.method == "POST":
        form = question_edit.typed(asked.sent(request), former)
        made = form.question()
        if made is not None:
            try:
                asking.put(actor, row, made)
            except Conflict as conflict:
                form.errors["fr"] = str(conflict)
            else:
                messages.success(request, _("La question est enregistrée."))
                return _to(row)
    context: dict[str, Any] = {
        "section": "hours", "row": row, "form": form, "former": former,
        "kinds": question_edit.KINDS, "back": _address(row),
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "practice/question_edit.html", context, status=status)


@policy.staff_may(Act.SET_OPENINGS)
@require_GET
def preview(request: HttpRequest, questionnaire_id: UUID) -> HttpResponse:
    """All parts as the patient sees them; of the version being written, or of ``version``."""
    actor = accounts.actor_for(request)
    row = asking.one(team.establishment_of(actor), questionnaire_id)
    number = asked.number(asked.query(request).get("version", ""), 10_000)
    older = [one for one in asking.versions(row) if one.number == number]
    sheet = asking.sheet_of(older[0]) if older else asking.being_written(row)
    language = get_language() or "fr"
    context = {
        "section": "hours",
        "row": row,
        "sheet": sheet,
        "title": row.title(language),
        "parts": [question_form.fields(part, {}, language) for part in parts(sheet.questions)],
        "back": _address(row),
    }
    return render(request, "practice/questionnaire_preview.html", context)


def _show(
    request: HttpRequest, row: Questionnaire, error: str = "", typed: asked.Given | None = None
) -> HttpResponse:
    house, language = row.establishment_id, get_language() or "fr"
    sheet, written = asking.being_written(row), asking.versions(row)
    last = next((one for one in written if one.published_on), None)
    chosen = set(row.reasons)
    if typed is not None and "titre" in typed:
        chosen = reason_choice.typed(house, typed)
    context: dict[str, Any] = {
        "section": "hours",
        "row": row,
        "title": row.title(language),
        "error": error,
        "title_max": TITLE_LETTERS_MAX,
        "reasons": reason_choice.offered(house, language, chosen),
        "questions": [
            (one, one.words(language), question_edit.KIND_WORDS[one.kind])
            for one in sheet.questions
        ],
        "to_publish": bool(sheet.questions) and bool(written) and written[0] == sheet.version,
        "last": last,
        "older": [one for one in written if one.published_on],
        "full": len(sheet.questions) >= QUESTIONS_MAX,
        "back": reverse("practice:questionnaires"),
    }
    context["to_publish"] &= sheet.version.published_on is None
    return render(request, "practice/questionnaire.html", context, status=409 if error else 200)


def _names(row: Questionnaire) -> list[str]:
    language = get_language() or "fr"
    found = VisitReason.objects.filter(id__in=row.reasons).order_by("position", "id")
    return list(dict.fromkeys(one.name(language) for one in found))


def _address(row: Questionnaire) -> str:
    return reverse("practice:questionnaire", args=[row.id])


def _to(row: Questionnaire) -> HttpResponseRedirect:
    return HttpResponseRedirect(_address(row))

"""Making a patient's file at the desk, and correcting one."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.disclosure import Purpose
from serment.errors import NotThere, Unusable
from serment.identity import (
    accounts,
    birth_dates,
    contact,
    files,
    former_ways,
    ins_files,
    phones,
    policy,
    reaching,
)
from serment.identity.merging import Merging
from serment.identity.models import PatientFile
from serment.identity.rights import Act
from serment.web import asked
from serment.web.practice import glass_messages, identity, team
from serment.web.practice.patients import (
    FORM_FIELDS,
    booking_page,
    booking_query,
    paris_today,
    sexes,
)

SEARCHED_LETTERS_MAX = 80


@policy.staff_may(Act.WRITE_PATIENT)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A file for somebody at the desk or on the telephone; an e-mail address is not needed."""
    actor = accounts.actor_for(request)
    booking = booking_query(asked.sent(request).get("suite", asked.query(request).get("suite", "")))
    typed = {name: asked.sent(request).get(name, "") for name in FORM_FIELDS}
    if request.method == "GET":
        return _form(request, typed, {}, suite=booking)
    if "recherche" in asked.sent(request):
        return _form(request, typed | _begun(asked.sent(request)["recherche"]), {}, suite=booking)
    try:
        values = files.cleaned(typed, paris_today())
    except files.ValuesUnusable as unusable:
        return _form(request, typed, unusable.errors, suite=booking)
    made = files.create(actor, team.establishment_of(actor), values)
    reaching.note_shared(actor, made.pk, values["email"] or "")
    if booking:
        return HttpResponseRedirect(f"{booking_page(booking)}?{booking}&patient={made.pk}")
    return HttpResponseRedirect(reverse("practice:patient", args=[made.pk]))


@policy.staff_may(Act.WRITE_PATIENT)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Correct a file."""
    actor = accounts.actor_for(request)
    if request.method == "GET":
        known = files.open(actor, [file_id], (*FORM_FIELDS, "merging"), Purpose.RECEPTION)
        if file_id not in known:
            raise NotThere
        typed = known[file_id]
        merged = Merging.read(typed.pop("merging"))
        if merged.into:
            return identity.led_to_kept(request, merged)
        if typed["birth_date"]:
            typed["birth_date"] = _as_typed(typed["birth_date"])
        return _form(request, typed, {}, file_id=file_id)
    if not PatientFile.objects.filter(pk=file_id).exists():
        raise NotThere
    typed = {name: asked.sent(request).get(name, "") for name in FORM_FIELDS}
    try:
        values = files.cleaned(typed, paris_today())
    except files.ValuesUnusable as unusable:
        return _form(request, typed, unusable.errors, file_id=file_id)
    sure = "identite" in asked.sent(request)
    if not sure and (undone := ins_files.would_undo(actor, file_id, values)):
        return _form(request, typed, {"identity": identity.undone_words(undone)}, file_id=file_id)
    reached = ("email", contact.FIELD)
    former = files.open(actor, [file_id], reached, Purpose.RECEPTION).get(file_id, {})
    files.change(actor, file_id, values)
    if (values["email"] or "") != former.get("email", ""):
        former_ways.note(actor, file_id, former, clock.now())
        glass_messages.tell_changed(actor, file_id)
        reaching.note_shared(actor, file_id, values["email"] or "")
    return HttpResponseRedirect(reverse("practice:patient", args=[file_id]))


def _begun(searched: str) -> dict[str, str]:
    """What was typed to find somebody who is not there begins their file."""
    text = searched.strip()[:SEARCHED_LETTERS_MAX]
    for name, check in (("phone", phones.normalise), ("birth_date", _as_birth_date)):
        try:
            check(text)
        except Unusable:
            continue
        return {name: text}
    if "@" in text:
        return {"email": text}
    family, _space, given = text.partition(" ")
    if given and " " not in given:
        return {"family_name": family, "given_name": given}
    return {"family_name": text}


def _as_birth_date(text: str) -> date:
    return birth_dates.parse(text, paris_today())


def _as_typed(kept: str) -> str:
    try:
        return f"{date.fromisoformat(kept):%d/%m/%Y}"
    except ValueError:
        return kept


def _form(
    request: HttpRequest,
    typed: dict[str, str],
    errors: dict[str, str],
    *,
    suite: str = "",
    file_id: UUID | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "section": "book" if suite else "patients",
        "typed": typed,
        "errors": errors,
        "suite": suite,
        "file_id": file_id,
        "sexes": sexes(),
    }
    return render(request, "practice/patient_form.html", context, status=422 if errors else 200)

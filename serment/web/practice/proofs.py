"""The desk's card of proof: who acts for a file, on which paper, until when; and ending it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from serment import clock
from serment.disclosure import Actor, acting
from serment.errors import NotThere
from serment.identity import accounts, addresses, policy
from serment.identity.addresses import AddressUnusable
from serment.identity.relatives import desk, granting
from serment.identity.relatives.terms import (
    Document,
    Measure,
    Relation,
    Terms,
    end_of,
    is_minor,
    majority,
)
from serment.identity.rights import Act
from serment.scheduling import secrecy
from serment.web import asked
from serment.web.practice import addresses as places
from serment.web.practice import relatives_shown, team
from serment.web.signed_in import of_request


@policy.staff_may(Act.OPEN_PATIENT, Act.WRITE_PATIENT)
@require_http_methods(["GET", "POST"])
def relatives(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Who acts for this person; a POST says what the desk saw, or what it ends."""
    actor = accounts.actor_for(request)
    if request.method == "GET":
        return _shown(request, actor, file_id)
    sent = asked.sent(request)
    act, relation = sent.get("acte", ""), asked.uuid(sent.get("lien", ""))
    if act == "inviter":
        return _invite(request, actor, file_id)
    if relation is None:
        raise NotThere
    if act == "vu" and sent.get("piece") in Document.values:
        _seen(request, actor, file_id, relation, Document(sent["piece"]))
    elif act == "couper":
        desk.cut(actor, file_id, relation, clock.now())
        messages.success(request, _("C’est coupé : depuis cette minute, plus rien ne s’ouvre."))
    elif act == "rouvrir":
        desk.reopen(actor, file_id, relation)
        messages.success(request, _("C’est rouvert. Une invitation peut de nouveau être acceptée."))
    elif act == "jusqu_au":
        _renew(request, actor, file_id, relation)
    return HttpResponseRedirect(reverse("practice:relatives", args=[file_id]))


def _seen(
    request: HttpRequest, actor: Actor, file: UUID, relation: UUID, document: Document
) -> None:
    desk.note_seen(actor, file, relation, document, of_request(request).name, clock.now())
    found = next((one for one in acting.of(actor, file) if one.record == relation), None)
    if found is not None and found.relation == Relation.PARENT and not found.state:
        desk.until_majority(actor, file, relation)
    messages.success(request, _("Noté. La pièce elle-même n’est pas gardée."))


def _renew(request: HttpRequest, actor: Actor, file: UUID, relation: UUID) -> None:
    day = asked.day(asked.sent(request).get("jusqu_au", ""))
    if day is None or day < clock.now().date():
        messages.error(request, _("Choisissez un jour à venir : celui où la mesure prend fin."))
        return
    acting.until(actor, file, relation, end_of(day))
    messages.success(request, _("La date de fin est changée."))


def _invite(request: HttpRequest, actor: Actor, file: UUID) -> HttpResponse:
    sent, now = asked.sent(request), clock.now()
    adult = sent.get("titre") == Relation.GUARDIAN
    birth = desk.birth_of(actor, file)
    day = asked.day(sent.get("jusqu_au", ""))
    errors = _invitation_errors(sent, birth, day, now, adult=adult)
    if errors:
        return _shown(request, actor, file, status=422, typed=sent, errors=errors)
    kind = Relation.GUARDIAN if adult else Relation.PARENT
    label = asked.words(sent.get("nom", ""), 60)
    terms = Terms(str(kind), label, sent.get("mesure", "") if adult else "", by_desk=True)
    ends_at = end_of(day) if adult and day else majority(birth) if birth else None
    email = addresses.normalise(sent.get("email", ""))
    relation = granting.invite_to_file(actor, file, email, terms, ends_at, now)
    document = Document(sent["piece"])
    desk.note_seen(actor, file, relation, document, of_request(request).name, now)
    desk.tell_offered(actor, file, now)
    messages.success(request, _("L’invitation est partie. Elle sert une fois, pendant sept jours."))
    return HttpResponseRedirect(reverse("practice:relatives", args=[file]))


def _invitation_errors(
    sent: asked.Given, birth: date | None, day: date | None, now: datetime, *, adult: bool
) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not asked.words(sent.get("nom", ""), 60):
        errors["name"] = _("À écrire comme sur la pièce.")
    try:
        addresses.normalise(sent.get("email", ""))
    except AddressUnusable as wrong:
        errors["email"] = wrong.sentence
    if sent.get("piece") not in Document.values:
        errors["document"] = _("Dites quelle pièce vous avez lue.")
    if adult and sent.get("mesure") not in Measure.values:
        errors["measure"] = _("Choisissez la mesure.")
    if adult and (day is None or day < now.date()):
        errors["until"] = _("Choisissez un jour à venir : celui où la mesure prend fin.")
    if not adult and (birth is None or not is_minor(birth, now)):
        errors["kind"] = _("D’après le dossier, cette personne n’est pas mineure.")
    if adult and birth is not None and is_minor(birth, now):
        errors["kind"] = _("D’après le dossier, cette personne est mineure.")
    return errors


def _shown(
    request: HttpRequest, actor: Actor, file: UUID, *, status: int = 200, **more: Any
) -> HttpResponse:
    now = clock.now()
    context = {
        "section": "patients",
        "file_id": file,
        "person": relatives_shown.named(actor, file),
        "rows": [
            relatives_shown.row(one, now, may_reopen=desk.may_reopen(actor, one))
            for one in desk.of_file(actor, file)
        ],
        "documents": Document.choices,
        "measures": Measure.choices,
        "today": now.date().isoformat(),
        **more,
    }
    return render(request, "practice/relatives.html", context, status=status)


@policy.staff_may(Act.BOOK, Act.OPEN_PATIENT)
@require_POST
def keep(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Close a visit to the parents and relatives of who comes; nothing more is sent about it."""
    actor = accounts.actor_for(request)
    visit = secrecy.keep_secret(actor, appointment_id)
    return HttpResponseRedirect(
        places.of_appointment(visit.starts_at, team.Member(visit.role), visit.pk, "garde")
    )

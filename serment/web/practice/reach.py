"""How a person may be reached, as they say it at the desk or by telephone: for this house alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment.disclosure import Purpose
from serment.errors import NotThere
from serment.identity import accounts, contact, files, policy, reaching
from serment.identity.rights import Act
from serment.web import asked
from serment.web.practice.naming import Person


@policy.staff_may(Act.WRITE_PATIENT)
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """The form, with what stands; other files that have the same mailbox are counted."""
    actor = accounts.actor_for(request)
    fields = ("given_name", "family_name", "email", contact.FIELD)
    values = files.open(actor, [file_id], fields, Purpose.RECEPTION).get(file_id)
    if values is None:
        raise NotThere
    known, email = contact.read(values.pop(contact.FIELD)), values.pop("email")
    context: dict[str, Any] = {
        "section": "patients",
        "file_id": file_id,
        "person": Person(file_id, **values),
        "alike": len(reaching.alike(actor, file_id, email)),
        "hours_max": contact.HOURS_LETTERS_MAX,
        "said": known,
        "errors": {},
    }
    if request.method == "GET":
        return render(request, "practice/reach.html", context)
    sent = asked.sent(request)
    try:
        wishes = contact.cleaned({name: str(sent[name]) for name in sent})
    except contact.WishesUnusable as unusable:
        context |= {"said": sent, "errors": unusable.errors}
        return render(request, "practice/reach.html", context, status=422)
    reaching.say_at_desk(actor, file_id, wishes)
    messages.success(request, _("C’est enregistré. Chaque message d’ici en tient compte."))
    return HttpResponseRedirect(reverse("practice:patient", args=[file_id]))

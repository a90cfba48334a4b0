"""Asking for a patient's file to be erased: proposed at the desk, decided by two officers.

Nothing is erased here. Whoever asks has the person's request before them; the officers see whose
file it is and from when the erasure is final, and two of them approve or nothing happens.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.disclosure import Actor, Purpose, containment
from serment.errors import NotThere
from serment.identity import accounts, files, policy
from serment.identity.rights import Act
from serment.web import asked
from serment.web.practice import second_word
from serment.web.practice.naming import Person

WAITS_DAYS: Final = 30
"""How long the officers have; then it has to be asked for anew."""

_NAMES: Final = ("given_name", "family_name", "birth_date", "phone")


@policy.staff_may(Act.WRITE_PATIENT)
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """What erasing means; asking for it."""
    actor = accounts.staff_actor_for(request)
    opened = files.open(actor, [file_id], _NAMES, Purpose.ADMINISTRATION)
    if file_id not in opened:
        raise NotThere
    error = ""
    if request.method == "POST":
        if asked.sent(request).get("demande") == "oui":
            return _proposed(request, actor, file_id)
        error = _("Cochez que la personne, ou qui la représente, l’a demandé.")
    context = {
        "section": "patients",
        "file_id": file_id,
        "person": Person(file_id, **opened[file_id]),
        "error": error,
        "days": WAITS_DAYS,
        "both": second_word.both(actor),
    }
    answer = render(request, "practice/erase_patient.html", context, status=422 if error else 200)
    answer["Cache-Control"] = "no-store, private"
    return answer


def _proposed(request: HttpRequest, actor: Actor, file_id: UUID) -> HttpResponse:
    until = clock.now() + timedelta(days=WAITS_DAYS)
    containment.propose_grant(actor, "erase", not_after=until, subjects=[file_id])
    messages.success(
        request,
        _("La demande est faite. %(who)s Rien n’est effacé d’ici là.")
        % {"who": second_word.both(actor)},
    )
    return HttpResponseRedirect(reverse("practice:patient", args=[file_id]))

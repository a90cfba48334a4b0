"""The word beside a visit: read, written anew, and what a colleague wrote meanwhile."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.disclosure import NotYours
from serment.errors import NotThere
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import noting
from serment.web import asked, wording
from serment.web.practice import addresses, panel_shown, team
from serment.web.practice import desk as desks
from serment.web.practice.desk import Desk


@policy.staff_may(Act.BOOK, Act.OPEN_AGENDA_REASONS)
@never_cache
@require_http_methods(["GET", "POST"])
def note(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Opened on record; POST seals it, or shows both words where a colleague was first."""
    actor, sent = accounts.actor_for(request), asked.sent(request)
    visit = panel_shown.seen(appointment_id)
    member = team.Member(visit.role)
    back = addresses.of_appointment(visit.starts_at, member, visit.id)
    typed = sent.get("mot", "").replace("\r\n", "\n")
    changed = False
    try:
        if request.method == "POST":
            try:
                noting.rewrite(actor, visit.id, typed, sent.get("avant", ""))
            except noting.NoteChanged:
                changed = True
            else:
                Desk(request, clock.now()).open(desks.reason_of(visit.id))
                messages.success(request, _("Le mot est enregistré."))
                return HttpResponseRedirect(back)
        present = noting.read(actor, panel_shown.seen(visit.id))
    except NotYours as closed:
        raise NotThere from closed
    context: dict[str, Any] = {
        "section": "agenda", "back": back, "member": member, "changed": changed,
        "when": wording.moment(visit.starts_at, member.zone), "present": present,
        "text": typed if changed else present, "before": noting.mark_of(present),
        "most": noting.NOTE_MAX,
    }  # fmt: skip
    return render(request, "practice/note.html", context, status=409 if changed else 200)

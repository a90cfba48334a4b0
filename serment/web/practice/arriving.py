"""Import: a patient list or an agenda is read, told line by line, and only then brought in.

Between the two steps the file stays in the browser's own form: nothing of it lies here meanwhile.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.custody import arrival as arrivals
from serment.disclosure import Actor
from serment.errors import Refused
from serment.identity import accounts
from serment.identity.rights import Act
from serment.web.practice import team
from serment.web.practice.team import Member

FILE_BYTES_MAX = 1_700_000
LINES_SHOWN = 200

Report = arrivals.PatientsReport | arrivals.AgendaReport


@dataclass(frozen=True, slots=True)
class Sent:
    """What the form brought: a file, and for an agenda the practitioner it belongs to."""

    kind: str
    name: str
    data: bytes
    member: Member | None

    @property
    def text(self) -> str:
        """The file as the next form carries it."""
        return base64.urlsafe_b64encode(self.data).decode()


@require_http_methods(["GET", "POST"])
@accounts.staff_only(Act.IMPORT)
def arrival(request: HttpRequest) -> HttpResponse:
    """GET asks for a file; POST reads and tells; POST with "confirmer" brings in."""
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    if request.method == "GET":
        return _show(request, everybody)
    sent, fault = _sent(request, everybody)
    if sent is None:
        return _show(request, everybody, status=422, fault=fault)
    try:
        report = _read(sent)
        if "confirmer" not in request.POST:
            return _show(request, everybody, report=report, sent=sent)
        brought = _bring_in(actor, sent, report)
    except Refused as refused:
        return _show(request, everybody, status=422, fault=str(_(refused.sentence)), sent=sent)
    return _show(request, everybody, brought=brought, sent=sent, report=report)


def _sent(request: HttpRequest, everybody: list[Member]) -> tuple[Sent | None, str]:
    kind = "agenda" if request.POST.get("quoi") == "agenda" else "patients"
    member = next((one for one in everybody if str(one.id) == request.POST.get("agenda")), None)
    if kind == "agenda" and member is None:
        return None, _("Choisissez à qui appartient cet agenda.")
    file = request.FILES.get("fichier")
    if file is not None and not isinstance(file, list):
        if (file.size or 0) > FILE_BYTES_MAX:
            return None, _("Ce fichier est trop grand : partagez-le en plusieurs.")
        return Sent(kind, file.name or "", file.read(), member), ""
    try:
        data = base64.urlsafe_b64decode(request.POST.get("contenu", ""))
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        return None, _("Choisissez un fichier.")
    return Sent(kind, request.POST.get("nom", "")[:120], data, member), ""


def _read(sent: Sent) -> Report:
    if sent.member is not None and sent.kind == "agenda":
        window = arrivals.usual_window(clock.now())
        return arrivals.read_agenda(sent.data, sent.name, sent.member.zone, window)
    return arrivals.read_patients(sent.data, sent.name)


def _bring_in(actor: Actor, sent: Sent, report: Report) -> arrivals.Brought:
    if isinstance(report, arrivals.AgendaReport):
        if sent.member is None:
            raise ValueError("An agenda belongs to somebody.")
        return arrivals.bring_in_agenda(actor, sent.member.id, report)
    return arrivals.bring_in_patients(actor, team.establishment_of(actor), report)


def _show(
    request: HttpRequest, everybody: list[Member], *, status: int = 200, **more: Any
) -> HttpResponse:
    report = more.get("report")
    context = {
        "section": "arrival",
        "everybody": everybody,
        "refused": list(report.refused)[:LINES_SHOWN] if report else [],
        "refused_count": len(report.refused) if report else 0,
        **more,
    }
    return render(request, "practice/arrival.html", context, status=status)

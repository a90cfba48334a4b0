"""Import: a patient list or an agenda is read, told in full, and only then brought in.

Between the two steps the file stays in the browser's own form: nothing of it lies here meanwhile.
Refused lines go back the same way, built from what the form brings and kept nowhere.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from serment import clock
from serment.custody import arrival as arrivals
from serment.disclosure import Actor
from serment.errors import NotThere, SermentError
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.web import asked
from serment.web.practice import arrival_told, team
from serment.web.practice.team import Member

FILE_BYTES_MAX = 1_700_000
LINES_MAX = 1_000_000

Report = arrivals.PatientsReport | arrivals.AgendaReport


@dataclass(frozen=True, slots=True)
class Sent:
    """What the form brought: a file, and for an agenda the practitioner it belongs to."""

    kind: str
    name: str
    data: bytes
    member: Member | None
    left_out: frozenset[int] = frozenset()
    """Accepted lines that the desk chose not to bring in."""

    @property
    def text(self) -> str:
        """The file as the next form carries it."""
        return base64.urlsafe_b64encode(self.data).decode()


@policy.staff_may(Act.IMPORT)
@require_http_methods(["GET", "POST"])
def arrival(request: HttpRequest) -> HttpResponse:
    """GET asks for a file; POST tells what it would do, and with a button named so: does it.

    "confirmer" brings in, "refusees" gives the refused lines back as a file, "annuler" takes an
    agenda's arrival back.
    """
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    if request.method == "GET":
        return _show(request, actor, everybody)
    try:
        if "annuler" in asked.sent(request):
            taken_back = arrivals.take_back(actor, _id(asked.sent(request)["annuler"]))
            return _show(request, actor, everybody, taken_back=taken_back)
        return _with_file(request, actor, everybody)
    except SermentError as fault:
        if isinstance(fault, NotThere):
            raise
        return _show(request, actor, everybody, status=422, fault=str(_(fault.sentence)))


@policy.staff_may(Act.IMPORT)
@require_GET
def columns(request: HttpRequest) -> HttpResponse:
    """Which columns of a patient list are recognised, as the reader knows them."""
    context = {"section": "arrival", "columns": arrivals.recognised_columns()}
    return render(request, "practice/arrival_columns.html", context)


def _with_file(request: HttpRequest, actor: Actor, everybody: list[Member]) -> HttpResponse:
    sent, fault = _sent(request, everybody)
    if sent is None:
        return _show(request, actor, everybody, status=422, fault=fault)
    arrivals.read_alone()
    report = _read(sent)
    if "refusees" in asked.sent(request) and isinstance(report, arrivals.PatientsReport):
        return _refused_lines(sent, report)
    if "confirmer" in asked.sent(request):
        brought = _bring_in(actor, sent, report)
        return _show(request, actor, everybody, brought=brought, sent=sent, report=report)
    return _show(request, actor, everybody, report=report, sent=sent, **_told(actor, sent, report))


def _told(actor: Actor, sent: Sent, report: Report) -> dict[str, Any]:
    """What a person reads before anything is written."""
    if isinstance(report, arrivals.AgendaReport):
        member = _owner(sent)
        preview = arrivals.look_at_agenda(actor, member.id, report)
        return {"preview": preview, "told": arrival_told.agenda(report, preview, member.zone)}
    house = team.establishment_of(actor)
    known = arrivals.already_here(actor, house, report)
    alike, looked_up = arrivals.alike_here(actor, house, report, known)
    return {"told": arrival_told.patients(report, known, alike, looked_up)}


def _sent(request: HttpRequest, everybody: list[Member]) -> tuple[Sent | None, str]:
    kind = "agenda" if asked.sent(request).get("quoi") == "agenda" else "patients"
    member = next(
        (one for one in everybody if str(one.id) == asked.sent(request).get("agenda")), None
    )
    if kind == "agenda" and member is None:
        return None, _("Choisissez à qui appartient cet agenda.")
    file = asked.file(request, "fichier")
    if file is not None:
        if fault := _unfit(kind, file.name or "", file.size or 0):
            return None, fault
        return Sent(kind, file.name or "", file.read(), member), ""
    try:
        data = base64.urlsafe_b64decode(asked.whole(request, "contenu"))
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        return None, _("Choisissez un fichier.")
    chosen = asked.whole(request, "laisser").split(",")
    lines = (asked.number(line, LINES_MAX) for line in chosen)
    left_out = frozenset(line for line in lines if line is not None)
    return Sent(kind, asked.sent(request).get("nom", "")[:120], data, member, left_out), ""


def _unfit(kind: str, name: str, size: int) -> str:
    """Why a file is not even read: too large, or of the other form beside this one."""
    suffix = PurePath(name).suffix.lower()
    if size > FILE_BYTES_MAX:
        return _("Ce fichier est trop grand : partagez-le en plusieurs.")
    if kind == "agenda" and suffix in {".csv", ".txt", ".xls", ".xlsx"}:
        return _("Ce fichier est une liste : envoyez-le sous « Des patients ».")
    if kind == "patients" and suffix in {".ics", ".ical"}:
        return _("Ce fichier est un agenda : envoyez-le sous « Un agenda ».")
    return ""


def _id(text: str) -> UUID:
    found = asked.uuid(text)
    if found is None:
        raise NotThere
    return found


def _owner(sent: Sent) -> Member:
    if sent.member is None:
        raise ValueError("An agenda belongs to somebody.")
    return sent.member


def _read(sent: Sent) -> Report:
    if sent.kind == "agenda":
        window = arrivals.usual_window(clock.now())
        return arrivals.read_agenda(sent.data, sent.name, _owner(sent).zone, window)
    return arrivals.read_patients(sent.data, sent.name)


def _bring_in(actor: Actor, sent: Sent, report: Report) -> arrivals.Brought:
    if isinstance(report, arrivals.AgendaReport):
        return arrivals.bring_in_agenda(actor, _owner(sent).id, report)
    wanted = report.but(sent.left_out)
    return arrivals.bring_in_patients(actor, team.establishment_of(actor), wanted)


def _refused_lines(sent: Sent, report: arrivals.PatientsReport) -> HttpResponse:
    """The lines to mend, as a file; the browser keeps it, this side does not."""
    answer = HttpResponse(
        arrivals.refused_csv(sent.data, report), content_type="text/csv; charset=binary"
    )
    name = _("lignes-a-corriger")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _show(
    request: HttpRequest, actor: Actor, everybody: list[Member], *, status: int = 200, **more: Any
) -> HttpResponse:
    names = {one.id: one for one in everybody}
    earlier = [
        {"arrival": one, "who": names[one.role_id]}
        for one in arrivals.recent(actor)
        if one.role_id in names
    ]
    report = more.get("report")
    refused = arrival_told.refused(report.refused) if report else None
    context = {"section": "arrival", "everybody": everybody, "refused": refused,
               "earlier": earlier, **more}  # fmt: skip
    return render(request, "practice/arrival.html", context, status=status)

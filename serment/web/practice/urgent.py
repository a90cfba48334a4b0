"""Where a limit, a freeze or an erasure stops a page: the way past it, or plain words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from serment import clock
from serment.disclosure import AccessFrozen, Purpose, TooManyFiles
from serment.errors import NotThere
from serment.identity import accounts, files
from serment.identity.models import PatientFile
from serment.identity.rights import NotAllowed
from serment.web import asked
from serment.web.practice.desk import Desk

View = Callable[[HttpRequest, UUID], HttpResponse]
AnyView = Callable[..., HttpResponse]


def past_the_limits(view: View) -> View:
    """Lead whoever meets a budget or a freeze at a file to where its glass is broken."""

    @wraps(view)
    def led(request: HttpRequest, file_id: UUID) -> HttpResponse:
        try:
            return view(request, file_id)
        except (TooManyFiles, AccessFrozen):
            return HttpResponseRedirect(reverse("practice:break_glass", args=[file_id]))

    return led


def closed_when_frozen(view: AnyView) -> AnyView:
    """The agenda of somebody frozen: times and states stay, what was open is closed."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except AccessFrozen:
            Desk(request, clock.now()).close_all()
            return view(request, *args, **kwargs)

    return shown


def told_closed(view: AnyView) -> AnyView:
    """A file of this house that opens no more is told as such, whatever was wanted of it.

    Still answered as missing (404), and only to who may open files here: another house's and
    one that never was look alike as ever.
    """

    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotAllowed:
            raise
        except NotThere:
            file = kwargs.get("file_id") or _named(request)
            if file is None or not _is_closed(request, file):
                raise
        answer = render(request, "practice/file_closed.html", {"section": "patients"}, status=404)
        answer["Cache-Control"] = "no-store, private"
        return answer

    return told


def _named(request: HttpRequest) -> UUID | None:
    """The file that a form, or an address under way, names."""
    given = asked.sent(request) if request.method == "POST" else asked.query(request)
    return asked.uuid(given.get("patient", ""))


def _is_closed(request: HttpRequest, file: UUID) -> bool:
    actor = accounts.staff_actor_for(request)
    if not PatientFile.objects.filter(pk=file).exists():
        return False
    return file not in files.open(actor, [file], ("family_name",), Purpose.RECEPTION)

"""The agenda of a day: time and state of each practitioner."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from serment.identity import accounts
from serment.identity.rights import Act


@require_GET
@accounts.staff_only(Act.SEE_AGENDA)
def day(request: HttpRequest) -> HttpResponse:
    """The chosen practitioners side by side."""
    return render(request, "practice/agenda.html")

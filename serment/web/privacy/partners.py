"""What partner software will find here: today, what does not answer yet, and no fake."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from serment.identity import policy


@policy.everybody("what partner software will find; nothing of anybody is on it")
@require_GET
def door(request: HttpRequest) -> HttpResponse:
    """For everybody: nothing on it is anybody's."""
    return render(request, "privacy/partners.html")

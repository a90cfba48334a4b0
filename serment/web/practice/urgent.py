"""Where a file's page is stopped by a limit, the way past it for an emergency is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from serment.disclosure import AccessFrozen, TooManyFiles

View = Callable[[HttpRequest, UUID], HttpResponse]


def past_the_limits(view: View) -> View:
    """Lead whoever meets a budget or a freeze at a file to where its glass is broken."""

    @wraps(view)
    def led(request: HttpRequest, file_id: UUID) -> HttpResponse:
        try:
            return view(request, file_id)
        except (TooManyFiles, AccessFrozen):
            return HttpResponseRedirect(reverse("practice:break_glass", args=[file_id]))

    return led

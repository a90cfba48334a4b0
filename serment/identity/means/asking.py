"""What a browser is to make or to show, as JSON: a limited number of times, a refusal in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from allauth.core.internal import ratelimit
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from serment.errors import Refused

_TRIES: Final = "30/m/ip"


def answer(ask: Callable[[], dict[str, Any]]) -> HttpResponse:
    """What ``ask`` wants signed; 409 with the sentence where it refuses."""
    try:
        return JsonResponse(ask())
    except Refused as refused:
        return JsonResponse({"error": refused.sentence}, status=409)


def answer_anybody(
    request: HttpRequest, action: str, ask: Callable[[], dict[str, Any]]
) -> HttpResponse:
    """The same for who is not signed in yet; 429 past so many a minute from one place."""
    if not ratelimit.consume(request, app="serment", action=action, config={action: _TRIES}):
        error = _("Trop d’essais. Attendez quelques minutes avant de recommencer.")
        return JsonResponse({"error": error}, status=429)
    return answer(ask)

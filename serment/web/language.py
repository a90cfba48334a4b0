"""The language switch: back to the same page, in the other language."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from serment.identity import policy
from serment.web import asked

YEAR_SECONDS = 365 * 24 * 3600


@policy.everybody("a cookie of the visitor's own browser")
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember the language in a cookie and go back."""
    wanted = asked.sent(request).get("language", "")
    back = asked.sent(request).get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    answer = HttpResponseRedirect(back)
    if wanted in dict(settings.LANGUAGES):
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            wanted,
            max_age=YEAR_SECONDS,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
        )
    return answer

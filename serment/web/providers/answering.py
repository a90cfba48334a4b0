"""Where a reminder's link leads: the hour and three buttons, for whoever has the link."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.identity import policy
from serment.outbox import answers, rendering
from serment.scheduling import freed
from serment.web import asked
from serment.web.providers import offered

_WHY = "a link that was sent to one person: it shows a day and an hour, and nothing of whose"


@policy.everybody(_WHY)
@cache_control(no_store=True)
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, secret: str) -> HttpResponse:
    """The page; only a button acts, for a link is opened by programs too."""
    behind = answers.behind(secret)
    if behind.kind == freed.OFFER:
        return offered.page(request, behind, secret)
    found = answers.of_link(secret, clock.now())
    if request.method == "POST":
        return _written(request, found, secret)
    said = asked.query(request).get("dit", "")
    when = rendering.spoken(found.starts_at, found.zone, get_language() or "fr")
    shown = {"when": when, "answered": found.answered, "said": said, "secret": secret}
    return render(request, "providers/answer.html", shown)


def _written(request: HttpRequest, found: answers.Asked, secret: str) -> HttpResponse:
    wanted = asked.sent(request).get("reponse", "")
    said = ""
    if wanted in ("oui", "non"):
        new = answers.answer(found, comes=wanted == "oui")
        said = wanted if new else "deja"
    elif wanted == "stop":
        if _may_stop(request, found.reference):
            answers.no_more(found)
        said = "stop"
    return HttpResponseRedirect(f"{reverse('providers:answer', args=[secret])}?dit={said}")


_STOPS = "3/h/key"
"""Each has an address opened and is on record: pressed ever so often, it is said already."""


def _may_stop(request: HttpRequest, reference: str) -> bool:
    config = {"stop": _STOPS}
    return bool(
        ratelimit.consume(request, app="serment", action="stop", config=config, key=reference)
    )

"""Where the link of a message about a missed visit leads: the hour, and one button, once."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language

from serment.directory import tenancy
from serment.outbox import answers, registry, rendering
from serment.outbox.answers import Behind
from serment.scheduling import missed
from serment.web import asked

_JUST_SAID = "conteste"


def page(request: HttpRequest, behind: Behind, secret: str) -> HttpResponse:
    """The hour, without whose or with whom; only the button acts, and nobody signs in for it."""
    if request.method == "POST":
        return _said(request, behind, secret)
    with tenancy.inside(behind.establishment):
        facts = registry.facts_of(behind.kind, behind.record)
    shown = {
        "secret": secret,
        "said": asked.query(request).get("dit", "") == _JUST_SAID and behind.answered,
        "open": facts is None,
        "counts": facts is not None and facts.outcome == missed.Missed.COUNTS,
        "upheld": facts is not None and facts.outcome == missed.Missed.UPHELD,
        "when": rendering.spoken(facts.starts_at, facts.timezone, get_language() or "fr")
        if facts
        else "",
    }
    return render(request, "providers/missed.html", shown)


def _said(request: HttpRequest, behind: Behind, secret: str) -> HttpResponse:
    home = reverse("providers:answer", args=[secret])
    if asked.sent(request).get("acte", "") != _JUST_SAID:
        return HttpResponseRedirect(home)
    with transaction.atomic(), tenancy.inside(behind.establishment):
        if missed.object_by_link(behind.establishment, behind.record):
            answers.use(behind)
    return HttpResponseRedirect(f"{home}?dit={_JUST_SAID}")

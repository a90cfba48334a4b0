"""Where the link of a waiting list's offer leads: an hour, and three buttons, once."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language

from serment import clock
from serment.errors import Conflict
from serment.outbox import answers, rendering
from serment.outbox.answers import Behind
from serment.scheduling import refusals, taking
from serment.web import asked

_ACTS = ("prendre", "laisser", "quitter")


def page(request: HttpRequest, behind: Behind, secret: str) -> HttpResponse:
    """The hour and until when it is kept, without whose or with whom; only a button acts."""
    now, language = clock.now(), get_language() or "fr"
    if request.method == "POST":
        return _acted(request, behind, secret)
    offer = taking.open_offer(behind.establishment, behind.record, now)
    said = asked.query(request).get("dit", "")
    shown = {
        "secret": secret,
        # An address says what anybody writes into it: that something was done, the row says.
        "said": said if behind.answered or said not in _ACTS else "",
        "answered": behind.answered,
        "offer": None if behind.answered else offer,
    }
    if offer is not None:
        zone = offer.role.site.timezone
        shown["when"] = rendering.spoken(offer.starts_at, zone, language)
        shown["sooner"] = taking.gives_up_another(behind.establishment, behind.record)
        shown["until"] = rendering.spoken(offer.expires_at, zone, language)
    return render(request, "providers/offer.html", shown)


def _acted(request: HttpRequest, behind: Behind, secret: str) -> HttpResponse:
    sent, now = asked.sent(request), clock.now()
    act, seen = sent.get("acte", ""), asked.instant(sent.get("heure", ""))
    said = act if act in _ACTS else ""
    try:
        with transaction.atomic():
            if not said or (seen is None and act != "quitter") or not answers.use(behind):
                said = ""
            elif act == "quitter":
                taking.leave(behind.establishment, behind.record, now)
            elif seen is not None and act == "prendre":
                taking.take(behind.establishment, behind.record, seen, now)
            elif seen is not None:
                taking.refuse(behind.establishment, behind.record, seen, now)
    except (Conflict, refusals.NotOffered):
        said = "finie"
    home = reverse("providers:answer", args=[secret])
    return HttpResponseRedirect(f"{home}?dit={said}" if said else home)

"""Where a message's link leads: the hour and a few buttons, for whoever has the link."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from allauth.core.internal import ratelimit
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.errors import Conflict, NotThere, Refused
from serment.identity import policy
from serment.outbox import answers, registry, rendering
from serment.scheduling import by_link, freed, refusals
from serment.web import asked, wording
from serment.web.providers import missing, offered
from serment.web.providers.unlisted import unlisted

_WHY = "a link that was sent to one person: it shows a day and an hour, and nothing of whose"
_DONE: Final = ("annule", "deplace")
_SAID: Final = ("oui", "non")
_DAYS_MAX: Final = 5
_HOURS_A_DAY_MAX: Final = 8


@policy.everybody(_WHY)
@unlisted
@cache_control(no_store=True)
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, secret: str) -> HttpResponse:
    """The page; only a button acts, for a link is opened by programs too."""
    try:
        return _page(request, secret)
    except NotThere:
        # Used, over, withdrawn or never made: whoever has it reads the same.
        return render(request, "providers/over.html", status=404)


def _page(request: HttpRequest, secret: str) -> HttpResponse:
    said, now = asked.query(request).get("dit", ""), clock.now()
    if request.method == "GET" and said in _DONE and answers.is_used(secret):
        return render(request, "providers/done.html", {"said": said})
    behind = answers.behind(secret)
    if behind.kind == freed.OFFER:
        return offered.page(request, behind, secret)
    if behind.kind == registry.MISSED:
        return missing.page(request, behind, secret)
    found = answers.of_link(secret, now)
    if request.method == "POST":
        return _written(request, found, secret)
    can = by_link.open_to(found, now)
    shown: dict[str, Any] = {
        "when": _spoken(found.starts_at, found.zone),
        "seen": found.starts_at,
        "answered": found.answered,
        # An address says what anybody writes into it: that it was answered, the row says.
        "said": said if found.answered or said not in _SAID else "",
        "secret": secret,
        "can": can,
        "reminder": found.kind == registry.REMINDER,
        "step": "" if found.answered else asked.query(request).get("etape", ""),
    }
    if shown["step"] == "deplacer" and can.move:
        shown |= _times(request, found, now)
    return render(request, "providers/answer.html", shown)


def _spoken(at: datetime, zone: str) -> str:
    return rendering.spoken(at, zone, get_language() or "fr")


def _times(request: HttpRequest, found: answers.Asked, now: datetime) -> dict[str, Any]:
    """The next days with free hours, and the one that was chosen beside the one that stands."""
    zone = ZoneInfo(found.zone)
    days: dict[Any, list[tuple[str, str, str]]] = {}
    for at in by_link.hours(found, now):
        day = at.astimezone(zone).date()
        if day not in days and len(days) == _DAYS_MAX:
            break
        if len(days.setdefault(day, [])) < _HOURS_A_DAY_MAX:
            there = urlencode({"etape": "deplacer", "heure": at.isoformat()})
            days[day].append((wording.hour(at, zone), _spoken(at, found.zone), f"?{there}"))
    wanted = asked.instant(asked.query(request).get("heure", ""))
    told = _spoken(wanted, found.zone) if wanted is not None else ""
    return {"days": list(days.items()), "wanted": wanted, "told": told}


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
    elif wanted in ("annuler", "deplacer"):
        said = _done(request, found, wanted)
    return HttpResponseRedirect(f"{reverse('providers:answer', args=[secret])}?dit={said}")


_NOT_DONE: Final[tuple[tuple[type[Exception], str], ...]] = (
    (refusals.TooLate, "tard"),
    (refusals.LinkUsed, "deja"),
    (refusals.SlotTaken, "prise"),
    (refusals.NotOffered, "prise"),
    (Conflict, "change"),
    (Refused, "change"),
)


def _done(request: HttpRequest, found: answers.Asked, wanted: str) -> str:
    """Do it at once; the word for what came of it."""
    sent, now = asked.sent(request), clock.now()
    seen, to = asked.instant(sent.get("vu", "")), asked.instant(sent.get("heure", ""))
    try:
        if wanted == "annuler":
            by_link.cancel(found, seen, now, asked.words(sent.get("raison", ""), by_link.WORDS_MAX))
        elif to is None:
            return "prise"
        else:
            by_link.move(found, seen, to, now)
    except (Conflict, Refused) as why:
        return next(word for kind, word in _NOT_DONE if isinstance(why, kind))
    return "annule" if wanted == "annuler" else "deplace"


_STOPS = "3/h/key"
"""Each has an address opened and is on record: pressed ever so often, it is said already."""


def _may_stop(request: HttpRequest, reference: str) -> bool:
    config = {"stop": _STOPS}
    return bool(
        ratelimit.consume(request, app="serment", action="stop", config=config, key=reference)
    )

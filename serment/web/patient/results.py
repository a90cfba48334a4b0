"""Who can see you, how soon, how far: a list or a map."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext
from django.views.decorators.http import require_GET

from serment import clock
from serment.directory import map as drawn_map
from serment.identity import policy
from serment.scheduling import search
from serment.web import asked, hours, wording
from serment.web.patient.cards import Card, Reading, cards, roles_by_id
from serment.web.patient.home import chips
from serment.web.patient.looking import (
    RADIUS_CHOICES,
    Question,
    place_in_heading,
    place_label,
    understood,
)

PAGE = 12
# Drawn anew for a phone, where the wide one's names would be eight pixels high.
ON_PHONE = {"width": 340.0, "height": 380.0, "apart": 44.0}
FRANCE = (46.6, 2.4)


@dataclass(frozen=True, slots=True)
class Beyond:
    """The nearest who can be seen where nobody is near, and the radius that shows them."""

    city: str
    how_far: str
    radius_km: float


@policy.everybody(policy.DIRECTORY)
@require_GET
def results(request: HttpRequest) -> HttpResponse:
    """Soonest first, unless asked otherwise; an unclear question is asked again, as typed."""
    question = understood(asked.query(request))
    if question.practitioner:
        return HttpResponseRedirect(reverse("patient:practitioner", args=[question.practitioner]))
    if question.errors or question.choices or question.key is None:
        return render(request, "patient/home.html", _asked_again(question))
    now = clock.now()
    found = _found(question, now)
    context = _context(question, found, hours.of_reader(request), now)
    return render(request, "patient/results.html", context)


def _asked_again(question: Question) -> dict[str, Any]:
    """The form as typed, and where several communes bear the name typed, each to choose."""
    which = [
        {"code": place.code, "label": place_label(place), "department": place.department}
        for place in question.choices
    ]
    return {"form": question, "asked_again": True, "chips": chips(), "which_places": which}


def _found(question: Question, now: datetime) -> search.Results:
    code = question.key.code if question.key else ""
    latitude, longitude = (
        (question.place.latitude, question.place.longitude) if question.place else FRANCE
    )
    return search.around(
        code,
        latitude,
        longitude,
        question.radius_km,
        now,
        filters=question.filters,
        sort="nearest" if question.sort == "nearest" else "soonest",
        limit=PAGE,
        offset=question.page * PAGE,
    )


def _context(
    question: Question, found: search.Results, reader: ZoneInfo, now: datetime
) -> dict[str, Any]:
    language = get_language() or "fr"
    noun = question.key.person(language) if question.key else ""
    roles = roles_by_id([item.role_id for item in found.items])
    reading = Reading(reader, now, language, video=question.video)
    shown = cards(found, roles, reading, question.page * PAGE)
    context: dict[str, Any] = {
        "question": question,
        "cards": shown,
        "total": found.total,
        "title": _title(found.total, noun, question),
        "soonest": _soonest_line(found, shown),
        "radius_max": f"{RADIUS_CHOICES[-1]:.0f}",
        "nearest_radius": next((r for r in (30, 60, 150) if r > question.radius_km), None),
        "more_pages": (question.page + 1) * PAGE < found.total,
        "next_page": question.page + 1,
    }
    if not found.total:
        context["beyond"] = _beyond(question, now)
    if question.view == "map" and question.place is not None:
        points = {
            str(card.number): (card.role.site.latitude, card.role.site.longitude) for card in shown
        }
        centre = (question.place.latitude, question.place.longitude)
        context["maps"] = {
            "wide": drawn_map.render(centre, question.radius_km, points),
            "narrow": drawn_map.render(centre, question.radius_km, points, **ON_PHONE),
        }
    return context


def _title(total: int, noun: str, question: Question) -> str:
    lower = noun[:1].lower() + noun[1:] if noun[1:2].islower() else noun
    if not total:
        return _title_of_none(lower, question)
    words = {"count": total, "who": lower if total == 1 else wording.plural(lower)}
    if question.video and question.place is None:
        return ngettext("%(count)d %(who)s en vidéo", "%(count)d %(who)s en vidéo", total) % words
    words["where"] = place_in_heading(question.place) if question.place else ""
    return (
        ngettext(
            "%(count)d %(who)s autour de %(where)s",
            "%(count)d %(who)s autour de %(where)s",
            total,
        )
        % words
    )


def _title_of_none(noun: str, question: Question) -> str:
    """In words that need no gender: "aucun" or "aucune" would."""
    if question.place is None:
        return gettext("Aucun résultat pour «\u00a0%(who)s\u00a0» en vidéo") % {"who": noun}
    words = {"who": noun, "where": place_in_heading(question.place)}
    if question.video:
        return (
            gettext("Aucun résultat pour «\u00a0%(who)s\u00a0» en vidéo, autour de %(where)s")
            % words
        )
    return gettext("Aucun résultat pour «\u00a0%(who)s\u00a0» autour de %(where)s") % words


def _beyond(question: Question, now: datetime) -> Beyond | None:
    """Where nobody is near: who is nearest, within what a person might travel, filters kept."""
    if question.key is None or question.place is None:
        return None
    found = search.around(
        question.key.code,
        question.place.latitude,
        question.place.longitude,
        RADIUS_CHOICES[-1],
        now,
        filters=question.filters,
        sort="nearest",
        limit=1,
    )
    role = next(iter(roles_by_id([item.role_id for item in found.items]).values()), None)
    if role is None or found.items[0].distance_km is None:
        return None
    kilometres = found.items[0].distance_km
    radius = next((r for r in RADIUS_CHOICES if r >= kilometres), RADIUS_CHOICES[-1])
    return Beyond(role.site.city, wording.distance(kilometres), radius)


def _soonest_line(found: search.Results, shown: list[Card]) -> str:
    first = next((card for card in shown if card.soonest == found.soonest), None)
    if found.soonest is None or first is None:
        return ""
    how_far = wording.distance(first.distance_km)
    if how_far:
        return gettext("Le plus tôt : %(moment)s, à %(distance)s.") % {
            "moment": first.soonest_words,
            "distance": how_far,
        }
    return gettext("Le plus tôt : %(moment)s.") % {"moment": first.soonest_words}

"""The first page: what are you looking for, and where."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from serment.directory import places, search
from serment.directory.words import fold
from serment.identity import policy
from serment.web import asked
from serment.web.patient import looking

SAME_LETTERS = 6
"""A person and their field that begin alike read as one offer made twice."""
CHIP_CODES = ("SM54", "40", "50", "SM38", "SM15")


@policy.everybody(policy.DIRECTORY)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Search, and three promises."""
    return render(request, "patient/home.html", {"chips": chips(), "form": looking.Question()})


def chips() -> list[dict[str, str]]:
    """What is looked for most, one press away."""
    language = get_language() or "fr"
    keys = [key for code in CHIP_CODES if (key := search.key_by_code(code)) is not None]
    return [{"slug": key.slug, "label": key.person(language)} for key in keys]


@policy.everybody(policy.DIRECTORY)
@require_GET
def complete_what(request: HttpRequest) -> JsonResponse:
    """Specialties, professions, people and houses that the letters may mean."""
    typed = asked.query(request).get("q", "")[:80]
    found = search.complete_what(typed, get_language() or "fr")
    return JsonResponse(
        {
            "found": [
                {"label": s.label, "hint": _hint(s), "value": looking.value_of(s)} for s in found
            ]
        }
    )


def _hint(suggestion: search.Suggestion) -> str:
    """The second line, unless it only says the first again: "Ophtalmologue", "Ophtalmologie"."""
    label, hint = fold(suggestion.label), fold(suggestion.hint)
    same = (
        suggestion.kind in {"specialty", "profession"}
        and label[:SAME_LETTERS] == (hint[:SAME_LETTERS])
    )
    return "" if same else suggestion.hint


@policy.everybody(policy.DIRECTORY)
@require_GET
def complete_where(request: HttpRequest) -> JsonResponse:
    """Communes by name or postcode."""
    found = places.complete(asked.query(request).get("q", "")[:80])
    return JsonResponse(
        {"found": [{"label": looking.place_label(p), "hint": "", "value": p.code} for p in found]}
    )

"""The desk locks and changes hands: lock now, the lock page, take up again, how soon it locks."""

from __future__ import annotations

import json
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.web import asked
from serment.web.practice import kiosk_guard, kiosk_state, team

MINUTES_READ: Final = 99
_ANYBODY = "a locked desk: nobody is signed in, and nothing is told but who may take it up again"


@policy.staff_may(Act.OWN_PASSKEYS)
@never_cache
@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """Lock now; the page tells what was being written, in this tab and the others."""
    kiosk_state.lock(request, _pages(request))
    if request.headers.get("sec-fetch-dest") == "empty":
        return HttpResponse(status=204)
    return HttpResponseRedirect(reverse("practice:locked"))


@policy.everybody(_ANYBODY)
@never_cache
@require_GET
def locked(request: HttpRequest) -> HttpResponse:
    """The lock page; for whoever is signed in again, the way back to what they were doing."""
    if accounts.is_staff(request):
        kiosk_state.take_over(request)
        return HttpResponseRedirect(_way_back(request, asked.query(request).get("de", "")))
    if not kiosk_state.set_aside(request):
        return HttpResponseRedirect(reverse("account_login"))
    return kiosk_guard.refusal(request)


@policy.everybody(_ANYBODY)
@never_cache
@require_POST
def reopen(request: HttpRequest) -> HttpResponse:
    """By the password of whom it belongs to."""
    sent = asked.sent(request)
    place = asked.number(sent.get("place", ""), kiosk_state.ASIDE_MAX)
    back = None
    if place is not None and not request.user.is_authenticated:
        back = kiosk_state.reopen(request, place, asked.whole(request, "password"))
    if back is None:
        messages.error(request, _("Ce mot de passe n’ouvre pas cette session. Essayez de nouveau."))
        return HttpResponseRedirect(reverse("practice:locked"))
    return HttpResponseRedirect(reverse("practice:locked"))


@policy.staff_may(Act.OWN_PASSKEYS)
@never_cache
@require_GET
def typed(request: HttpRequest) -> HttpResponse:
    """What this person was writing on a page when the desk locked, once."""
    path = asked.query(request).get("de", "")
    return JsonResponse({"typed": kiosk_state.typed_on(request, path)})


@policy.staff_may(Act.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    """After how many idle minutes the desks of this house lock."""
    actor = accounts.actor_for(request)
    minutes = asked.number(asked.sent(request).get("minutes", ""), MINUTES_READ)
    if request.method == "POST" and minutes in kiosk_state.MINUTES:
        kiosk_state.choose_minutes(actor, minutes)
        said = _("C’est noté. Les postes déjà ouverts le sauront à leur prochaine connexion.")
        messages.success(request, said)
        return HttpResponseRedirect(reverse("practice:desk_lock"))
    context = {
        "section": "desk_lock",
        "choices": kiosk_state.MINUTES,
        "chosen": kiosk_state.house_minutes(team.establishment_of(actor)),
    }
    return render(request, "practice/desk_lock.html", context)


def _way_back(request: HttpRequest, wanted: str) -> str:
    """The page wanted, if this very person was on it; else where they were, else their first."""
    path = wanted if kiosk_state.was_on(request, wanted) else ""
    path = path or ("" if wanted else kiosk_state.first_page(request))
    if not url_has_allowed_host_and_scheme(path, None) or path == reverse("practice:locked"):
        return accounts.home_of(request)
    return f"{path}#repris"


def _pages(request: HttpRequest) -> list[dict[str, Any]]:
    """What the page says of its tabs, within bounds; without script, where the button was."""
    try:
        told = json.loads(asked.sent(request).get("pages", "") or "[]")
        return [
            {"path": _path(page["path"]), "typed": [_typed(one) for one in page["typed"]][:60]}
            for page in told[: kiosk_state.PAGES_MAX]
        ]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return []


def _path(path: Any) -> str:
    text = str(path)[: kiosk_state.LETTERS_MAX]
    return text if url_has_allowed_host_and_scheme(text, None) else settings.LOGIN_REDIRECT_URL


def _typed(one: Any) -> list[Any]:
    place, name, value = one
    kept = value if isinstance(value, bool) else str(value)[: kiosk_state.LETTERS_MAX]
    return [int(place), str(name)[:80], kept]

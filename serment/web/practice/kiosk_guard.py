"""Refuses what a locked desk asks, before anything is looked up: 423 and no word about anybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse

from serment.identity.unattended import is_unattended, on_a_wall
from serment.web import asked
from serment.web.practice import kiosk_state

LOCKED: Final = 423
"""RFC 4918, 11.3."""
_NOT_KEPT: Final = frozenset(
    {"csrfmiddlewaretoken", "password", "secret", "code", "signed", "pages"}
)


class Locked:
    """Middleware; after authentication, before ``Standing``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        if SESSION_KEY in session and kiosk_state.is_locked(session):
            return refusal(request)  # the key of a session set aside, used as if it were open
        wall = SESSION_KEY in session and on_a_wall(session)
        if wall and not _may_hang(request):
            kiosk_state.lock(request, [])  # nobody watches this screen: it opens nothing else
            return kiosk_state.put_cookie(request, refusal(request))
        if SESSION_KEY in session and not wall and kiosk_state.is_idle(request):
            kiosk_state.lock(request, [] if is_unattended(request) else [_page(request)])
            return kiosk_state.put_cookie(request, refusal(request))
        answer = self._get_response(request)
        if _leads_to_sign_in(request, answer) and kiosk_state.has_any(request):
            answer = refusal(request)
        elif not is_unattended(request):
            kiosk_state.note_presence(request)
        return kiosk_state.put_cookie(request, answer)


def refusal(request: HttpRequest) -> HttpResponse:
    """The lock page; to a script, nothing but where it is."""
    scripted = request.headers.get("sec-fetch-dest") == "empty" or "HX-Request" in request.headers
    if scripted:
        answer = HttpResponse(status=LOCKED)
        answer["HX-Redirect"] = reverse("practice:locked")
    else:
        context = {"aside": list(reversed(kiosk_state.set_aside(request)))}
        answer = render(request, "practice/locked.html", context, status=LOCKED)
    answer["Cache-Control"] = "no-store, private"
    return answer


def _page(request: HttpRequest) -> dict[str, Any]:
    """Where somebody was who comes back too late, with what their form was sending."""
    sent = asked.sent(request)
    fields = [(name, value) for name in sent for value in sent.getlist(name)]
    typed = [
        [0, name, value[: kiosk_state.LETTERS_MAX]]
        for name, value in fields
        if name not in _NOT_KEPT and "password" not in name
    ]
    path = request.get_full_path() if request.method == "GET" else request.path
    return {"path": path[: kiosk_state.LETTERS_MAX], "typed": typed[: kiosk_state.TYPED_MAX]}


def _may_hang(request: HttpRequest) -> bool:
    """The board, hearing of changes, and leaving: by whoever passes, so nothing that opens more."""
    if request.method == "POST":
        return request.path in {reverse("practice:lock"), reverse("account_logout")}
    return request.path in {reverse("practice:board"), reverse("practice:direct")}


def _leads_to_sign_in(request: HttpRequest, answer: HttpResponse) -> bool:
    """Was a page of somebody signed in asked for? Ways in and out lead there by themselves."""
    sign_in = resolve_url(settings.LOGIN_URL)
    led = answer.headers.get("Location", "").partition("?")[0] == sign_in
    return led and not request.path.startswith((sign_in, reverse("practice:locked")))

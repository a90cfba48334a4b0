"""Failures as pages: each family of errors is mapped here once, in words, without a stack.

A page of failure needs neither database nor keeper: it may be shown because one of them is gone.
A form that met a part gone comes back in the page, to be sent again as it was: nothing typed is
lost. It holds what this very request brought and nothing else, above all no token of ours: what a
foreign site sent is refused again when it is sent again.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from serment.disclosure import NotYours
from serment.errors import Broken, Conflict, NotThere, Refused, SermentError
from serment.identity import policy, turned_away
from serment.identity.accounts import SignedOut
from serment.identity.rights import NotAllowed
from serment.sightings.models import Kind
from serment.web import asked

_log = logging.getLogger("serment.web")

RETRY_SECONDS = 5
NOT_REPEATED = ("password", "oldpassword")


class FailurePages:
    """Middleware that turns an error into its page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self._get_response(request)
        except (OperationalError, InterfaceError) as error:
            # Raised by middleware further in, where process_exception does not see it.
            return database_gone(request, error)
        except SermentError as error:
            return page_of(request, error)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A view's error; None leaves it to Django's plain 500 page."""
        if isinstance(error, OperationalError | InterfaceError):
            return database_gone(request, error)
        if isinstance(error, SermentError):
            return page_of(request, error)
        return None


def page_of(request: HttpRequest, error: SermentError) -> HttpResponse:
    """The page of one of the three families."""
    if isinstance(error, SignedOut):
        return failure_page(request, 403, _("Connectez-vous d’abord"), str(_(error.sentence)))
    if isinstance(error, NotThere | NotYours):
        _missed(request, error)
        return not_found(request)
    if isinstance(error, Conflict):
        return failure_page(request, 409, _("Entre-temps, cela a changé"), str(_(error.sentence)))
    if isinstance(error, Refused):
        return failure_page(request, 400, _("Ce n’est pas possible"), str(_(error.sentence)))
    if isinstance(error, Broken):
        return broken(request, str(_(error.sentence)))
    return broken(request, "")


def _missed(request: HttpRequest, error: SermentError) -> None:
    """Count who met the page of what is not there, where that says something.

    Not at a door for everybody, nor where a page was merely asked for that names no record: a
    provider nobody registered, a day too far off.
    """
    match = request.resolver_match
    door = policy.door_of(match.func) if match is not None else None
    if match is None or door is None or door.who is policy.Who.EVERYBODY:
        return
    at_the_door = isinstance(error, NotAllowed)
    named = any(isinstance(one, UUID) for one in match.kwargs.values())
    if at_the_door or named or request.method == "POST":
        turned_away.missed(request, at_the_door=at_the_door)


def database_gone(request: HttpRequest, error: Exception) -> HttpResponse:
    """The relational database does not answer."""
    _log.warning("database did not answer: %s", type(error).__name__)
    return broken(request, _("Nos agendas ne répondent pas en ce moment."))


def broken(request: HttpRequest, sentence: str) -> HttpResponse:
    """A part is down: said plainly, with when to try again."""
    answer = failure_page(
        request, 503, _("Serment reprend son souffle"), sentence, typed=_typed(request)
    )
    answer["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _typed(request: HttpRequest) -> list[tuple[str, str]] | None:
    """The fields of the form that was sent, to send it again; None where there was none.

    Not passwords, which no page repeats; a file has to be chosen again.
    """
    if request.method != "POST":
        return None
    try:
        sent = asked.sent(request)
    except (UnreadablePostError, MultiPartParserError, BadRequest, SuspiciousOperation):
        return None
    if asked.has_files(request):
        return None
    return [
        (name, value)
        for name, values in sent.lists()
        if not name.startswith(NOT_REPEATED)
        for value in values
    ]


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Missing and forbidden look alike."""
    del exception
    return failure_page(
        request,
        404,
        _("Cette page n’est pas là"),
        _("Elle n’existe pas, n’existe plus, ou n’est pas la vôtre."),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The same page as a missing one."""
    if isinstance(exception, Http404 | PermissionDenied) or exception is None:
        return not_found(request)
    return not_found(request)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is too old or comes from elsewhere.

    An old form of our own, as when somebody signed in anew in another tab, comes back with a token
    of today and all that was typed. ``Origin`` says whose it is, and no page can choose what its
    browser writes there: what came from elsewhere, or does not say, gets no token.
    """
    del reason
    turned_away.noted(request, Kind.FOREIGN_FORM)
    typed = _typed(request) if _is_our_own(request) else None
    if typed is not None:
        return failure_page(
            request,
            403,
            _("Ce formulaire a expiré"),
            _(
                "Cette page était ouverte depuis longtemps, ou votre connexion a changé depuis."
                " Rien n’a été fait."
            ),
            typed=[(name, value) for name, value in typed if name != "csrfmiddlewaretoken"],
            token=get_token(request),
        )
    return failure_page(
        request,
        403,
        _("Ce formulaire a expiré"),
        _("Revenez à la page précédente, rechargez-la, puis envoyez à nouveau."),
    )


def _is_our_own(request: HttpRequest) -> bool:
    """Whether a page of this very site sent the form."""
    own = f"{request.scheme}://{request.get_host()}"
    return request.headers.get("origin", "") in {own, *settings.CSRF_TRUSTED_ORIGINS}


def unexpected(request: HttpRequest) -> HttpResponse:
    """Django's 500: something we did not foresee, or a part gone while middleware needed it.

    Django makes an answer of an error at each layer of middleware, so ``FailurePages`` never sees
    what a session or an account could not be read for; only this handler does.
    """
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        return database_gone(request, error)
    if isinstance(error, SermentError):
        return page_of(request, error)
    return failure_page(
        request,
        500,
        _("Quelque chose s’est mal passé"),
        _("Ce n’est pas de votre fait. Réessayez ; si cela continue, appelez le cabinet."),
    )


def failure_page(
    request: HttpRequest,
    status: int,
    title: str,
    sentence: str,
    *,
    typed: list[tuple[str, str]] | None = None,
    token: str = "",
) -> HttpResponse:
    """One design for all: title, sentence, emergency numbers, a way on."""
    page = render_to_string(
        "web/failure.html",
        {
            "heading": title,
            "sentence": sentence,
            "status": status,
            "again": _own_address(request),
            "typed": typed,
            "token": token,
        },
    )
    answer = HttpResponse(page, status=status)
    answer["Cache-Control"] = "no-store, private"
    return answer


def _own_address(request: HttpRequest) -> str:
    """This page again, with its query. "//elsewhere/" would name another site: one slash only."""
    return "/" + request.get_full_path().lstrip("/\\")

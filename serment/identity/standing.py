"""Where a request stands: the account's own rows, and for staff the establishment's.

Django opens a transaction around the view only, and everything a view needs standing for is looked
up before it (the account of the session, the staff member). So this middleware opens the outer
transaction itself, names the account and the tenant with ``SET LOCAL``, and lets the view's own
transaction nest in it as a savepoint: a view that fails rolls back to the savepoint and keeps its
standing for the error page. Requests without a session stand nowhere and cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from serment import ids
from serment.directory import tenancy
from serment.disclosure import SessionEnded
from serment.identity import accounts, staff
from serment.identity.means import keeping, listed

# Where allauth keeps a sign-in that waits for its code.
_PENDING_SIGN_IN = "account_login"
_CODE_AWAITED = "account_email_verification_code"


class Standing:
    """Middleware; after authentication, before anything that reads walled rows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            answer = self._answer(request)
        finally:
            keeping.let_go(request)
        listed.set_mark(request, answer)
        return answer

    def _answer(self, request: HttpRequest) -> HttpResponse:
        account = _account_of(request)
        if account is None:
            return self._get_response(request)
        with transaction.atomic():
            tenancy.stand_in(account=account)
            if request.user.is_authenticated:
                staff.enter(request, account)
                if listed.over(request):
                    return _ended(request, account)
                listed.follow(request, account)
            answer = self._get_response(request)
        # Somebody's own pages stay in no cache, a shared desk's browser least of all.
        answer.setdefault("Cache-Control", "no-store, private")
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The keeper no longer knows this session: sign in again, and come back here."""
        if not isinstance(exception, SessionEnded):
            return None
        return _sign_in_again(request)


def _ended(request: HttpRequest, account: UUID) -> HttpResponse:
    """Idle or open for too long: the session is over, here and at the keeper."""
    listed.leave(request, account)
    accounts.end_session(request)
    messages.info(
        request,
        _("Par prudence, votre connexion s’est terminée toute seule. Connectez-vous de nouveau."),
    )
    return _sign_in_again(request)


def _sign_in_again(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    here = request.get_full_path() if request.method == "GET" else "/"
    return redirect_to_login(here, settings.LOGIN_URL)


def _account_of(request: HttpRequest) -> UUID | None:
    """The account signed in, or signing in and waiting for its code.

    A number of nobody's where an address that is taken was signed up with: from here on neither a
    header nor the work done tells it from one that was free.
    """
    signed_in = request.session.get(SESSION_KEY)
    pending = request.session.get(_PENDING_SIGN_IN)
    named = signed_in or (pending.get("user_pk") if isinstance(pending, dict) else None)
    if not named and _CODE_AWAITED in request.session:
        return ids.new_id()
    try:
        return UUID(str(named)) if named else None
    except ValueError:
        return None

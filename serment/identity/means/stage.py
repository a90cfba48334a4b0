"""The second step of a sign-in, as a stage of django-allauth's: after the password, before the end.

Until it is done nobody is signed in: the session holds who is about to be, and nothing else.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.stages import LoginStage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from serment.identity.means import keeping, strength

KEY = "serment_second_step"
FIRST_KEY = "serment_first_key"
PATHS = (
    "serment.identity.means.stage.FirstKey",
    "serment.identity.means.stage.SecondStep",
)
_WANTED = "serment.first_key"


class SecondStep(LoginStage):  # type: ignore[misc]
    """Asks for a second factor whoever has one and has not shown it."""

    key = KEY
    urlname = "account_second_step"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """The page to go to, or None to go on."""
        account = self.login.user
        if account is None or strength.whole_proof(self.request, account):
            return None, True
        if not keeping.book_of(self.request, UUID(str(account.pk))).has_second_factor:
            return None, True
        return HttpResponseRedirect(reverse(self.urlname)), True


class FirstKey(LoginStage):  # type: ignore[misc]
    """A new account without a password makes its passkey before it is signed in."""

    key = FIRST_KEY
    urlname = "account_passkey_first"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """The page to go to, or None to go on."""
        account = self.login.user
        if account is None or not self.request.session.get(_WANTED):
            return None, True
        if account.has_usable_password() or strength.whole_proof(self.request, account):
            return None, True
        return HttpResponseRedirect(reverse(self.urlname)), True


def want_first_key(request: HttpRequest, wanted: bool) -> None:
    """Whether the sign-up under way is one without a password."""
    if wanted:
        request.session[_WANTED] = True
    else:
        request.session.pop(_WANTED, None)


def waiting(request: HttpRequest, key: str = KEY) -> Any:
    """The stage of a sign-in that waits for its second step, with its ``login``; or None."""
    from allauth.account.stages import LoginStageController

    if request.user.is_authenticated:
        return None
    return LoginStageController.enter(request, key)

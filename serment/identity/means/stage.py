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
PATH = "serment.identity.means.stage.SecondStep"


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


def waiting(request: HttpRequest) -> Any:
    """The stage of a sign-in that waits for its second step, with its ``login``; or None."""
    from allauth.account.stages import LoginStageController

    if request.user.is_authenticated:
        return None
    return LoginStageController.enter(request, KEY)

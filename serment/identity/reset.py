"""A new password by the link of an e-mail. The mailbox alone proves nobody: it changes the
password, asks no second factor away, and leaves the account in doubt for two days."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from allauth.account.views import INTERNAL_RESET_SESSION_KEY, PasswordResetFromKeyView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic.edit import FormView

from serment import clock
from serment.directory import tenancy
from serment.identity import links, policy
from serment.identity.means import keeping, listed, telling

PURPOSE: Final = "password"
_BY_LINK = "the link of an e-mail, which carries its own proof"
_WHO: Final = "serment.reset_of"


class _FromKey(PasswordResetFromKeyView):  # type: ignore[misc]
    """The library's form, at an address that names nobody."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = FormView.get_context_data(self, **kwargs)
        context["action_url"] = reverse("account_reset_password_form")
        return context

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        account = self.reset_user
        self.request.session.pop(_WHO, None)
        with keeping.changing(self.request, account.pk) as book:
            book.doubted = clock.now().isoformat()
            if book.move is not None and not book.move.done:
                book.move = None  # asked for, or refused, before whoever has the mailbox chose anew
            listed.end_all(book)
        telling.tell(
            self.request, account, _("Le mot de passe vient d’être changé par un lien d’e-mail.")
        )
        return response


def address_of(key: str) -> str:
    """The path of the link for the library's key, ``account-token``."""
    return reverse("account_reset_password_link", kwargs={"word": links.close(key, PURPOSE)})


@policy.everybody(_BY_LINK)
@never_cache
def link(request: HttpRequest, word: str) -> HttpResponse:
    """Keep what the link carries, and go where no address carries it."""
    account, _dash, token = (links.open_(word, PURPOSE) or "").partition("-")
    request.session[_WHO] = account
    request.session[INTERNAL_RESET_SESSION_KEY] = token
    return HttpResponseRedirect(reverse("account_reset_password_form"))


@policy.everybody(_BY_LINK)
@never_cache
def form(request: HttpRequest) -> HttpResponse:
    """Choose the password; only the link's own token lets anything happen to the account."""
    account = str(request.session.get(_WHO, ""))
    try:
        tenancy.stand_in(account=UUID(account))
    except ValueError:
        tenancy.stand_in(account=UUID(int=0))
    view = _FromKey.as_view()
    response: HttpResponse = view(request, uidb36=account, key=_FromKey.reset_url_key)
    return response

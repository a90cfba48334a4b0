"""The two account pages that need more than the library's own view."""

from __future__ import annotations

from uuid import UUID

from allauth.account.views import PasswordChangeView, PasswordResetFromKeyView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache

from serment.directory import tenancy


class _ChangePassword(PasswordChangeView):  # type: ignore[misc]
    success_url = reverse_lazy("account_change_password")


change_password = never_cache(_ChangePassword.as_view())


@never_cache
def password_from_key(request: HttpRequest, uidb36: str, key: str) -> HttpResponse:
    """A new password by the link of an e-mail.

    The link names the account, so its one row becomes visible; only the link's own token lets
    anything happen to it.
    """
    try:
        tenancy.stand_in(account=UUID(uidb36))
    except ValueError:
        tenancy.stand_in(account=UUID(int=0))
    response: HttpResponse = PasswordResetFromKeyView.as_view()(request, uidb36=uidb36, key=key)
    return response

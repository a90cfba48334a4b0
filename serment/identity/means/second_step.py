"""The page between the password and being signed in."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from serment.identity import policy
from serment.identity.means import attempts, keeping, stage, strength
from serment.identity.means.forms import CodeForm


@policy.everybody(policy.SIGNING_IN)
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Digits, a recovery code, or a passkey."""
    waiting = stage.waiting(request)
    if waiting is None:
        return HttpResponseRedirect(reverse("account_login"))
    account = waiting.login.user
    form = CodeForm(request, UUID(str(account.pk)), request.POST or None)
    if request.method == "POST" and form.is_valid():
        strength.prove(request, account, form.how)
        if form.how == strength.PAPER:
            _say_what_is_left(request, UUID(str(account.pk)))
        answer: HttpResponse = waiting.exit()
        return answer
    if request.POST.get("code"):
        attempts.second_failed(request, account)
    book = keeping.book_of(request, UUID(str(account.pk)))
    if not book.totp:
        form.on_paper()
    context = {"form": form, "passkeys": bool(book.passkeys), "typed": book.totp or book.codes}
    return render(request, "account/second_step.html", context)


def _say_what_is_left(request: HttpRequest, account: UUID) -> None:
    """Whoever needed paper has mostly lost a device: it is said where that one is taken off."""
    book = keeping.book_of(request, account)
    if not (book.totp or book.passkeys):
        return  # whose sheet of the desk is their second factor has lost nothing
    left = len(book.codes)
    messages.warning(
        request,
        ngettext(
            "Ce code de secours ne sert plus. Il en reste %(n)d. Appareil perdu ?"
            " Retirez-le dans « Connexion et sécurité ».",
            "Ce code de secours ne sert plus. Il en reste %(n)d. Appareil perdu ?"
            " Retirez-le dans « Connexion et sécurité ».",
            left,
        )
        % {"n": left},
    )

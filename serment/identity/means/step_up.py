"""Proving once more who one is: before a sensitive act, or where a page wants two factors.

Whoever has a second factor shows it; a password alone confirms only an account that has none.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from serment.disclosure import passkeys
from serment.identity import accounts, policy, turned_away
from serment.identity.means import keeping, strength
from serment.identity.means.forms import CodeForm, PasswordForm
from serment.sightings.models import Kind

_TRIES = "5/5m/user,20/d/user"


@policy.signed_in()
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """The strongest proof the account has, then on to where it was wanted."""
    account = keeping.own(request)
    book = keeping.book_of(request, account.pk)
    onward = onward_of(request)
    demanded = _demanded(onward)
    works = accounts.is_staff(request)
    alone = not book.has_second_factor and policy.strength_of(request) < demanded
    if alone and not (works and _has_professional_key(request)):
        context = {
            "next": onward,
            "staff": works,
            "passkeys_offered": not works,
            "home": settings.LOGIN_REDIRECT_URL,
        }
        return render(request, "account/protect_first.html", context)
    form: Any
    if book.has_second_factor:
        form = CodeForm(request, UUID(str(account.pk)), request.POST or None)
        if not book.totp:
            form.on_paper()
    else:
        form = PasswordForm(account, lambda: _may_try(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        strength.prove(request, account, getattr(form, "how", strength.PASSWORD))
        return HttpResponseRedirect(onward)
    if request.POST.get("password"):
        turned_away.noted(request, Kind.WRONG_PASSWORD)
    if alone:  # the password is known already, and not enough
        typed = False
    elif book.has_second_factor:
        typed = bool(book.totp or book.codes)
    else:  # whoever came by a professional key or a provider has no password to type
        typed = account.has_usable_password()
    context = {
        "form": form,
        "next": onward,
        "passkeys": bool(book.passkeys),
        "typed": typed,
        "staff_key": works,
        "staff_key_only": not typed and not book.passkeys,
    }
    return render(request, "account/reauthenticate.html", context)


def _has_professional_key(request: HttpRequest) -> bool:
    """Whether they have one to show instead: it lies with the keeper and stands in no book."""
    own = passkeys.passkeys(accounts.staff_actor_for(request))
    return any(one.revoked_at is None for one in own)


def again(onward: str) -> HttpResponse:
    """This page once more, on the way there."""
    return HttpResponseRedirect(f"{reverse(policy.STRONGER)}?{urlencode({'next': onward})}")


def onward_of(request: HttpRequest) -> str:
    """Where to go afterwards: a page of ours, else the first page of this account."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    if asked and get_adapter(request).is_safe_url(asked):
        return asked
    home = accounts.home_of(request) if accounts.is_staff(request) else settings.LOGIN_REDIRECT_URL
    return str(home)


def _demanded(path: str) -> policy.Strength:
    """What the door at an address of ours demands."""
    try:
        door = policy.door_of(resolve(path.partition("?")[0]).func)
    except Resolver404:
        return policy.Strength.NOBODY
    return door.demands if door is not None else policy.Strength.NOBODY


def _may_try(request: HttpRequest) -> bool:
    return bool(
        ratelimit.consume(
            request, app="serment", action="step_up", config={"step_up": _TRIES}, key="-"
        )
    )

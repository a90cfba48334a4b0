"""Doors of patients' passkeys: sign in with one, make, name and remove them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from serment.directory import tenancy
from serment.errors import NotThere
from serment.identity import policy, turned_away
from serment.identity.means import (
    asking,
    attempts,
    codes,
    devices,
    keeping,
    passkeys,
    security,
    stage,
    step_up,
    strength,
    telling,
)
from serment.identity.means.book import PASSKEYS_MAX
from serment.identity.means.passkeys import PasskeyRefused
from serment.identity.models import Account
from serment.sightings.models import Kind


@policy.everybody(policy.SIGNING_IN)
@never_cache
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """What the browser is to show, as JSON: of the account half signed in, or of anybody."""
    return asking.answer_anybody(request, "passkey", lambda: _ask_to_show(request))


@policy.everybody(policy.SIGNING_IN)
@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Sign in by a passkey alone; the page says nothing about who has one."""
    answer = request.POST.get("signed", "")
    try:
        account = _shown_by(request, passkeys.whose(answer), answer)
    except (PasskeyRefused, NotThere):
        turned_away.noted(request, Kind.WRONG_PASSKEY)
        messages.error(request, _("Cette clé d’accès n’ouvre aucun compte ici."))
        return HttpResponseRedirect(reverse("account_login"))
    strength.prove(request, account, strength.PASSKEY, strength.BOTH)
    onward = request.POST.get("next") or None
    login = Login(user=account, redirect_url=onward and step_up.onward_of(request))
    led: HttpResponse = perform_login(request, login)
    return led


@policy.everybody(policy.SIGNING_IN)
@require_POST
def second(request: HttpRequest) -> HttpResponse:
    """The second step, by a passkey."""
    waiting = stage.waiting(request)
    if waiting is None:
        return HttpResponseRedirect(reverse("account_login"))
    account = waiting.login.user
    try:
        _shown_by(request, account.pk, request.POST.get("signed", ""))
    except PasskeyRefused as refused:
        turned_away.noted(request, Kind.WRONG_PASSKEY, account=account.pk)
        attempts.second_failed(request, account)
        messages.error(request, refused.sentence)
        return HttpResponseRedirect(reverse("account_second_step"))
    strength.prove(request, account, strength.PASSKEY, strength.BOTH)
    led: HttpResponse = waiting.exit()
    return led


@policy.signed_in()
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """A fresh proof, by a passkey."""
    account = keeping.own(request)
    onward = step_up.onward_of(request)
    try:
        _shown_by(request, account.pk, request.POST.get("signed", ""))
    except PasskeyRefused as refused:
        turned_away.noted(request, Kind.WRONG_PASSKEY)
        messages.error(request, refused.sentence)
        return step_up.again(onward)
    strength.prove(request, account, strength.PASSKEY, strength.BOTH)
    return HttpResponseRedirect(onward)


@policy.patient()
@never_cache
@security.surely_known
def add(request: HttpRequest) -> HttpResponse:
    """A page to make one; where the first factor is made, recovery codes are shown once."""
    account = keeping.own(request)
    if request.method != "POST":
        name = devices.name_of(request.headers.get("user-agent", ""))
        context = {"name": name, "onward": security.remember_onward(request)}
        return render(request, "account/passkey.html", context)
    try:
        fresh = _keep(request, account)
    except PasskeyRefused as refused:
        messages.error(request, refused.sentence)
        onward = urlencode({"next": security.remember_onward(request)})
        return HttpResponseRedirect(f"{reverse('account_passkey_add')}?{onward}")
    security.count_at_once(request, strength.PASSKEY)
    telling.tell(request, account, _("Une clé d’accès a été ajoutée."))
    return security.shown_once(request, fresh)


@policy.patient()
@never_cache
@require_POST
@security.surely_known
def ask_to_add(request: HttpRequest) -> HttpResponse:
    """What the browser is to make, as JSON."""
    return _make_asked(request, keeping.own(request))


@policy.everybody(policy.SIGNING_IN)
@never_cache
def first(request: HttpRequest) -> HttpResponse:
    """The passkey of a new account without a password: before anybody is signed in."""
    waiting = stage.waiting(request, stage.FIRST_KEY)
    if waiting is None:
        return HttpResponseRedirect(reverse("account_login"))
    account = waiting.login.user
    if request.method != "POST":
        name = devices.name_of(request.headers.get("user-agent", ""))
        return render(request, "account/passkey_first.html", {"name": name})
    try:
        fresh = _keep(request, account)
    except PasskeyRefused as refused:
        messages.error(request, refused.sentence)
        return HttpResponseRedirect(reverse("account_passkey_first"))
    strength.prove(request, account, strength.PASSKEY, strength.BOTH)
    led: HttpResponse = waiting.exit()
    return security.shown_once(request, fresh, led.headers.get("Location", ""))


@policy.everybody(policy.SIGNING_IN)
@never_cache
@require_POST
def ask_first(request: HttpRequest) -> HttpResponse:
    """What the browser is to make for a new account, as JSON."""
    waiting = stage.waiting(request, stage.FIRST_KEY)
    if waiting is None:
        raise NotThere
    return _make_asked(request, waiting.login.user)


@policy.patient()
@never_cache
@security.surely_known
def rename(request: HttpRequest, passkey: str) -> HttpResponse:
    """Another name for one."""
    with keeping.changing(request, keeping.own(request).pk) as book:
        one = book.passkey(passkey)
        if one is None:
            raise NotThere
        name = request.POST.get("label", "").strip()[: passkeys.NAME_LETTERS_MAX]
        if request.method == "POST" and name:
            one.name = name
            return HttpResponseRedirect(reverse("account_security"))
    return render(request, "account/passkey_name.html", {"one": one})


@policy.patient()
@require_POST
@security.surely_known
def remove(request: HttpRequest) -> HttpResponse:
    """One is good for nothing any more; the last way in is kept."""
    account = keeping.own(request)
    with keeping.changing(request, account.pk) as book:
        left = [one for one in book.passkeys if one.id != request.POST.get("passkey")]
        if not left and not account.has_usable_password():
            messages.error(request, _("C’est votre seule façon d’entrer : créez-en une autre."))
            return HttpResponseRedirect(reverse("account_security"))
        book.passkeys = left
        if not book.has_second_factor:
            book.drop_factors()
    telling.tell(request, account, _("Une clé d’accès a été retirée."))
    messages.success(request, _("La clé d’accès est retirée."))
    return HttpResponseRedirect(reverse("account_security"))


def _half_or_whole(request: HttpRequest) -> UUID | None:
    if request.user.is_authenticated:
        return UUID(str(request.user.pk))
    waiting = stage.waiting(request)
    return None if waiting is None else UUID(str(waiting.login.user.pk))


def _shown_by(request: HttpRequest, account: UUID, answer: str) -> Account:
    """The account, if one of its passkeys was shown. PasskeyRefused, NotThere."""
    with keeping.changing(request, account) as book:
        passkeys.shown(request, answer, book.passkeys)
        book.proved()
    tenancy.stand_in(account=account)
    return Account.objects.get(pk=account, is_active=True)


def _ask_to_show(request: HttpRequest) -> dict[str, Any]:
    account = _half_or_whole(request)
    known = [] if account is None else keeping.book_of(request, account).passkeys
    return passkeys.ask_to_show(request, known)


def _make_asked(request: HttpRequest, account: Account) -> HttpResponse:
    known = keeping.book_of(request, account.pk).passkeys
    name = security.address_of(request, account)
    return asking.answer(lambda: passkeys.ask_to_make(request, account.pk, name, known))


def _keep(request: HttpRequest, account: Account) -> list[str]:
    """Keep the passkey just made; recovery codes where there were none."""
    posted = request.POST
    one = passkeys.made(request, posted.get("made", ""), posted.get("label", ""))
    with keeping.changing(request, account.pk) as book:
        book.passkeys = [*book.passkeys, one][-PASSKEYS_MAX:]
        book.proved()
        return [] if book.codes else codes.renew(book)

"""Doors of another address: ask for it, confirm it at the new mailbox, stop it from the former."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from allauth.core.internal import ratelimit
from django import forms
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from serment import clock
from serment.directory import tenancy
from serment.errors import Conflict, NotThere, Unusable
from serment.identity import accounts, addresses, policy, staff
from serment.identity.means import keeping, moving, security
from serment.identity.means.book import Book
from serment.identity.means.moving import Carried
from serment.identity.models import Account

_BY_LINK = "the link of an e-mail, which carries its own proof"
_MAILS = "3/h/user,6/d/user"


class AddressForm(forms.Form):
    """The address wanted, and not the one there is."""

    email = forms.CharField(
        label=gettext_lazy("Nouvelle adresse e-mail"),
        help_text=gettext_lazy("Une boîte aux lettres que personne d’autre ne lit."),
        error_messages={"required": gettext_lazy("Écrivez la nouvelle adresse.")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, present: str, may_mail: Callable[[], bool], *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._present, self._may_mail = present, may_mail

    def clean_email(self) -> str:
        """An address that can be written to, now."""
        try:
            address = addresses.normalise(self.cleaned_data["email"])
        except Unusable as error:
            raise ValidationError(error.sentence) from error
        if address == self._present:
            raise ValidationError(_("C’est déjà votre adresse."))
        if not self._may_mail():
            raise ValidationError(_("Trop de demandes. Attendez une heure avant de recommencer."))
        return address


@policy.signed_in(strength=policy.Strength.TWO_FACTORS)
@never_cache
@security.surely_known
def page(request: HttpRequest) -> HttpResponse:
    """The address there is, and another one to be asked for."""
    account, now = _own(request), clock.now()
    present = security.address_of(request, account)
    form = AddressForm(present, lambda: _may_mail(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        with suppress(moving.Unsettled):  # the page that follows says so
            moving.ask(request, account, form.cleaned_data["email"], now)
        return HttpResponseRedirect(reverse("account_address"))
    works = staff.of_request(request)
    move = moving.waiting(keeping.book_of(request, account.pk), now)
    context = {
        "form": form,
        "present": present,
        "waiting": move.to if move else "",
        "works": works is not None,
        "follows": works is not None and moving.house_follows(works),
    }
    return render(request, "account/address.html", context)


@policy.signed_in()
@never_cache
@require_POST
def give_up(request: HttpRequest) -> HttpResponse:
    """It was mistyped, or is not wanted any more: both links open nothing."""
    with keeping.changing(request, _own(request).pk) as book:
        book.move_no_further()
    messages.success(request, _("La demande est retirée. Rien n’a changé."))
    return HttpResponseRedirect(reverse("account_security"))


@policy.everybody(_BY_LINK)
@never_cache
def new(request: HttpRequest, word: str) -> HttpResponse:
    """At the new mailbox: only the button moves the account."""
    link = _standing(moving.carried(word, new=True))
    if link is None or not moving.may_confirm(_book(request, link), link, clock.now()):
        return _spent(request)
    if request.method != "POST":
        return render(request, "account/address_link.html", {"state": "new"})
    try:
        moving.confirm(request, link, clock.now())
    except Conflict as refused:
        return _spent(request, refused.sentence)
    _leave(request, link)
    messages.success(request, _("C’est fait : connectez-vous maintenant avec cette adresse."))
    return HttpResponseRedirect(reverse("account_login"))


@policy.everybody(_BY_LINK)
@never_cache
def stop(request: HttpRequest, word: str) -> HttpResponse:
    """At the former mailbox: stop it, or take it back."""
    link = _standing(moving.carried(word, new=False))
    book = _book(request, link) if link is not None else None
    if link is None or book is None or not moving.may_stop(book, link, clock.now()):
        return _spent(request)
    if request.method != "POST":
        done = book.move is not None and bool(book.move.done)
        return render(request, "account/address_link.html", {"state": "stop", "done": done})
    try:
        moving.stop(request, link, clock.now())
    except Conflict as refused:
        return _spent(request, refused.sentence)
    _leave(request, link)
    has_password = Account.objects.get(pk=link.account).has_usable_password()
    context = {"state": "stopped", "password": has_password}
    return render(request, "account/address_link.html", context)


def _own(request: HttpRequest) -> Account:
    """Who is signed in; NotThere where the account has no address: a card signs in to it."""
    account = keeping.own(request)
    if account.email is None:
        raise NotThere
    return account


def _standing(link: Carried | None) -> Carried | None:
    """The account a link is for becomes visible to this request; None where there is none."""
    if link is None:
        return None
    tenancy.stand_in(account=link.account)
    return link if Account.objects.filter(pk=link.account).exists() else None


def _leave(request: HttpRequest, link: Carried) -> None:
    """Pressed where the account is signed in: this session was among those that have ended, and
    keeps nothing any more. Where somebody else is, theirs goes on."""
    if str(request.user.pk) == str(link.account):
        accounts.end_session(request)
        request.session.flush()
        request.user = AnonymousUser()


def _book(request: HttpRequest, link: Carried) -> Book:
    return keeping.book_of(request, link.account)


def _spent(request: HttpRequest, said: str = "") -> HttpResponse:
    context = {"state": "spent", "said": said}
    return render(request, "account/address_link.html", context, status=404)


def _may_mail(request: HttpRequest) -> bool:
    config = {"address": _MAILS}
    return bool(ratelimit.consume(request, app="serment", action="address", config=config))

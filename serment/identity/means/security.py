"""How I sign in: my factors, my recovery codes, my open sessions."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Any
from uuid import UUID

import qrcode
import qrcode.image.svg
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.disclosure import Purpose, gate
from serment.disclosure import passkeys as professional
from serment.identity import accounts, policy
from serment.identity.means import (
    codes,
    keeping,
    listed,
    moving,
    rescue,
    step_up,
    strength,
    telling,
    totp,
    ways,
)  # fmt: skip
from serment.identity.means.book import Book, Totp
from serment.identity.means.forms import FirstCodeForm
from serment.identity.models import Account, StaffMember
from serment.identity.openid import linking

CODES_FEW = 2

_OFFERED = "serment.totp_offered"
_NEXT = "serment.protecting_for"


def surely_known(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For changes to the means themselves: proved within ten minutes, by two factors if there are,
    and not in doubt (``undoubted``).

    Under ``policy.signed_in()``: how much is wanted hangs on what the account has.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        book = keeping.book_of(request, _account(request))
        too_soon = _in_doubt(request, book)
        if too_soon is not None:
            return too_soon
        wanted = strength.BOTH if book.has_second_factor else 1
        if strength.factors(request) >= wanted and strength.is_fresh(request):
            return view(request, *args, **kwargs)
        back = request.get_full_path() if request.method == "GET" else reverse("account_security")
        there = f"{resolve_url(policy.STRONGER)}?{urlencode({'next': back})}"
        return HttpResponseRedirect(there)

    return guarded


def _works(account: UUID) -> bool:
    """For a house, or will again once a manager opens an access that closed for want of use."""
    here = Q(active=True) | Q(dormant=True)
    return StaffMember.objects.filter(here, account_id=account).exists()


def undoubted(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Not while a mailbox alone vouches for the account: no way in is added, and none taken."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        too_soon = _in_doubt(request, keeping.book_of(request, _account(request)))
        return view(request, *args, **kwargs) if too_soon is None else too_soon

    return guarded


def _in_doubt(request: HttpRequest, book: Book) -> HttpResponse | None:
    """The page that says why not now. Where a professional key or a provider stands for whoever it
    is, time proves nothing: neither is in the book, and a mailbox would come past it by waiting."""
    account, moved = _account(request), moving.unsettled_until(book, clock.now())
    if moved is not None:
        stopped = book.move is not None and bool(book.move.stopped)
        password = keeping.own(request).has_usable_password()
        context = {"until": moved, "moved": True, "stopped": stopped, "password": password}
        return render(request, "account/too_soon.html", context)
    if _works(account):
        waits = bool(book.doubted) and strength.factors(request) < strength.BOTH
        return render(request, "account/too_soon.html") if waits else None
    if linking.links_of(account) and not book.has_second_factor:
        waits = bool(book.doubted) and not strength.by_provider(request)
        return render(request, "account/too_soon.html", {"linked": True}) if waits else None
    until = rescue.doubted_until(book)
    return None if until is None else render(request, "account/too_soon.html", {"until": until})


@policy.signed_in()
@never_cache
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What there is, and what to do about it."""
    book = keeping.book_of(request, _account(request))
    open_ones = [
        (one, here, datetime.fromisoformat(one.since), datetime.fromisoformat(one.seen))
        for one, here in listed.open_ones(request, book)
    ]
    found = ways_of(request, book)
    context = {
        "book": book,
        "sessions": open_ones,
        "passkeys": [(one, date.fromisoformat(one.added)) for one in book.passkeys],
        "passkeys_offered": True,
        "codes_left": len(book.codes),
        "codes_few": len(book.codes) <= CODES_FEW,
        "staff": accounts.is_staff(request),
        "has_address": keeping.own(request).email is not None,
        "moving": moving.waiting(book, clock.now()) is not None,
        "ways": found,
        "ways_said": ways.in_words(found),
        "without_password": ways.without_password(found),
    }
    return render(request, "account/security.html", context)


def ways_of(request: HttpRequest, book: Book) -> ways.Ways:
    """What signs this account in: the book, the password, the keeper's keys, the providers."""
    works = accounts.is_staff(request)
    return ways.Ways(
        staff=works,
        password=keeping.own(request).has_usable_password(),
        application=book.totp is not None,
        paper=book.paper,
        keys=_professional_keys(request) if works else len(book.passkeys),
        providers=linking.names_of(_account(request)),
    )


def _professional_keys(request: HttpRequest) -> int:
    own = professional.passkeys(accounts.staff_actor_for(request))
    return sum(one.revoked_at is None for one in own)


@policy.signed_in()
@never_cache
@surely_known
def application(request: HttpRequest) -> HttpResponse:
    """Teach an application its secret: a picture to film, the same as text, and a first code."""
    account = _account(request)
    onward = remember_onward(request)
    offered = request.session.get(_OFFERED) if request.method == "POST" else None
    secret = request.session[_OFFERED] = offered or totp.new_secret()
    learnt = Totp(secret)
    form = FirstCodeForm(learnt, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with keeping.changing(request, account) as book:
            book.totp = learnt
            book.proved()
            new_codes = [] if book.codes else codes.renew(book)
        del request.session[_OFFERED]
        count_at_once(request, strength.DIGITS)
        telling.tell(request, keeping.own(request), _("Une application de codes a été ajoutée."))
        return shown_once(request, new_codes)
    address = totp.address(secret, address_of(request, keeping.own(request)))
    back = reverse("account_security")
    if onward:
        back = f"{resolve_url(policy.STRONGER)}?{urlencode({'next': onward})}"
    there = reverse("account_application")
    return shown_to_learn(request, form, secret, address, there, back)


def shown_to_learn(
    request: HttpRequest, form: FirstCodeForm, secret: str, address: str, there: str, back: str
) -> HttpResponse:
    """The secret as a picture to film and as text; ``there`` takes the first code."""
    context = {
        "form": form,
        "picture": _picture(address),
        "address": address,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "there": there,
        "back": back,
    }
    return render(request, "account/application.html", context)


@policy.signed_in()
@require_POST
@surely_known
def remove_application(request: HttpRequest) -> HttpResponse:
    """The application is good for nothing any more; codes without any factor go with it."""
    with keeping.changing(request, _account(request)) as book:
        book.totp = None
        if not book.has_second_factor:
            book.drop_factors()
    telling.tell(request, keeping.own(request), _("L’application de codes a été retirée."))
    messages.success(request, _("L’application est retirée."))
    return HttpResponseRedirect(reverse("account_security"))


@policy.signed_in()
@never_cache
@require_POST
@surely_known
def new_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes, shown here and never again."""
    with keeping.changing(request, _account(request)) as book:
        made = codes.renew(book) if book.has_second_factor else []
    if not made:
        return HttpResponseRedirect(reverse("account_security"))
    telling.tell(request, keeping.own(request), _("De nouveaux codes de secours ont été faits."))
    return shown_once(request, made)


@policy.signed_in()
@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """End one session, or all the others, this second. Ending is never made hard."""
    which = request.POST.get("session", "")
    if which == listed.digest(request):
        return HttpResponseRedirect(reverse("account_logout"))
    ended = listed.end(request, _account(request), which or None)
    messages.success(
        request,
        _("C’est déconnecté.") if ended else _("Il n’y avait rien à déconnecter."),
    )
    return HttpResponseRedirect(reverse("account_security"))


def count_at_once(request: HttpRequest, how: str) -> None:
    """A factor was added with its proof: this session counts it, all others end."""
    strength.prove(request, keeping.own(request), how)
    listed.end(request, _account(request))


def remember_onward(request: HttpRequest) -> str:
    """The page that wanted a second factor, for when there is one; empty where none did."""
    if request.method == "GET":
        request.session.pop(_NEXT, None)
        if request.GET.get("next"):
            request.session[_NEXT] = step_up.onward_of(request)
    return str(request.session.get(_NEXT, ""))


def shown_once(request: HttpRequest, made: list[str], onward: str = "") -> HttpResponse:
    """New recovery codes on a page, if there are any; then on to where it was wanted."""
    onward = onward or request.session.pop(_NEXT, "") or reverse("account_security")
    if not made:
        messages.success(request, _("C’est fait."))
        return HttpResponseRedirect(onward)
    return render(request, "account/codes.html", {"codes": made, "onward": onward})


def _account(request: HttpRequest) -> UUID:
    return UUID(str(request.user.pk))


def address_of(request: HttpRequest, account: Account) -> str:
    """The address, by which a device names this account to its owner; opened on record."""
    actor = keeping.itself(request, account.pk)
    return gate.reveal(actor, Purpose.SELF, [account], ["email"])[account.pk]["email"]


def _picture(text: str) -> str:
    """The QR code, as an address the page's policy admits."""
    drawn = qrcode.make(text, image_factory=qrcode.image.svg.SvgPathFillImage, border=4)
    svg: bytes = drawn.to_string()
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()

"""The first professional key of a colleague who has a password and no second factor yet.

As with a first application: a password lets whoever has none add one, and nothing once there is
one. A second key is made on the page of professional keys, signed for with the first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment.disclosure import passkeys
from serment.errors import NotThere, Refused
from serment.identity import accounts, policy
from serment.identity.means import asking, keeping, strength, telling
from serment.identity.means.security import remember_onward, surely_known, ways_of
from serment.identity.means.step_up import onward_of

View = Callable[[HttpRequest], HttpResponse]


def _has_none(view: View) -> View:
    """For staff without any second factor; to everybody else the door is not there."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not accounts.is_staff(request):
            raise NotThere
        book = keeping.book_of(request, keeping.own(request).pk)
        if book.has_second_factor or ways_of(request, book).keys:
            raise NotThere
        return view(request)

    return guarded


@policy.signed_in()
@never_cache
@require_GET
@surely_known
@_has_none
def page(request: HttpRequest) -> HttpResponse:
    """What it is, and the button."""
    onward = remember_onward(request)
    context = {
        "made": reverse("account_first_key_made"),
        "ask": reverse("account_first_key_ask"),
        "other": f"{reverse('account_application')}?{urlencode({'next': onward})}",
        "next": onward,
    }
    return render(request, "account/first_key.html", context)


@policy.signed_in()
@never_cache
@require_POST
@surely_known
@_has_none
def ask(request: HttpRequest) -> HttpResponse:
    """What the browser is to make, as JSON."""
    actor = accounts.staff_actor_for(request)
    return asking.answer(lambda: passkeys.begin_enrolment(actor, _("Clé professionnelle")))


@policy.signed_in()
@never_cache
@require_POST
@surely_known
@_has_none
def made(request: HttpRequest) -> HttpResponse:
    """The key as the browser made it; this session counts it, and its person is told."""
    actor = accounts.staff_actor_for(request)
    sent = request.POST.get("made", ""), request.POST.get("label", "")
    try:
        passkeys.finish_enrolment(actor, *sent)
    except Refused:
        messages.error(request, _("Cette clé n’a pas été acceptée. Essayez de nouveau."))
        return HttpResponseRedirect(reverse("account_first_key"))
    account = keeping.own(request)
    strength.prove(request, account, strength.PASSKEY, strength.BOTH)
    telling.tell(request, account, _("Une clé professionnelle a été ajoutée à votre accès."))
    messages.success(request, _("La clé est ajoutée."))
    return HttpResponseRedirect(onward_of(request))

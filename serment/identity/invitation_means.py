"""The first way in of whoever is invited: a password and an application, or a key of the device.

Nobody is signed in here, and nothing of theirs stands, before it is whole: whoever leaves half way
opens the same link again and chooses again.
"""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment.disclosure import passkeys
from serment.errors import Conflict, NotThere, Refused
from serment.identity import accounts, joining, policy
from serment.identity.invitation_pages import BY_LINK, said, welcome
from serment.identity.joining import Arrival
from serment.identity.means import asking, keeping, security, strength, totp
from serment.identity.means.book import Totp
from serment.identity.means.forms import FirstCodeForm

_OFFERED: Final = "serment.invitation_totp"


@policy.everybody(BY_LINK)
@never_cache
def application(request: HttpRequest) -> HttpResponse:
    """Teach an application its secret; its first code makes the account, with both."""
    come = joining.kept(request)
    hashed = joining.chosen(request, come) if come is not None else None
    if come is None or hashed is None or request.user.is_authenticated:
        return HttpResponseRedirect(reverse("account_invitation"))
    offered = request.session.get(_OFFERED) if request.method == "POST" else None
    learnt = Totp(offered or totp.new_secret())
    request.session[_OFFERED] = learnt.secret
    form = FirstCodeForm(learnt, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _in_by_password(request, come, hashed, learnt)
    # The house names it on the telephone: to a visitor no name and no address are opened.
    address = totp.address(learnt.secret, come.house)
    there, back = reverse("account_invitation_application"), reverse("account_invitation")
    return security.shown_to_learn(request, form, learnt.secret, address, there, back)


def _in_by_password(request: HttpRequest, come: Arrival, hashed: str, learnt: Totp) -> HttpResponse:
    try:
        account, made = joining.come_by_password(request, come, hashed, learnt)
    except Conflict as late:
        return said(request, late)
    request.session.pop(_OFFERED, None)
    strength.prove(request, account, strength.PASSWORD)
    strength.prove(request, account, strength.DIGITS)
    messages.success(request, welcome(come))
    return security.shown_once(request, made, accounts.home_of(request))


@policy.everybody(BY_LINK)
@never_cache
@require_GET
def key(request: HttpRequest) -> HttpResponse:
    """Make the first key: before it, this access opens nothing."""
    if joining.kept(request) is None:
        return HttpResponseRedirect(reverse("account_invitation"))
    _making(request)
    context = {
        "made": reverse("account_invitation_key_made"),
        "ask": reverse("account_invitation_key_ask"),
        "other": reverse("account_invitation"),
        "by_link": True,
    }
    return render(request, "account/first_key.html", context)


@policy.everybody(BY_LINK)
@never_cache
@require_POST
def key_ask(request: HttpRequest) -> HttpResponse:
    """What the browser is to make, as JSON."""
    come = _making(request)
    with joining.as_member(come) as actor:
        return asking.answer_anybody(
            request, "invitation_key", lambda: passkeys.begin_enrolment(actor, come.house)
        )


@policy.everybody(BY_LINK)
@never_cache
@require_POST
def key_made(request: HttpRequest) -> HttpResponse:
    """The key as the browser made it; with it the link is spent and the person is in."""
    come = _making(request)
    made, label = request.POST.get("made", ""), request.POST.get("label", "")
    try:
        joining.come_by_key(
            request, come, lambda actor: passkeys.finish_enrolment(actor, made, label)
        )
    except Conflict as late:
        return said(request, late)
    except Refused:
        messages.error(request, _("Cette clé n’a pas été acceptée. Essayez de nouveau."))
        return HttpResponseRedirect(reverse("account_invitation_key"))
    # The device knew its holder, and the keeper checked what it made.
    strength.prove(request, keeping.own(request), strength.PASSKEY, strength.BOTH)
    messages.success(request, _("La clé est ajoutée.") + f" {welcome(come)}")
    return HttpResponseRedirect(accounts.home_of(request))


def _making(request: HttpRequest) -> Arrival:
    """The invitation by which a first key is made here. NotThere without one, and for whoever is
    signed in already: they accept with their account."""
    come = joining.kept(request)
    if come is None or come.waits or request.user.is_authenticated:
        raise NotThere
    return come

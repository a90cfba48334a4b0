"""Doors of an invitation: the link, and what it offers. ``invitation_means`` makes the way in.

Whoever brings the link is nobody yet; it carries its own proof, and is kept in their session.
"""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from serment.errors import Conflict
from serment.identity import accounts, joining, passwords, policy
from serment.identity.joining import Arrival
from serment.identity.means import strength
from serment.identity.openid import providers

BY_LINK = "the link of an invitation, which carries its own proof"


class PasswordForm(forms.Form):
    """A password for the new access."""

    password1 = forms.CharField(
        label=gettext_lazy("Mot de passe"),
        help_text=gettext_lazy("Douze caractères au moins."),
        error_messages={
            "required": gettext_lazy("Choisissez un mot de passe de douze caractères au moins.")
        },
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password1(self) -> str:
        """Hard to guess, and on no list."""
        password: str = self.cleaned_data["password1"]
        passwords.refuse_weak(password, [])
        return password


@policy.everybody(BY_LINK)
@never_cache
@require_GET
def link(request: HttpRequest, word: str) -> HttpResponse:
    """Keep the link's word, and go where no address carries it."""
    joining.keep(request, word)
    return HttpResponseRedirect(reverse("account_invitation"))


@policy.everybody(BY_LINK)
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """What is offered: which house, which role, and the ways in."""
    come = joining.kept(request)
    if come is None:
        return render(request, "account/invitation_spent.html", status=404)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and not request.user.is_authenticated:
        without = "sans_mot_de_passe" in request.POST
        if without or form.is_valid():
            return _begun(request, come, None if without else form.cleaned_data["password1"])
    return _shown(request, come, form)


def _begun(request: HttpRequest, come: Arrival, password: str | None) -> HttpResponse:
    """On to what makes the way whole; until then nothing stands, and the link is good."""
    try:
        joining.must_be_open(come)
    except Conflict as late:
        return said(request, late)
    if password is None:
        return HttpResponseRedirect(reverse("account_invitation_key"))
    joining.choose(request, come, password)
    return HttpResponseRedirect(reverse("account_invitation_application"))


def _shown(request: HttpRequest, come: Arrival, form: PasswordForm) -> HttpResponse:
    psc = [one for one in providers.configured() if one.kind.professional] if come.rpps else []
    context = {
        "come": come,
        "form": form,
        "role": come.role.label,
        "providers": psc,
        "sign_in": f"{reverse('account_login')}?{urlencode({'next': request.path})}",
        "works": accounts.is_staff(request),
        "not_free": _why_not(request, come),
        "surely": strength.factors(request) >= strength.BOTH,
    }
    return render(request, "account/invitation.html", context)


def _why_not(request: HttpRequest, come: Arrival) -> str:
    """Why the account that is signed in cannot accept; empty where it can."""
    if not request.user.is_authenticated or accounts.is_staff(request):
        return ""
    try:
        joining.must_be_free(request, come)
    except Conflict as refused:
        return refused.sentence
    return ""


@policy.signed_in(strength=policy.Strength.TWO_FACTORS)
@never_cache
def accept(request: HttpRequest) -> HttpResponse:
    """Accept with the account that is signed in, once it has a second factor; a look leads back
    to the button."""
    come = joining.kept(request)
    if come is None or request.method != "POST":
        return HttpResponseRedirect(reverse("account_invitation"))
    try:
        joining.come_as(request, come)
    except Conflict as late:
        return said(request, late)
    messages.success(request, welcome(come))
    return HttpResponseRedirect(accounts.home_of(request))


def said(request: HttpRequest, late: Conflict) -> HttpResponse:
    """Why it cannot be, on the page of the invitation."""
    messages.error(request, late.sentence)
    return HttpResponseRedirect(reverse("account_invitation"))


def welcome(come: Arrival) -> str:
    """To whoever arrives, or is back."""
    return _("Vous avez retrouvé votre accès.") if come.account else _("Bienvenue dans l’équipe.")

"""Doors of an invitation: the link, what it offers, and the first key of whoever wants no password.

Whoever brings the link is nobody yet; it carries its own proof, and is kept in their session.
"""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from serment.disclosure import passkeys
from serment.errors import Conflict, NotThere, Refused
from serment.identity import accounts, joining, passwords, policy
from serment.identity.joining import Arrival
from serment.identity.means import keeping, strength
from serment.identity.openid import providers

_BY_LINK = "the link of an invitation, which carries its own proof"


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


@policy.everybody(_BY_LINK)
@never_cache
@require_GET
def link(request: HttpRequest, word: str) -> HttpResponse:
    """Keep the link's word, and go where no address carries it."""
    joining.keep(request, word)
    return HttpResponseRedirect(reverse("account_invitation"))


@policy.everybody(_BY_LINK)
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
            password = None if without else form.cleaned_data["password1"]
            return _come_in(request, come, password)
    return _shown(request, come, form)


def _shown(request: HttpRequest, come: Arrival, form: PasswordForm) -> HttpResponse:
    psc = [one for one in providers.configured() if one.kind.professional] if come.rpps else []
    context = {
        "come": come,
        "form": form,
        "role": come.role.label,
        "providers": psc,
        "sign_in": f"{reverse('account_login')}?{urlencode({'next': request.path})}",
        "works": accounts.is_staff(request),
    }
    return render(request, "account/invitation.html", context)


def _come_in(request: HttpRequest, come: Arrival, password: str | None) -> HttpResponse:
    try:
        account = joining.come_in(request, come, password)
    except Conflict as late:
        messages.error(request, late.sentence)
        return HttpResponseRedirect(reverse("account_invitation"))
    if password is None:
        return HttpResponseRedirect(reverse("account_invitation_key"))
    strength.prove(request, account, strength.PASSWORD)
    return HttpResponseRedirect(
        f"{reverse('account_application')}?{urlencode({'next': accounts.home_of(request)})}"
    )


@policy.signed_in()
@never_cache
@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    """Accept with the account that is signed in."""
    come = joining.kept(request)
    if come is None:
        return HttpResponseRedirect(reverse("account_invitation"))
    try:
        joining.come_as(request, come)
    except Conflict as late:
        messages.error(request, late.sentence)
        return HttpResponseRedirect(reverse("account_invitation"))
    messages.success(request, _("Bienvenue dans l’équipe."))
    return HttpResponseRedirect(accounts.home_of(request))


@policy.signed_in()
@never_cache
@require_GET
def key(request: HttpRequest) -> HttpResponse:
    """Make the first key: before it, this access opens nothing."""
    _making(request)
    return render(request, "account/invitation_key.html")


@policy.signed_in()
@never_cache
@require_POST
def key_ask(request: HttpRequest) -> HttpResponse:
    """What the browser is to make, as JSON."""
    come = _making(request)
    try:
        return JsonResponse(passkeys.begin_enrolment(accounts.staff_actor_for(request), come.house))
    except Refused as refused:
        return JsonResponse({"error": refused.sentence}, status=409)


@policy.signed_in()
@never_cache
@require_POST
def key_made(request: HttpRequest) -> HttpResponse:
    """The key as the browser made it; with it the link is spent and the person is in."""
    come = _making(request)
    actor = accounts.staff_actor_for(request)
    try:
        passkeys.finish_enrolment(
            actor, request.POST.get("made", ""), request.POST.get("label", "")
        )
    except Refused:
        messages.error(request, _("Cette clé n’a pas été acceptée. Essayez de nouveau."))
        return HttpResponseRedirect(reverse("account_invitation_key"))
    joining.key_made(request, come)
    # The device knew its holder, and the keeper checked what it made.
    strength.prove(request, keeping.own(request), strength.PASSKEY, strength.BOTH)
    messages.success(request, _("La clé est ajoutée. Bienvenue dans l’équipe."))
    return HttpResponseRedirect(accounts.home_of(request))


def _making(request: HttpRequest) -> Arrival:
    """The invitation whose account makes its first key here. NotThere for anybody else."""
    come = joining.kept(request)
    own = UUID(str(request.user.pk))
    if come is None or not come.wants_key or come.account != own or not accounts.is_staff(request):
        raise NotThere
    return come

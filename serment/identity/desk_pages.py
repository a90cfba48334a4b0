"""A code from a desk, typed: the way in for whoever has no e-mail address, and back in.

Two small steps: the code with the birth date, then a password. Between them the code lies closed in
the visitor's own session, for a quarter of an hour; the birth date is not kept at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from serment import clock
from serment.disclosure import Actor, Purpose, gate
from serment.errors import Unusable
from serment.identity import (
    accounts,
    birth_dates,
    cards,
    desk_claims,
    desk_codes,
    links,
    passwords,
    policy,
)
from serment.identity.desk_words import Terms
from serment.identity.models import Account

_TYPED: Final = "serment.desk_code"
_TYPED_FOR: Final = timedelta(minutes=15)
_CODE: Final = {
    "autocomplete": "off",
    "autocapitalize": "characters",
    "spellcheck": "false",
    "maxlength": "20",
}


class CodeForm(forms.Form):
    """What stands on the sheet, for an account that is signed in."""

    code = forms.CharField(
        label=gettext_lazy("Code de votre feuille"),
        help_text=gettext_lazy("Dix lettres et chiffres. Majuscules ou minuscules, c’est égal."),
        error_messages={"required": gettext_lazy("Écrivez le code de votre feuille.")},
        widget=forms.TextInput(attrs=_CODE),
    )


class FirstForm(CodeForm):
    """The code, and what the house knows of whom it is for."""

    birth_date = forms.CharField(
        label=gettext_lazy("Votre date de naissance"),
        help_text=gettext_lazy("Par exemple 12/03/1941."),
        error_messages={"required": gettext_lazy("Écrivez votre date de naissance.")},
        widget=forms.TextInput(attrs={"autocomplete": "bday"}),
    )

    def clean_birth_date(self) -> str:
        """ISO 8601."""
        try:
            read = birth_dates.parse(self.cleaned_data["birth_date"], clock.now().date())
        except Unusable as error:
            raise forms.ValidationError(error.sentence) from error
        return read.isoformat()


class PasswordForm(forms.Form):
    """A password to choose; whoever comes back may prove who they are and not wait."""

    password = forms.CharField(
        label=gettext_lazy("Choisissez un mot de passe"),
        help_text=gettext_lazy(
            "Douze caractères au moins. Quatre mots sans rapport entre eux font très bien."
        ),
        error_messages={"required": gettext_lazy("Choisissez un mot de passe.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    proof = forms.CharField(
        label=gettext_lazy("Ancien mot de passe, ou un code de l’ancienne feuille"),
        help_text=gettext_lazy("Si vous n’avez plus ni l’un ni l’autre, laissez vide."),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, back: bool, card: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known = [card]
        if not back:
            del self.fields["proof"]

    def clean_password(self) -> str:
        """As strong as any other."""
        typed: str = self.cleaned_data["password"]
        passwords.refuse_weak(typed, self._known)
        return typed


@policy.everybody(policy.SIGNING_IN)
@never_cache
def card(request: HttpRequest) -> HttpResponse:
    """The code and the birth date; an account that is signed in goes to link its own."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("account_card_link"))
    form = FirstForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["code"], form.cleaned_data["birth_date"]
        found = _terms(request, form, *typed)
        if found is not None:
            _remember(request, found[0])
            return HttpResponseRedirect(reverse("account_card_password"))
    return render(request, "account/card.html", {"form": form})


@policy.everybody(policy.SIGNING_IN)
@never_cache
def password(request: HttpRequest) -> HttpResponse:
    """A password, and one is signed in but for a code of the sheet."""
    now = clock.now()
    code = _remembered(request, now)
    if not code or request.user.is_authenticated:
        return HttpResponseRedirect(reverse("account_card"))
    try:
        terms = desk_codes.again(code, now)
    except desk_codes.CodeUnusable as gone:
        return _start_over(request, gone.sentence)
    form = PasswordForm(request.POST or None, back=terms.back, card=terms.card)
    context = {"form": form, "number": cards.spoken(terms.card), "back": terms.back}
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/card_password.html", context)
    chosen, proof = form.cleaned_data["password"], form.cleaned_data.get("proof", "")
    try:
        if terms.back:
            account = desk_claims.come_back(request, code, terms, chosen, proof, now)
        else:
            account = desk_claims.open_account(request, code, terms, chosen)
    except desk_claims.StillWaiting as waiting:
        return render(request, "account/card_waits.html", {"until": waiting.until})
    except desk_codes.CodeUnusable as gone:
        return _start_over(request, gone.sentence)
    del request.session[_TYPED]
    answer: HttpResponse = perform_login(request, Login(user=account))
    return answer


def _remember(request: HttpRequest, code: str) -> None:
    until = clock.now() + _TYPED_FOR
    request.session[_TYPED] = links.close(f"{code} {int(until.timestamp())}", _TYPED)


def _remembered(request: HttpRequest, now: datetime) -> str:
    """The code that this browser typed a moment ago; empty, and forgotten, once it is too late."""
    word = str(request.session.get(_TYPED, ""))
    code, _blank, until = (links.open_(word, _TYPED) or "").partition(" ")
    if until and int(until) > now.timestamp():
        return code
    request.session.pop(_TYPED, None)
    return ""


@policy.patient(strength=policy.Strength.TWO_FACTORS)
@never_cache
def link(request: HttpRequest) -> HttpResponse:
    """One more house for one's own account; the birth date is the account's."""
    actor = accounts.actor_for(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = Account.objects.get(pk=actor.id)
        known = gate.reveal(actor, Purpose.SELF, [account], ["birth_date"])[account.pk]
        found = _terms(request, form, form.cleaned_data["code"], known["birth_date"])
        if found is not None and _linked(actor, form, *found):
            messages.success(request, _("C’est fait. Vos rendez-vous de ce cabinet sont ici."))
            return HttpResponseRedirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "account/card_link.html", {"form": form})


def _terms(
    request: HttpRequest, form: forms.Form, code: str, birth_date: str
) -> tuple[str, Terms] | None:
    """What the code stands for; None with the form's error where it stands for nothing."""
    try:
        return desk_codes.check(request, code, birth_date, clock.now())
    except desk_codes.CodeUnusable as gone:
        form.add_error(None, ValidationError(gone.sentence))
        return None


def _linked(actor: Actor, form: forms.Form, code: str, terms: Terms) -> bool:
    try:
        desk_claims.link_own(actor, code, terms)
    except desk_codes.CodeUnusable as gone:
        form.add_error(None, ValidationError(gone.sentence))
        return False
    return True


def _start_over(request: HttpRequest, sentence: str) -> HttpResponse:
    request.session.pop(_TYPED, None)
    messages.error(request, sentence)
    return HttpResponseRedirect(reverse("account_card"))

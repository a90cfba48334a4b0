"""The forms of sign-up and sign-in: what is typed is checked here, beside its field, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, ResetPasswordForm, SignupForm
from allauth.account.internal.userkit import filter_users_by_email
from django import forms
from django.core.validators import validate_email
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from serment import clock
from serment.errors import Unusable
from serment.identity import birth_dates, cards, draft, names, passwords, phones, registration
from serment.identity.means import stage

WITHOUT_PASSWORD = "sans_mot_de_passe"  # noqa: S105 -- the name of a button


def _checked(check: Callable[[str], str], text: str) -> str:
    """The value a domain check keeps; its refusal becomes the field's error."""
    try:
        return check(text)
    except Unusable as error:
        raise forms.ValidationError(error.sentence) from error


def _wanted(form: forms.Form, sentences: dict[str, Any]) -> None:
    """What to write, where nothing was written."""
    for name, sentence in sentences.items():
        form.fields[name].error_messages["required"] = sentence


def _plain(form: forms.Form, name: str, label: Any, autocomplete: str, help_text: Any = "") -> None:
    """The library's field in our words: no placeholder, which vanishes once one types."""
    field = form.fields[name]
    field.label, field.help_text = label, help_text
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs["autocomplete"] = autocomplete
    # An address is checked at the border (addresses.py), in our words.
    field.validators = [one for one in field.validators if one is not validate_email]


class SignUpForm(SignupForm):  # type: ignore[misc]
    """A patient's account. Each field says who will be able to open it."""

    account_already_exists: bool
    without_password: bool

    given_name = forms.CharField(
        label=_("Prénom"),
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    family_name = forms.CharField(
        label=_("Nom"),
        help_text=_("Lu par les soignants chez qui vous prenez rendez-vous."),
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    birth_date = forms.CharField(
        label=_("Date de naissance"),
        help_text=_("Par exemple 12/03/1961. Elle distingue deux personnes de même nom."),
        widget=forms.TextInput(attrs={"autocomplete": "bday", "inputmode": "text"}),
    )
    phone = forms.CharField(
        # That it may stay empty stands below: the list of what to mend repeats the label.
        label=_("Téléphone"),
        required=False,
        help_text=_("Facultatif. Pour vous prévenir si un rendez-vous change."),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )

    field_order = ("given_name", "family_name", "birth_date", "email", "phone", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(
            self,
            "email",
            _("Adresse e-mail"),
            "email",
            _("Elle sert à vous connecter et à recevoir vos confirmations."),
        )
        _plain(
            self, "password1", _("Mot de passe"), "new-password", _("Douze caractères au moins.")
        )
        _wanted(
            self,
            {
                "given_name": _("Écrivez votre prénom."),
                "family_name": _("Écrivez votre nom."),
                "birth_date": _("Écrivez votre date de naissance."),
                "email": _("Écrivez votre adresse e-mail."),
                "password1": _("Choisissez un mot de passe de douze caractères au moins."),
            },
        )
        self.without_password = WITHOUT_PASSWORD in self.data
        if self.without_password:
            self.fields["password1"].required = False

    def try_save(self, request: HttpRequest) -> Any:
        """Save, or pretend to; an address typed before but never confirmed starts afresh."""
        draft.keep(request, self.data)
        stage.want_first_key(request, wanted=self.without_password)
        # Asked also where the address has no account: both ways are the same statements.
        forgotten = registration.forget_unconfirmed(self.cleaned_data["email"])
        self.account_already_exists = self.account_already_exists and not forgotten
        if self.account_already_exists:
            get_adapter().save_nobody(request, self)
        return super().try_save(request)

    def clean_given_name(self) -> str:
        """A name as kept in files."""
        return _checked(names.normalise, self.cleaned_data["given_name"])

    def clean_family_name(self) -> str:
        """A name as kept in files."""
        return _checked(names.normalise, self.cleaned_data["family_name"])

    def clean_birth_date(self) -> str:
        """ISO 8601."""
        today = clock.now().date()
        return _checked(
            lambda text: birth_dates.parse(text, today).isoformat(),
            self.cleaned_data["birth_date"],
        )

    def clean_phone(self) -> str:
        """E.164, or nothing."""
        text = self.cleaned_data["phone"]
        return _checked(phones.normalise, text) if text else ""

    def clean_password1(self) -> str:
        """Refused beside the field; what stands in the other fields counts as known."""
        if self.without_password:
            return ""
        password: str = self.cleaned_data["password1"]
        passwords.refuse_weak(password, [str(self.data.get(name, "")) for name in draft.FIELDS])
        return password


class SignInForm(LoginForm):  # type: ignore[misc]
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, "login", _("Adresse e-mail, ou numéro de carte"), "username")
        self.fields["login"].widget.input_type = "text"  # a card's number is no address
        _plain(self, "password", _("Mot de passe"), "current-password")
        _wanted(
            self,
            {
                "login": _("Écrivez votre adresse e-mail, ou le numéro de votre carte."),
                "password": _("Écrivez votre mot de passe."),
            },
        )

    def clean_login(self) -> str:
        """The alias; the library never has the address."""
        typed: str = super().clean_login()
        number = cards.read(typed)
        alias: str = (
            get_adapter().clean_card(number) if number else get_adapter().clean_email(typed)
        )
        return alias


class ForgottenPasswordForm(ResetPasswordForm):  # type: ignore[misc]
    """An address; whether it has an account is told by e-mail only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, "email", _("Adresse e-mail"), "email")

    def clean_email(self) -> str:
        """The alias, and the account it makes visible."""
        alias: str = get_adapter().clean_email(self.cleaned_data["email"])
        self.users = filter_users_by_email(alias, is_active=True, prefer_verified=True)
        return alias

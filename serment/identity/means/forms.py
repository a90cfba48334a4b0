"""The forms of second factors, and of a new password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from allauth.account.forms import ChangePasswordForm
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from serment import clock
from serment.identity.means import proofs, totp
from serment.identity.means.book import Totp
from serment.identity.models import Account

NAME_LETTERS_MAX = 40

_DIGITS = {
    "autocomplete": "one-time-code",
    "autocapitalize": "off",
    "spellcheck": "false",
    "maxlength": "20",
}


class CodeForm(forms.Form):
    """Digits of the application, or a recovery code, in one field: nobody has to know which."""

    code = forms.CharField(
        label=_("Code"),
        help_text=_(
            "Les six chiffres de votre application, ou l’un de vos codes de secours sur papier."
        ),
        error_messages={"required": _("Écrivez le code.")},
        widget=forms.TextInput(attrs=_DIGITS),
    )
    how: str

    def __init__(self, request: HttpRequest, account: UUID, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request, self._account = request, account

    def on_paper(self) -> None:
        """Ask for what an account without an application has: the codes of its sheet."""
        self.fields["code"].help_text = _(
            "Un code de votre liste sur papier, que vous n’avez pas encore rayé."
        )

    def clean_code(self) -> str:
        """Right, and used up."""
        typed: str = self.cleaned_data["code"]
        self.how = proofs.check_code(self._request, self._account, typed)
        return typed


class FirstCodeForm(forms.Form):
    """The first digits of an application that has just learnt its secret."""

    code = forms.CharField(
        label=_("Les six chiffres que l’application affiche"),
        error_messages={"required": _("Écrivez les six chiffres.")},
        widget=forms.TextInput(attrs=_DIGITS | {"inputmode": "numeric"}),
    )

    def __init__(self, learnt: Totp, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._learnt = learnt

    def clean_code(self) -> str:
        """The application has learnt the right secret, and the telephone's clock is right."""
        typed: str = self.cleaned_data["code"]
        if not totp.use(self._learnt, typed, clock.now()):
            raise ValidationError(
                _(
                    "Ces chiffres ne conviennent pas. Attendez les suivants, et vérifiez que le"
                    " téléphone est à l’heure."
                )
            )
        return typed


class PasswordForm(forms.Form):
    """The password once more."""

    password = forms.CharField(
        label=_("Mot de passe"),
        error_messages={"required": _("Écrivez votre mot de passe.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(
        self, account: Account, tried: Callable[[], bool], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._account, self._tried = account, tried

    def clean_password(self) -> str:
        """Right, within a few tries."""
        typed: str = self.cleaned_data["password"]
        if not self._tried():
            raise ValidationError(
                _("Trop d’essais. Attendez quelques minutes avant de recommencer.")
            )
        if not self._account.check_password(typed):
            raise ValidationError(_("Ce mot de passe ne convient pas."))
        return typed


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]
    """The present password and the new one, which is typed once: a button shows it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        present, new = self.fields["oldpassword"], self.fields["password1"]
        present.label, present.help_text = _("Mot de passe actuel"), ""
        new.label, new.help_text = _("Nouveau mot de passe"), _("Douze caractères au moins.")
        present.error_messages["required"] = _("Écrivez votre mot de passe actuel.")
        new.error_messages["required"] = _(
            "Choisissez un mot de passe de douze caractères au moins."
        )
        for field in (present, new):
            field.widget.attrs.pop("placeholder", None)

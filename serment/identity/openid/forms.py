"""The form that makes an account of an identity: what the provider said is shown, not asked.

An address is asked for and confirmed by a code, as of everybody: what the provider says of it only
fills the field.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest

from serment.identity import accounts
from serment.identity.forms import SignUpForm
from serment.identity.models import Account
from serment.identity.openid import arriving, linking
from serment.identity.openid.exchange import Identity

SAID: Final = ("given_name", "family_name", "birth_date")


class OpenidSignUpForm(SignUpForm):
    """Address and telephone; a name or date the provider did not say is asked for too."""

    def __init__(self, *args: Any, who: Identity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._who = who
        self.said = {name: value for name in SAID if (value := getattr(who.person, name))}
        for name in (*self.said, "password1"):
            self.fields.pop(name, None)

    def clean(self) -> dict[str, Any]:
        """What was typed, and what the provider said; no password."""
        cleaned: dict[str, Any] = super().clean()
        return cleaned | self.said | {"password1": None}

    def custom_signup(self, request: HttpRequest, user: Account) -> None:
        """The new account is opened by this identity from its first row on."""
        who, account = self._who, UUID(str(user.pk))
        itself = accounts.acting_for_itself(request, account)
        alias = linking.alias_of(who.issuer, who.subject)
        linking.link(itself, account, alias, who.provider, who.person)
        arriving.vouched(request, user, who)
        super().custom_signup(request, user)

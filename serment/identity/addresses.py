"""E-mail addresses at the border: what a person types, and the alias that libraries see.

Everything behind the border knows ``t-<keyed hash>@sealed.invalid`` only. The key lies with the
keeper, so a list of known addresses tried against a stolen dump matches nothing.
"""

from __future__ import annotations

import secrets
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from serment.disclosure import gate
from serment.errors import Unusable

ALIAS_DOMAIN = "sealed.invalid"
ADDRESS_LETTERS_MAX = 254
NOBODYS: Final = f"personne@{ALIAS_DOMAIN}"
"""What stands sealed for the address of an account that has none."""

_ALIAS_BYTES: Final = 16


class AddressUnusable(Unusable):
    """Cette adresse e-mail est inutilisable."""


def normalise(text: str) -> str:
    """An address as typed → lower case, without blanks. Raises ``AddressUnusable``."""
    address = text.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise AddressUnusable(
            _("Écrivez une adresse e-mail complète, par exemple nom@exemple.fr.")
        ) from error
    if is_alias(address) or len(address) > ADDRESS_LETTERS_MAX or not address.isprintable():
        raise AddressUnusable(_("Cette adresse e-mail ne peut pas recevoir de message."))
    return address


def is_alias(address: str) -> bool:
    """Whether this is the libraries' stand-in and no real address."""
    return address.rpartition("@")[2] == ALIAS_DOMAIN


def alias_of(address: str) -> str:
    """The alias of a normalised address."""
    return gate.alias(address)


def alias_of_nobody() -> str:
    """One that no address has, and that looks like all others."""
    return f"t-{secrets.token_hex(_ALIAS_BYTES)}@{ALIAS_DOMAIN}"

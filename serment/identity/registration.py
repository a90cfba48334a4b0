"""Accounts made without the sign-up pages: staff whom a manager brings in, and demo people.

The pages' own way is the adapter's; both end in the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from allauth.account.models import EmailAddress
from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, Purpose, gate
from serment.errors import Conflict
from serment.identity import addresses, walls
from serment.identity.models import Account

SEALED = ("given_name", "family_name", "birth_date", "phone", "email")


class AddressInUse(Conflict):
    """Cette adresse e-mail a déjà un compte."""


def create(
    actor: Actor,
    email: str,
    values: Mapping[str, str | None],
    *,
    password: str | None = None,
    language: str = "fr",
    purpose: Purpose = Purpose.ADMINISTRATION,
) -> Account:
    """An account whose address is taken as confirmed; without ``password`` nobody signs in yet.

    ``values`` are cleaned ones (``files.cleaned`` knows the forms). Raises ``AddressInUse``, so
    never call it from a page that anybody may reach.
    """
    address = addresses.normalise(email)
    alias = addresses.alias_of(address)
    with walls.looking_for(alias):
        if Account.objects.filter(alias=alias).exists():
            raise AddressInUse(_("Cette adresse e-mail a déjà un compte."))
    account = Account(alias=alias, language=language)
    account.set_password(password)
    sealed = {name: values[name] for name in SEALED if values.get(name)} | {"email": address}
    gate.seal(actor, purpose, account, sealed, subject=account.pk, tenant=None)
    with tenancy.inside(account=account.pk):
        account.save(force_insert=True)
        EmailAddress.objects.create(user_id=account.pk, email=alias, verified=True, primary=True)
    return account


def by_address(email: str) -> UUID | None:
    """The account of an address. Whether there is one is said on no page: never answer by it."""
    alias = addresses.alias_of(addresses.normalise(email))
    with walls.looking_for(alias):
        return Account.objects.filter(alias=alias).values_list("pk", flat=True).first()


def holder_of(email: str) -> UUID | None:
    """The account of an address, if the mailbox ever answered. For a message to it, no page."""
    alias = addresses.alias_of(addresses.normalise(email))
    with walls.looking_for(alias):
        held = EmailAddress.objects.filter(email=alias, verified=True)
        found: UUID | None = held.values_list("user_id", flat=True).first()
        return found


def forget_unconfirmed(alias: str) -> bool:
    """Remove the account of an address nobody ever confirmed; recorded. False when there is none.

    Otherwise whoever typed somebody's address first would keep its owner from ever signing up.
    """
    with walls.looking_for(alias):
        account = Account.objects.filter(alias=alias).first()
        confirmed = EmailAddress.objects.filter(email=alias, verified=True).exists()
    if account is None or confirmed:
        return False
    with tenancy.inside(account=account.pk):
        _remove(account)
    return True


def sweep_unconfirmed(account_id: UUID) -> bool:
    """The same for one account a day after it was made; a confirmed one stays. False: it stays."""
    with tenancy.inside(account=account_id):
        account = Account.objects.filter(pk=account_id).first()
        held = EmailAddress.objects.filter(user_id=account_id)
        if account is None or not held.exists() or held.filter(verified=True).exists():
            return False
        _remove(account)
    return True


def _remove(account: Account) -> None:
    gate.delete(SYSTEM, Purpose.SIGN_IN, account)
    EmailAddress.objects.filter(user_id=account.pk).delete()
    Account.objects.filter(pk=account.pk).delete()

"""Who is at the door: a password checked against the one account its alias makes visible."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.db import connection
from django.http import HttpRequest

from serment import ids
from serment.directory import tenancy
from serment.errors import Unusable
from serment.identity import addresses
from serment.identity.models import Account
from serment.identity.walls import looking_for


class SealedBackend(AuthenticationBackend):  # type: ignore[misc]
    """Sign-in by alias and password. A base class of allauth's, so that its sign-up logs in."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Account | None:
        """The account, or None; an unknown address costs the same time as a wrong password."""
        alias, password = _alias(credentials.get("email")), credentials.get("password")
        if not alias or not password:
            return None
        with looking_for(alias):
            account = Account.objects.filter(alias=alias).first()
        # Checking may renew an old hash, which writes the row: so stand in the account. Nobody's
        # account stands nowhere, by the same statements: no answer is quicker than the other.
        with tenancy.inside(account=account.pk if account else ids.new_id()):
            if account is None:
                Account().set_password(password)
                return None
            right = account.check_password(password)
        return account if right and account.is_active else None

    def get_user(self, user_id: str | UUID) -> Account | None:
        """The account of a session; ``Standing`` already stands there during a request."""
        if connection.in_atomic_block:
            tenancy.stand_in(account=UUID(str(user_id)))
            return self._visible(user_id)
        with tenancy.inside(account=UUID(str(user_id))):
            return self._visible(user_id)

    def _visible(self, user_id: str | UUID) -> Account | None:
        return Account.objects.filter(pk=user_id, is_active=True).first()


def _alias(given: str | None) -> str:
    """Forms give the alias; any other caller may give the address itself."""
    if not given or addresses.is_alias(given):
        return given or ""
    try:
        return addresses.alias_of(addresses.normalise(given))
    except Unusable:
        return ""

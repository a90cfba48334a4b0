"""From the address somebody signs in with to the id that records name; for commands."""

from __future__ import annotations

from uuid import UUID

from serment.directory import tenancy
from serment.disclosure import gate
from serment.identity.models import Account, StaffMember
from serment.identity.walls import looking_for


def actor_id_of(address: str) -> UUID | None:
    """The staff member's id where the account works somewhere, else the account's own; or None."""
    alias = gate.alias(address)
    with looking_for(alias):
        account = Account.objects.filter(alias=alias).first()
    if account is None:
        return None
    with tenancy.inside(account=account.pk):
        member = StaffMember.objects.filter(account_id=account.pk).first()
    return member.pk if member is not None else account.pk

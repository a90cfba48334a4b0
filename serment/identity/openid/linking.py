"""From a provider's subject to an account: found by alias, made by its own act, never by e-mail.

A patient's subject opens one account. A professional's opens the account of a staff member whom an
establishment has under that RPPS: one alias for each establishment, so that whoever works in two
houses has two accounts and chooses.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.directory.models import PractitionerRole
from serment.disclosure import Actor, Purpose, gate
from serment.errors import Conflict
from serment.identity import walls
from serment.identity.models import Account, StaffMember
from serment.identity.openid.claims import Person
from serment.identity.openid.models import OpenidIdentity
from serment.identity.openid.providers import KINDS

SEALED = ("gender", "birth_place", "birth_country")


class LinkedElsewhere(Conflict):
    """Cette identité ouvre déjà un autre compte."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """A house where somebody of that RPPS is a member, and the account they have there."""

    establishment: UUID
    name: str
    account: UUID


def alias_of(issuer: str, subject: str, establishment: UUID | None = None) -> str:
    """The alias of a subject. Digested first: the keeper folds letters, a subject's are exact."""
    parts = ["serment openid", issuer, subject, str(establishment or "")]
    digest = hashlib.sha256("\x00".join(parts).encode()).hexdigest()
    return gate.alias(f"openid {digest}")  # with a blank: never an address's


def account_of(alias: str) -> UUID | None:
    """The account this alias opens, where it is one that may sign in."""
    with walls.looking_for(alias):
        found = OpenidIdentity.objects.filter(alias=alias).values_list("account_id", flat=True)
        account = found.first()
    if account is None:
        return None
    with tenancy.inside(account=account):
        return account if Account.objects.filter(pk=account, is_active=True).exists() else None


def link(actor: Actor, account: UUID, alias: str, provider: str, person: Person) -> None:
    """Let the subject open this account from now on. LinkedElsewhere where it opens another."""
    known = account_of(alias)
    if known == account:
        return
    if known is not None:
        raise LinkedElsewhere(_("Cette identité ouvre déjà un autre compte."))
    identity = OpenidIdentity(alias=alias, provider=provider, account_id=account)
    said = {name: value for name in SEALED if (value := getattr(person, name))}
    if said:
        gate.seal(actor, Purpose.SELF, identity, said, subject=account, tenant=None)
    try:
        with tenancy.inside(account=account), transaction.atomic():
            identity.save(force_insert=True)
    except IntegrityError as error:
        raise LinkedElsewhere(_("Cette identité ouvre déjà un autre compte.")) from error


def links_of(account: UUID) -> list[OpenidIdentity]:
    """What opens this account. Its rows must be visible: stand in the account."""
    return list(OpenidIdentity.objects.filter(account_id=account).order_by("provider", "pk"))


def unlink(actor: Actor, account: UUID, identity: UUID) -> bool:
    """The subject opens the account no more. False: it did not."""
    with tenancy.inside(account=account):
        found = OpenidIdentity.objects.filter(pk=identity, account_id=account).first()
        if found is None:
            return False
        if any(getattr(found, name) is not None for name in SEALED):
            gate.delete(actor, Purpose.SELF, found)
        found.delete()
    return True


def workplaces(rpps: str) -> list[Workplace]:
    """Where a professional of this number is a member of staff with an account, by house's name.

    The number says who somebody is; that they work somewhere is the establishment's word alone.
    """
    if not rpps:
        return []
    roles = PractitionerRole.objects.filter(practitioner__rpps=rpps).values_list(
        "pk", "establishment_id", "establishment__name"
    )
    found: dict[UUID, Workplace] = {}
    for role, establishment, name in roles:
        with tenancy.inside(tenant=establishment):
            account = (
                StaffMember.objects.filter(
                    practitioner_role_id=role, active=True, account__isnull=False
                )
                .values_list("account_id", flat=True)
                .first()
            )
        if account is not None:
            found[account] = Workplace(establishment, name, account)
    return sorted(found.values(), key=lambda one: (one.name, str(one.establishment)))


def names_of(account: UUID) -> tuple[str, ...]:
    """The names of the providers that open this account, each once."""
    linked = {one.provider for one in links_of(account)}
    return tuple(kind.name for kind in KINDS if kind.slug in linked)

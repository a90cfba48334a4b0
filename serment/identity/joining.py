"""How somebody invited comes in: with a password, a key, a provider, or the account they have.

The link is the invitation's only proof, kept in the visitor's own sealed session and named by no
address. It is spent by whoever comes in with it, and nobody comes in, nor has an account, before
one whole way to sign in stands: a password with an application of codes, or a key. An e-mail
address alone links nobody: the link was sent there by a manager who named the person, and Pro Santé
Connect must say the same RPPS number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from serment import clock
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.disclosure import SYSTEM, Actor, Purpose, gate
from serment.errors import Conflict
from serment.identity import accounts, invitations, links, means, registration
from serment.identity.means import codes, keeping
from serment.identity.means.book import Totp
from serment.identity.models import Account, Role, StaffMember
from serment.identity.staff_models import Invitation

_KEPT: Final = "serment.invitation"
_CHOSEN: Final = "serment.invitation_password"


class LinkSpent(Conflict):
    """Ce lien ne sert plus : demandez une nouvelle invitation à votre responsable."""


class RoleAwaited(Conflict):
    """Deux responsables doivent d’abord approuver ce rôle. Gardez ce lien et revenez."""


class WorksElsewhere(Conflict):
    """Ce compte travaille déjà dans un établissement : acceptez avec une autre adresse."""


class HasPatientFiles(Conflict):
    """Ce compte est votre compte de patient : le travail demande un compte à part."""


class OtherNumber(Conflict):
    """Cette invitation n’est pas faite pour le numéro RPPS que le fournisseur annonce."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An invitation as its link shows it: no name, which would have to be opened for a visitor."""

    invitation: UUID
    establishment: UUID
    house: str
    member: UUID
    role: Role
    waits: bool
    """The role still needs its two approvals."""
    account: UUID | None
    """Of somebody who comes back."""
    rpps: str
    """Of the published entry they were invited as; empty where there is none."""
    expires_at: datetime


def keep(request: HttpRequest, word: str) -> None:
    """Remember the link, so that no address carries it any further."""
    request.session[_KEPT] = word


def forget(request: HttpRequest) -> None:
    """The link is spent, or given up."""
    request.session.pop(_KEPT, None)
    request.session.pop(_CHOSEN, None)


def choose(request: HttpRequest, come: Arrival, password: str) -> None:
    """Keep a password until an application goes with it: as its hash, in the sealed session."""
    request.session[_CHOSEN] = [str(come.invitation), make_password(password)]


def chosen(request: HttpRequest, come: Arrival) -> str | None:
    """The hash of the password chosen for this invitation; None before one is."""
    invitation, hashed = request.session.get(_CHOSEN) or ("", "")
    return hashed if invitation == str(come.invitation) else None


def kept(request: HttpRequest) -> Arrival | None:
    """The invitation this browser came with, while it is good."""
    return arrival(str(request.session.get(_KEPT, "")), clock.now())


def arrival(word: str, now: datetime) -> Arrival | None:
    """What a link's word leads to; None where it is spent, replaced, withdrawn or too old."""
    parts = (links.open_(word, invitations.PURPOSE) or "").split(" ")
    if len(parts) != 3:
        return None
    establishment, invitation, secret = UUID(parts[0]), UUID(parts[1]), parts[2]
    with tenancy.inside(tenant=establishment):
        row = (
            Invitation.objects.filter(
                pk=invitation, word_digest=invitations.digest(secret), expires_at__gt=now
            )
            .select_related("member__practitioner_role__practitioner")
            .first()
        )
    if row is None:
        return None
    entry = row.member.practitioner_role
    return Arrival(
        row.pk,
        establishment,
        Establishment.objects.get(pk=establishment).name,
        row.member.pk,
        Role(row.role),
        row.member.role != row.role,
        row.member.account_id,
        entry.practitioner.rpps if entry is not None else "",
        row.expires_at,
    )


def must_be_open(come: Arrival) -> None:
    """Before a way in is made: LinkSpent, RoleAwaited, and ``AddressInUse`` where the address has
    an account, with which one signs in and accepts (``come_as``)."""
    with _joining(come) as row:
        address = "" if row.member.account_id else _opened(row)["email"] or ""
    if address and registration.by_address(address) is not None:
        raise registration.AddressInUse(_("Cette adresse e-mail a déjà un compte."))


def come_by_password(
    request: HttpRequest, come: Arrival, hashed: str, learnt: Totp
) -> tuple[Account, list[str]]:
    """Come in with a password and the application that goes with it; the recovery codes."""
    with _joining(come) as row:
        account = _account(request, row)
        with tenancy.inside(account=account.pk):
            account.password = hashed
            account.save(update_fields=["password"])
        _stand(row, account.pk)
    with keeping.changing(request, account.pk) as book:
        book.totp = learnt
        made = codes.renew(book)
    _enter(request, account)
    return account, made


def come_by_key(request: HttpRequest, come: Arrival, enrol: Callable[[Actor], object]) -> Account:
    """Come in with a first key and no password. The keeper takes the key last: where it refuses,
    nothing has happened and the link is good."""
    with _joining(come) as row:
        account = _account(request, row)
        _stand(row, account.pk)
        with as_member(come) as actor:
            enrol(actor)
    _enter(request, account)
    return account


@contextmanager
def as_member(come: Arrival) -> Iterator[Actor]:
    """Whom the link is for, towards the keeper alone: to make a key before anybody is signed in."""
    here = come.establishment
    capability = gate.open_session("staff", come.member, come.role, here, 1, "invitation")
    try:
        yield Actor("staff", come.member, come.role, here, "invitation", capability=capability)
    finally:
        gate.close_session(capability)


def _enter(request: HttpRequest, account: Account) -> None:
    """Everything stands: the link is spent and they are signed in."""
    forget(request)
    accounts.sign_in(request, account.pk)


def must_be_free(request: HttpRequest, come: Arrival) -> None:
    """May the account that is signed in accept? WorksElsewhere, HasPatientFiles."""
    _must_be_free(accounts.actor_for(request), UUID(str(request.user.pk)), come)


def come_as(request: HttpRequest, come: Arrival) -> None:
    """Accept with the account that is signed in. WorksElsewhere, HasPatientFiles."""
    must_be_free(request, come)
    account = UUID(str(request.user.pk))
    with _joining(come) as row:
        _stand(row, account)
    forget(request)
    accounts.end_session(request)
    user = Account.objects.get(pk=account)
    accounts.begin_session(request, user)


def come_by_number(request: HttpRequest, come: Arrival, rpps: str) -> UUID:
    """The account of a professional whom Pro Santé Connect names by the number invited.

    OtherNumber for any other, and where the invitation is for no published entry.
    """
    if not come.rpps or come.rpps != rpps:
        raise OtherNumber(_("Cette invitation est faite pour un autre numéro RPPS que le vôtre."))
    with _joining(come) as row:
        account = come.account or _account(request, row).pk
        _stand(row, account)
    forget(request)
    return account


@contextmanager
def _joining(come: Arrival) -> Iterator[Invitation]:
    """The invitation, while nobody else takes it."""
    with tenancy.inside(tenant=come.establishment):
        row = (
            Invitation.objects.select_for_update()
            .filter(pk=come.invitation, expires_at__gt=clock.now())
            .first()
        )
        if row is None:
            raise LinkSpent(
                _("Ce lien ne sert plus : demandez une nouvelle invitation à votre responsable.")
            )
        if row.member.role != row.role:
            raise RoleAwaited(
                _("Deux responsables doivent d’abord approuver ce rôle. Gardez ce lien et revenez.")
            )
        yield row


def _account(request: HttpRequest, row: Invitation) -> Account:
    """A new account of the address the manager named; of who comes back, theirs, trusted again."""
    if row.member.account_id is not None:
        return _back(row.member.account_id)
    values = _opened(row)
    return registration.create(
        SYSTEM, values["email"] or "", values,
        language=get_language() or "fr", purpose=Purpose.SELF,
    )  # fmt: skip


def _opened(row: Invitation) -> Mapping[str, str | None]:
    """Name and address, opened by the invitation's own ticket."""
    capability = gate.open_session("patient", row.pk, "", None, hours=1)
    visitor = Actor("patient", row.pk, capability=capability)
    opened = gate.reveal_with_ticket(
        bytes(row.ticket), [row.member], list(invitations.OPENED), Purpose.ADMINISTRATION, visitor
    )
    gate.close_session(capability)
    return {**opened[row.member.pk]}


def _back(account: UUID) -> Account:
    """The account that two colleagues vouched for, without a password until one is chosen."""
    with tenancy.inside(account=account):
        row = Account.objects.select_for_update().get(pk=account)
        row.set_unusable_password()
        row.save(update_fields=["password"])
    means.trust_again(account)
    return row


def _stand(row: Invitation, account: UUID) -> None:
    """From now on this account is the member, and the link is spent."""
    rows = StaffMember.objects.filter(pk=row.member_id)
    rows.update(account=account, active=True, dormant=False, warned=False)
    row.delete()


def _must_be_free(actor: Actor, account: UUID, come: Arrival) -> None:
    """An account works in one house; what is left of a former one is let go of."""
    with tenancy.inside(account=account):
        former = StaffMember.objects.filter(account_id=account).first()
    elsewhere = former if former is not None and former.pk != come.member else None
    if elsewhere and _works(elsewhere):
        raise WorksElsewhere(
            _("Ce compte travaille déjà dans un établissement. Acceptez avec une autre adresse.")
        )
    # Also of somebody who worked elsewhere before and has been a patient since.
    returns = former is not None and elsewhere is None
    if not returns and actor.kind == "patient" and gate.files_of(actor, account):
        raise HasPatientFiles(
            _(
                "Ce compte est votre compte de patient. Le travail demande un"
                " compte à part : refusez, et faites-vous inviter à une autre adresse."
            )
        )
    if elsewhere is not None:
        with tenancy.inside(tenant=elsewhere.establishment_id):
            StaffMember.objects.filter(pk=elsewhere.pk).update(account=None)


def _works(member: StaffMember) -> bool:
    return member.active and (member.ends_at is None or member.ends_at > clock.now())

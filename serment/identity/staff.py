"""Staff members: who works where, and the names shown to those who ask who opened what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Actor, NotYours, Purpose, containment, gate, passkeys
from serment.errors import NotThere, Refused, Unusable
from serment.identity import means, rights
from serment.identity.models import PASSING, Role, StaffMember

NAME_TICKET_DAYS = 3650
"""As long as the log of accesses is kept: a name read there must stay readable."""

_NAME_FIELDS = ("given_name", "family_name")
_REQUEST_ATTRIBUTE = "serment_staff_member"


@dataclass(frozen=True, slots=True)
class DisplayName:
    """A staff member as a patient reads them: name and what they do."""

    name: str
    role: str


class HasLeft(Refused):
    """Cette personne ne travaille plus ici."""


class OwnEnd(Refused):
    """Demandez à quelqu’un d’autre de mettre fin à votre propre accès."""


class EndNeeded(Unusable):
    """Dites jusqu’à quand cette personne est là."""


def member_of(account: UUID) -> StaffMember | None:
    """The staff member an account is at this instant. Stand in the account: its row is walled."""
    still_there = Q(ends_at=None) | Q(ends_at__gt=clock.now())
    return StaffMember.objects.filter(still_there, account_id=account, active=True).first()


def enter(request: HttpRequest, account: UUID) -> None:
    """Look up the staff member of a request and stand in their establishment.

    Looked up at each request: whoever left this morning stands nowhere this minute.
    """
    member = member_of(account)
    setattr(request, _REQUEST_ATTRIBUTE, member)
    if member is not None:
        tenancy.stand_in(tenant=member.establishment_id)


def of_request(request: HttpRequest) -> StaffMember | None:
    """The staff member ``Standing`` found for this request."""
    member: StaffMember | None = getattr(request, _REQUEST_ATTRIBUTE, None)
    return member


def create(
    actor: Actor,
    establishment: UUID,
    role: Role,
    values: dict[str, str | None],
    *,
    account: UUID | None = None,
    practitioner_role: UUID | None = None,
    ends_at: datetime | None = None,
    since: date | None = None,
) -> StaffMember:
    """A new staff member with sealed ``given_name``, ``family_name`` and ``email``.

    Of ``since`` (today where nothing is said) the month is kept. EndNeeded where the role is one
    that passes and no end is named.
    """
    if role in PASSING and ends_at is None:
        raise EndNeeded(_("Dites jusqu’à quand cette personne est là."))
    member = StaffMember(
        establishment_id=establishment,
        role=role,
        account_id=account,
        practitioner_role_id=practitioner_role,
        ends_at=ends_at,
        since=(since or clock.now().date()).replace(day=1),
    )
    gate.seal(
        actor, Purpose.ADMINISTRATION, member, values, subject=member.pk, tenant=establishment
    )
    member.name_ticket = _name_ticket(actor, member.pk)
    with tenancy.inside(tenant=establishment):
        member.save(force_insert=True)
    return member


def of_house(actor: Actor, member_id: UUID) -> StaffMember:
    """A member of the actor's own house, working there or not. NotThere for any other."""
    with tenancy.inside(tenant=actor.establishment):
        member = (
            StaffMember.objects.filter(pk=member_id)
            .select_related("practitioner_role__practitioner")
            .first()
        )
    if member is None:
        raise NotThere
    return member


def end(actor: Actor, member_id: UUID, at: datetime) -> None:
    """From ``at`` the member stands nowhere; at once where that is past or now.

    What their sessions hold at the keeper ends then as well: it was minted no longer than this, or
    is ended there now, with their professional keys and every page they have open. NotThere for
    whoever may not.
    """
    rights.require(actor, rights.Act.MANAGE_STAFF)
    if member_id == actor.id:
        raise OwnEnd(_("Demandez à quelqu’un d’autre de mettre fin à votre propre accès."))
    member, at_once = of_house(actor, member_id), at <= clock.now()
    with tenancy.inside(tenant=actor.establishment):
        StaffMember.objects.filter(pk=member_id).update(ends_at=at, active=not at_once)
    if at_once:
        passkeys.end_staff(actor, member_id)
        _withdraw_what_waits_for(actor, member_id)
        if member.account_id is not None:
            means.end_sessions(member.account_id)


def _withdraw_what_waits_for(actor: Actor, member_id: UUID) -> None:
    """A role or a raised limit of somebody who left is not left lying for two to approve."""
    for grant in containment.grants(actor):
        if grant.target == member_id and grant.used is None and not grant.revoked:
            containment.revoke_grant(actor, grant.digest)


def change_role(
    actor: Actor, member_id: UUID, role: Role, ends_at: datetime | None, signed: str = ""
) -> None:
    """Another role for a colleague, at the keeper first; their sessions end with the former one.

    ``ends_at`` is a passing role's; a departure that was named stays, whatever the next role.
    ``signed``: the actor's passkey over ``passkeys.giving_role``. EndNeeded; AssertionNeeded;
    TwoNeeded where an officer's role is given or taken (``carry_out_role`` once two approved).
    """
    rights.require(actor, rights.Act.MANAGE_STAFF)
    if role in PASSING and ends_at is None:
        raise EndNeeded(_("Dites jusqu’à quand cette personne est là."))
    _still_here(actor, member_id)
    if signed:
        passkeys.finish_act(actor, passkeys.giving_role(member_id, role), signed)
    else:
        passkeys.give_role(actor, member_id, role)
    _write_role(actor, member_id, role, ends_at)


def carry_out_role(actor: Actor, member_id: UUID, role: str) -> None:
    """What two officers approved: the keeper's record of it first, then the house's own row.

    HasLeft where the access ended while the approvals were waited for.
    """
    _still_here(actor, member_id)
    passkeys.give_role(actor, member_id, role)
    _write_role(actor, member_id, Role(role), of_house(actor, member_id).ends_at)


def _still_here(actor: Actor, member_id: UUID) -> None:
    """A role brings nobody back whose last day has come."""
    ends_at = of_house(actor, member_id).ends_at
    if ends_at is not None and ends_at <= clock.now():
        raise HasLeft(_("Cette personne ne travaille plus ici. Pour qu’elle revienne, invitez-la."))


def _write_role(actor: Actor, member_id: UUID, role: Role, ends_at: datetime | None) -> None:
    """The house's own row; pages open in the former role end with it.

    Without a day named, one goes with the passing role it was asked for, and with nothing else.
    """
    former = of_house(actor, member_id)
    if former.account_id is not None:
        means.end_sessions(former.account_id)
    if ends_at is None and (role in PASSING or former.role not in PASSING):
        ends_at = former.ends_at
    with tenancy.inside(tenant=actor.establishment):
        StaffMember.objects.filter(pk=member_id).update(role=role, ends_at=ends_at)


def _name_ticket(actor: Actor, member: UUID) -> bytes:
    """Lets whoever asks "who opened my data" read this name: these two fields, on record."""
    now = clock.now()
    until = now + timedelta(days=NAME_TICKET_DAYS)
    return gate.errand(actor, member, list(_NAME_FIELDS), Purpose.TRANSPARENCY, now, until)


def display_names(actor: Actor, ids: Iterable[UUID]) -> dict[UUID, DisplayName]:
    """Name and role of staff members, for ``actor``'s "who opened my data". Recorded each time.

    A practitioner's name is public and comes from the directory: nothing is opened for it. Any
    other name opens through its own ticket, so a patient needs no right over staff.
    """
    if actor.kind not in ("patient", "staff"):
        raise NotThere
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    with tenancy.inside(records=wanted):
        members = list(
            StaffMember.objects.filter(pk__in=wanted).select_related(
                "practitioner_role__practitioner"
            )
        )
    names = {member.pk: name for member in members if (name := _public_name(member))}
    for member in members:
        if member.pk not in names:
            names[member.pk] = _opened_name(actor, member)
    return {
        member.pk: DisplayName(names[member.pk], str(Role(member.role).label)) for member in members
    }


def _opened_name(actor: Actor, member: StaffMember) -> str:
    """The sealed name, opened by whoever reads it through the member's own ticket; else empty."""
    if not member.name_ticket:
        return ""
    try:
        opened = gate.reveal_with_ticket(
            bytes(member.name_ticket), [member], list(_NAME_FIELDS), Purpose.TRANSPARENCY, actor
        )
    except NotYours:
        return ""  # one name that no longer opens is no reason to refuse all the others
    values = opened.get(member.pk, {})
    return " ".join(part for name in _NAME_FIELDS if (part := values.get(name)))


def _public_name(member: StaffMember) -> str:
    if member.practitioner_role is None:
        return ""
    practitioner = member.practitioner_role.practitioner
    parts = (practitioner.title, practitioner.given_name, practitioner.family_name)
    return " ".join(part for part in parts if part)

"""A colleague lost all they sign in with: two people give the access back, never one alone.

An officer asks, having stopped the lost device; another colleague confirms, who saw or heard the
person. Then all factors and sessions of the account are gone, and a link goes to the address that
the house has of them. Whoever holds one stolen session, or the mailbox, gets nothing by it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure import Actor, passkeys
from serment.disclosure.passkeys import Passkey
from serment.errors import NotThere, Refused
from serment.identity import invitations, means, rights, staff
from serment.identity.models import Role, StaffMember
from serment.identity.staff_models import AccessReturn

WAITS_HOURS: Final = 24
"""For the second person; then it is asked for again."""


class SecondPerson(Refused):
    """Demandez à quelqu’un d’autre de confirmer : il faut deux personnes."""


class AskerLeft(SecondPerson):
    """Qui l’a demandé ne travaille plus ici, ou n’a plus ce rôle."""


class KeysFirst(Refused):
    """Arrêtez d’abord les clés de cette personne : elles ouvrent encore."""


def keys_of(actor: Actor, member: UUID) -> list[Passkey]:
    """The professional keys of a colleague that still sign. The asking is recorded."""
    everybody = passkeys.passkeys(actor, house=True)
    return [one for one in everybody if one.actor == member and one.revoked_at is None]


def stop_key(actor: Actor, member_id: UUID, key: bytes, signed: str = "") -> None:
    """A lost device signs nothing from this second on, and all open pages of its owner end.

    ``signed``: the actor's passkey over ``passkeys.revoking``; AssertionNeeded where it is due.
    """
    rights.require(actor, rights.Act.STOP_DEVICES)
    staff.of_house(actor, member_id)
    if key not in {one.name for one in keys_of(actor, member_id)}:
        raise NotThere
    if signed:
        passkeys.finish_act(actor, passkeys.revoking(key), signed)
    else:
        passkeys.revoke(actor, key)
    stop_sessions(actor, member_id)


def stop_sessions(actor: Actor, member_id: UUID) -> None:
    """Every page a colleague has open ends now; they sign in again with what they still have."""
    rights.require(actor, rights.Act.STOP_DEVICES)
    member = staff.of_house(actor, member_id)
    if member.account_id is not None:
        means.end_sessions(member.account_id)


def ask(actor: Actor, member_id: UUID, now: datetime) -> None:
    """The first of the two. KeysFirst while a key of theirs signs; SecondPerson for oneself."""
    rights.require(actor, rights.Act.STOP_DEVICES)
    member = staff.of_house(actor, member_id)
    if member.account_id is None or not member.active:
        raise NotThere
    if member.pk == actor.id:
        raise SecondPerson(_("Demandez à quelqu’un d’autre de confirmer : il faut deux personnes."))
    if keys_of(actor, member.pk):
        raise KeysFirst(_("Arrêtez d’abord les clés de cette personne : elles ouvrent encore."))
    until = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=WAITS_HOURS + 1)
    with tenancy.inside(tenant=actor.establishment):
        AccessReturn.objects.filter(member=member).delete()
        AccessReturn.objects.create(
            establishment_id=member.establishment_id, member=member, asked_by_id=actor.id,
            expires_at=until,
        )  # fmt: skip


def waiting(actor: Actor, now: datetime) -> list[AccessReturn]:
    """What still wants a second person here, the actor's own asking among it."""
    with tenancy.inside(tenant=actor.establishment):
        found = AccessReturn.objects.filter(expires_at__gt=now)
        rows = found.select_related("member", "asked_by").order_by("expires_at", "pk")
        return [one for one in rows if _asker_stands(one, now)]


def _asker_stands(asked: AccessReturn, now: datetime) -> bool:
    """Does the first of the two still work here, in a role that may ask? Else one decides alone."""
    first: StaffMember = asked.asked_by
    here = first.active and (first.ends_at is None or first.ends_at > now)
    return here and rights.Act.STOP_DEVICES in rights.ACTS_OF[Role(first.role)]


def may_confirm(actor: Actor, asked: AccessReturn) -> bool:
    """Somebody else than the one who asked and the one concerned; for an officer, an officer."""
    if not rights.may(actor, rights.Act.GIVE_BACK):
        return False
    concerns_officer = Role(asked.member.role) in rights.OFFICERS
    may = not concerns_officer or Role(actor.role) in rights.OFFICERS
    return may and actor.id not in (asked.asked_by_id, asked.member_id)


def has_second(actor: Actor, member: StaffMember, now: datetime) -> bool:
    """Works somebody here who could be the second, when the actor asks for this member?

    For oneself: two others, of whom one asks.
    """
    with tenancy.inside(tenant=actor.establishment):
        there = StaffMember.objects.filter(active=True, account__isnull=False)
        others = there.exclude(ends_at__lte=now).exclude(pk__in=(actor.id, member.pk))
        roles = [Role(one) for one in others.values_list("role", flat=True)]
    confirming = [one for one in roles if rights.Act.GIVE_BACK in rights.ACTS_OF[one]]
    if Role(member.role) in rights.OFFICERS:
        confirming = [one for one in confirming if one in rights.OFFICERS]
    if member.pk != actor.id:
        return bool(confirming)
    asking = [one for one in roles if rights.Act.STOP_DEVICES in rights.ACTS_OF[one]]
    return bool(asking) and len(confirming) > 1


def confirm(actor: Actor, asked_id: UUID, now: datetime) -> None:
    """The second of the two: what was lost counts no more, and the link goes out."""
    asked = _waiting(actor, asked_id, now)
    if not may_confirm(actor, asked):
        raise SecondPerson(_("Demandez à quelqu’un d’autre de confirmer : il faut deux personnes."))
    if not _asker_stands(asked, now):
        raise AskerLeft(
            _("Qui l’a demandé ne travaille plus ici, ou n’a plus ce rôle. Redemandez-le.")
        )
    member: StaffMember = asked.member
    if member.account_id is None:
        raise NotThere
    with tenancy.inside(tenant=actor.establishment):
        asked.delete()
    means.forget_all(member.account_id)
    invitations.returning(actor, member, now)


def refuse(actor: Actor, asked_id: UUID, now: datetime) -> None:
    """It was not them, or a mistake: nothing changes."""
    asked = _waiting(actor, asked_id, now)
    if not rights.may(actor, rights.Act.GIVE_BACK):
        raise NotThere
    with tenancy.inside(tenant=actor.establishment):
        asked.delete()


def _waiting(actor: Actor, asked_id: UUID, now: datetime) -> AccessReturn:
    with tenancy.inside(tenant=actor.establishment):
        found = (
            AccessReturn.objects.filter(pk=asked_id, expires_at__gt=now)
            .select_related("member", "asked_by")
            .first()
        )
    if found is None:
        raise NotThere
    return found

"""Who is asked to join a team, and the one link that lets them in (``joining`` takes it).

The person's row stands from the first minute, sealed like a colleague's and inactive, so that two
officers can approve a role for it. The link is good once, for a week; a new one ends the old one.
Who may: a manager, of the own house; NotThere for everybody else. Errors of the gate as ever.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from serment import ids
from serment.directory import tenancy
from serment.directory.models import Establishment, PractitionerRole
from serment.disclosure import Actor, NotYours, Purpose, containment, gate
from serment.errors import NotThere, SermentError
from serment.identity import addresses, links, names, rights, staff
from serment.identity.files import ValuesUnusable
from serment.identity.models import PASSING, Role, StaffMember
from serment.identity.staff_models import Invitation, RightsReview
from serment.outbox import envelopes
from serment.outbox.rendering import Letter

LINK_DAYS: Final = 7
OFFICER_DAYS: Final = 14
"""Two approvals, or the 72 hours of a practice of one, come before an officer can enter."""

PURPOSE: Final = "invitation"
OPENED: Final = ("given_name", "family_name", "email")
_SECRET_BYTES: Final = 24
_ZONE: Final = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody as a manager asks for them, cleaned."""

    given_name: str
    family_name: str
    email: str
    role: Role
    ends_at: datetime | None = None
    practitioner_role: UUID | None = None


def wanted(typed: Mapping[str, str], now: datetime) -> Wanted:
    """What was typed: given_name, family_name, email, role, until, entry. ``ValuesUnusable``."""
    errors: dict[str, str] = {}
    kept: dict[str, str] = {}
    for name, check in (
        ("given_name", names.normalise),
        ("family_name", names.normalise),
        ("email", addresses.normalise),
    ):
        try:
            kept[name] = check(typed.get(name, ""))
        except SermentError as error:
            errors[name] = error.sentence
    role = typed.get("role", "")
    if role not in Role.values:
        errors["role"] = _("Choisissez ce que cette personne fera ici.")
    ends_at = None
    try:
        ends_at = last_minute(typed.get("until", ""), role, now)
    except staff.EndNeeded as error:
        errors["until"] = error.sentence
    if errors:
        raise ValuesUnusable(errors)
    entry = typed.get("entry", "")
    practises = role in (Role.PRACTITIONER, Role.SUBSTITUTE) and entry
    return Wanted(**kept, role=Role(role), ends_at=ends_at,
                  practitioner_role=UUID(entry) if practises else None)  # fmt: skip


def last_minute(day: str, role: str, now: datetime) -> datetime | None:
    """The end of a last day, of a role that passes; None of any other. ``EndNeeded``."""
    if role not in PASSING:
        return None
    try:
        last = datetime.combine(datetime.fromisoformat(day).date(), time(23, 59), _ZONE)
    except ValueError as error:
        raise staff.EndNeeded(_("Dites jusqu’à quand cette personne est là.")) from error
    if not now < last < now + timedelta(days=3 * 366):
        raise staff.EndNeeded(_("Choisissez un jour à venir, dans les trois ans."))
    return last


def entries(establishment: UUID) -> list[PractitionerRole]:
    """Published entries of the house that no colleague has: whom an invitation may name."""
    with tenancy.inside(tenant=establishment):
        taken = StaffMember.objects.filter(
            practitioner_role__isnull=False, active=True, account__isnull=False
        ).values_list("practitioner_role_id", flat=True)
        found = PractitionerRole.objects.filter(establishment_id=establishment, active=True)
        return list(found.exclude(pk__in=list(taken)).select_related("practitioner", "profession"))


def invite(actor: Actor, who: Wanted, now: datetime) -> Invitation:
    """Make the person's row and send the link; an officer's role goes to two approvals first."""
    rights.require(actor, rights.Act.MANAGE_STAFF)
    here = _house(actor)
    if who.practitioner_role not in (None, *(one.pk for one in entries(here))):
        raise NotThere
    waits = who.role in rights.DECIDING
    # Until two approve, the row holds a role that nothing is given by: it is inactive.
    role = Role.SECRETARY if waits else who.role
    values: dict[str, str | None] = {name: getattr(who, name) for name in OPENED}
    with tenancy.inside(tenant=here):
        member = staff.create(
            actor, here, role, values, ends_at=who.ends_at, since=now.date(),
            practitioner_role=who.practitioner_role,
        )  # fmt: skip
        StaffMember.objects.filter(pk=member.pk).update(active=False)
        invitation = Invitation(establishment_id=here, member=member, role=who.role)
        word = _renew(actor, invitation, now)
        invitation.save(force_insert=True)
    if waits:
        until = now + timedelta(days=LINK_DAYS)
        containment.propose_role(actor, member.pk, who.role, not_after=until)
    send(who.email, invitation, word, now)
    return invitation


def again(actor: Actor, invitation_id: UUID, now: datetime) -> None:
    """Send a new link to the same address; the former one opens nothing from now on."""
    rights.require(actor, rights.Act.MANAGE_STAFF)
    invitation = _own(actor, invitation_id)
    renewed(actor, invitation, now)


def renewed(actor: Actor, invitation: Invitation, now: datetime) -> None:
    """``again`` for whoever was let to it already: the address opens, on record."""
    with tenancy.inside(tenant=_house(actor)):
        word = _renew(actor, invitation, now)
        invitation.save()
    opened = gate.reveal(actor, Purpose.ADMINISTRATION, [invitation.member], ["email"])
    send(opened[invitation.member.pk]["email"], invitation, word, now)


def withdraw(actor: Actor, invitation_id: UUID) -> None:
    """The link opens nothing from now on. Of whoever never came nothing is left."""
    rights.require(actor, rights.Act.MANAGE_STAFF)
    invitation = _own(actor, invitation_id)
    member = invitation.member
    with tenancy.inside(tenant=_house(actor)):
        invitation.delete()
        # Whoever signed a review was here, though their account is gone since.
        came = RightsReview.objects.filter(reviewer=member).exists()
        if came or member.account_id is not None:
            return
        _forget_grants(actor, member.pk)
        gate.delete(actor, Purpose.ADMINISTRATION, member)
        member.delete()


def of_house(actor: Actor) -> list[Invitation]:
    """Everybody invited who has not come, or not come back; the next to expire first."""
    with tenancy.inside(tenant=_house(actor)):
        return list(Invitation.objects.select_related("member").order_by("expires_at", "pk"))


def returning(actor: Actor, member: StaffMember, now: datetime) -> None:
    """The link by which a colleague comes back who lost all they signed in with."""
    here = _house(actor)
    with tenancy.inside(tenant=here):
        Invitation.objects.filter(member=member).delete()
        invitation = Invitation(establishment_id=here, member=member, role=member.role)
    renewed(actor, invitation, now)


def for_operator(establishment: UUID, member: StaffMember, now: datetime) -> str:
    """The address of the link, for the shell: a house's first manager has nobody to invite them."""
    capability = gate.open_session("staff", member.pk, member.role, establishment, 1, "command")
    itself = Actor("staff", member.pk, member.role, establishment, "command", "command", capability)
    with tenancy.inside(tenant=establishment):
        Invitation.objects.filter(member=member).delete()
        invitation = Invitation(establishment_id=establishment, member=member, role=member.role)
        word = _renew(itself, invitation, now)
        invitation.save()
    gate.close_session(capability)
    return address_of(word)


def send(address: str, invitation: Invitation, word: str, now: datetime) -> None:
    """The message, sealed in the outbox: it is nobody's until somebody takes the link."""
    house = Establishment.objects.get(pk=invitation.establishment_id).name
    context = {
        "house": house,
        "role": Role(invitation.role).label,
        "link": address_of(word),
        "until": invitation.expires_at.astimezone(_ZONE),
        "back": invitation.member.account_id is not None,
    }
    subject = render_to_string("team/invitation_subject.txt", context)
    body = render_to_string("team/invitation_message.txt", context).strip()
    nobody = ids.new_id()
    capability = gate.open_session("patient", nobody, "", None, hours=1)
    sender = Actor("patient", nobody, capability=capability)
    envelopes.put(sender, address, Letter(" ".join(subject.split()), body + "\n"), now)
    gate.close_session(capability)


def address_of(word: str) -> str:
    """Where the link leads, as the operator set this site's address."""
    return settings.PUBLIC_URL + reverse("account_invitation_link", kwargs={"word": word})


def digest(word: str) -> bytes:
    """What the row keeps of a link's secret. 192 random bits need no slow hash."""
    return hashlib.sha256(b"serment invitation\x00" + word.encode()).digest()


def _renew(actor: Actor, invitation: Invitation, now: datetime) -> str:
    """A new secret, a new ticket for it, and a new end; the word of the link."""
    days = OFFICER_DAYS if invitation.role in rights.DECIDING else LINK_DAYS
    whole_hour = now.replace(minute=0, second=0, microsecond=0)
    invitation.expires_at = whole_hour + timedelta(days=days, hours=1)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    invitation.word_digest = digest(secret)
    invitation.ticket = gate.errand(
        actor, invitation.member.pk, list(OPENED), Purpose.ADMINISTRATION,
        now - timedelta(minutes=5), invitation.expires_at,
    )  # fmt: skip
    carried = f"{invitation.establishment_id.hex} {invitation.pk.hex} {secret}"
    return links.close(carried, PURPOSE)


def _own(actor: Actor, invitation_id: UUID) -> Invitation:
    with tenancy.inside(tenant=_house(actor)):
        found = Invitation.objects.filter(pk=invitation_id).select_related("member").first()
    if found is None:
        raise NotThere
    return found


def _forget_grants(actor: Actor, member: UUID) -> None:
    """An officer's role that was proposed for somebody who is not coming."""
    for grant in containment.grants(actor):
        if grant.target == member and not grant.revoked:
            try:
                containment.revoke_grant(actor, grant.digest)
            except NotYours:
                continue  # used up, or over: it allows nothing any more


def _house(actor: Actor) -> UUID:
    if actor.establishment is None:
        raise NotThere
    return actor.establishment

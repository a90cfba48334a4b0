"""A member of the team as these pages show them: names opened on record, words for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from serment import clock
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.disclosure import Actor, containment, passkeys
from serment.disclosure.containment import GrantState
from serment.disclosure.passkeys import Passkey
from serment.identity import dormant, returns, staff
from serment.identity.models import Role, StaffMember
from serment.identity.rights import OFFICERS, Act, may
from serment.identity.staff_models import Invitation
from serment.identity.staff_passkeys import is_hastened_by_nobody
from serment.web import wording

ZONE: Final = ZoneInfo("Europe/Paris")
_MONTH_DAYS: Final = 28


@dataclass(frozen=True, slots=True)
class Colleague:
    """One line of the team's page."""

    member: StaffMember
    name: str
    role: str
    since: str
    until: str
    seen: str
    keys: str
    keys_good: bool
    to_confirm: bool
    """Has a key that whoever reads may say is this person's."""
    sleeps: str
    is_me: bool
    wanted_role: str
    """Of an officer's role that still wants approvals."""

    @property
    def id(self) -> UUID:
        """The member's id, for addresses."""
        return self.member.pk


def team(actor: Actor, now: datetime) -> list[Colleague]:
    """Everybody who works here now, officers first, then by name."""
    with tenancy.inside(tenant=actor.establishment):
        invited = Invitation.objects.values_list("member_id", flat=True)
        members = list(
            StaffMember.objects.filter(active=True)
            .exclude(ends_at__lte=now)
            .exclude(pk__in=invited, account=None)
            .select_related("practitioner_role__practitioner")
        )
    told = colleagues(actor, members, now)
    return sorted(told, key=lambda one: (one.member.role not in OFFICERS, one.name, str(one.id)))


def asleep(actor: Actor, now: datetime) -> list[Colleague]:
    """Those whose access closed because nobody used it."""
    with tenancy.inside(tenant=actor.establishment):
        members = StaffMember.objects.filter(dormant=True).select_related(
            "practitioner_role__practitioner"
        )
        found = list(members)
    return colleagues(actor, found, now)


def colleagues(actor: Actor, members: Sequence[StaffMember], now: datetime) -> list[Colleague]:
    """Names, and what can be said of each. The asking is recorded."""
    names = staff.display_names(actor, [one.pk for one in members])
    keys = _by_member(passkeys.passkeys(actor, house=True)) if members else {}
    vouches = any(one.settled for one in keys.get(actor.id, []) if one.revoked_at is None)
    wanted = {one.target: one for one in role_grants(actor)}
    return [
        _told(actor, one, names.get(one.pk), keys.get(one.pk, []), wanted.get(one.pk), now, vouches)
        for one in members
    ]


def role_grants(actor: Actor) -> list[GrantState]:
    """Officers' roles proposed here that are not used, revoked or over. Officers only see them."""
    if not may(actor, Act.SEE_STAFF):
        return []
    return [
        one
        for one in containment.grants(actor)
        if one.kind == "role" and not one.revoked and one.used is None
    ]


def name_of(actor: Actor, member: StaffMember) -> str:
    """One name, opened on record; what can be said where it does not open."""
    known = staff.display_names(actor, [member.pk]).get(member.pk)
    return known.name if known and known.name else _("Un membre de l’équipe")


def names_of(actor: Actor, members: Iterable[StaffMember]) -> dict[UUID, str]:
    """The same for several."""
    known = staff.display_names(actor, [one.pk for one in members])
    return {pk: one.name if one.name else _("Un membre de l’équipe") for pk, one in known.items()}


def lone(actor: Actor, member: StaffMember, now: datetime) -> dict[str, object]:
    """Whether nobody here could give this person's access back, and how the operator names us."""
    if returns.has_second(actor, member, now):
        return {"alone": False}
    here = Establishment.objects.get(pk=member.establishment_id)
    return {"alone": True, "slug": here.slug}


def day(instant: datetime) -> str:
    """The day of an instant, with its year where that is another."""
    on = instant.astimezone(ZONE).date()
    return wording.day(on, year=on.year != clock.now().astimezone(ZONE).year)


def date_of(on: date) -> str:
    """ "16 octobre 2025": for tables, where a weekday says nothing."""
    first = on.day == 1 and not (get_language() or "fr").startswith("en")
    return f"{'1er' if first else on.day} {month(on)}"


def month(on: date | None) -> str:
    """ "mars 2026"; nothing where nobody knows."""
    return "" if on is None else f"{MONTHS[on.month]} {on.year}"


def _told(
    actor: Actor, member: StaffMember, name: staff.DisplayName | None, keys: list[Passkey],
    wanted: GrantState | None, now: datetime, vouches: bool,
) -> Colleague:  # fmt: skip
    live = [one for one in keys if one.revoked_at is None]
    new = [one for one in live if not one.settled]
    good = any(one.settled for one in live)
    sleeps = dormant.sleeps_on(member) if member.warned else None
    return Colleague(
        member=member,
        name=name.name if name and name.name else _("Un membre de l’équipe"),
        role=str(Role(member.role).label),
        since=month(member.since),
        until=day(member.ends_at) if member.ends_at else "",
        seen=_seen(member, now),
        keys=_keys(member, live, stopped=len(live) < len(keys)),
        keys_good=good,
        to_confirm=vouches
        and not good
        and member.pk != actor.id
        and any(not is_hastened_by_nobody(one) for one in new),
        sleeps=wording.day(sleeps) if sleeps else "",
        is_me=member.pk == actor.id,
        wanted_role=str(Role(wanted.role).label) if wanted and wanted.role in Role.values else "",
    )


def _seen(member: StaffMember, now: datetime) -> str:
    """When last signed in, in coarse words: more exact is nobody's business."""
    if member.account_id is None:
        return _("n’a pas d’accès")
    if member.seen_week is None:
        return _("pas encore venu")
    weeks = (dormant.week_of(now) - member.seen_week).days // 7
    if weeks <= 0:
        return _("cette semaine")
    if weeks * 7 < _MONTH_DAYS:
        return ngettext("il y a %(n)s semaine", "il y a %(n)s semaines", weeks) % {"n": weeks}
    months = max(1, weeks * 7 // 30)
    return ngettext("il y a %(n)s mois", "il y a %(n)s mois", months) % {"n": months}


def _keys(member: StaffMember, live: list[Passkey], *, stopped: bool) -> str:
    """What is known of somebody's professional keys. How else they sign in is theirs alone: it lies
    sealed in their own account, and is not said here."""
    if member.account_id is None:
        return ""
    if any(one.settled for one in live):
        return _("clé vérifiée")
    if live:
        first = min(one.settles_at for one in live)
        return _("nouvelle clé : compte à partir du %(when)s") % {
            "when": wording.moment(first, ZONE)
        }
    if stopped:
        return _("clés arrêtées, aucune autre")
    return _("sans clé professionnelle")


def _by_member(keys: Iterable[Passkey]) -> dict[UUID, list[Passkey]]:
    """Everybody's, those that were stopped too."""
    found: dict[UUID, list[Passkey]] = {}
    for one in keys:
        found.setdefault(one.actor, []).append(one)
    return found
